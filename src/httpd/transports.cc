#include "httpd/transports.hpp"

#include <algorithm>
#include <iterator>

#include <httpd.h>

#include "httpd/adoption_workers.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kAll[] = {kWebSocketName, kLongPollingName, kEventSourceName,
                                kCallbackPollingName, kCrossOriginName};
constexpr const char* kDefault[] = {kWebSocketName, kLongPollingName, kEventSourceName};

Words listed(const DirConfig& config) noexcept {
    return config.transports.or_else({kDefault, std::size(kDefault)});
}

// A client would ask for a stream the same way that this request has come.
bool can_stream(const request_rec* r, std::string_view name) noexcept {
    if (name != kWebSocketName && name != kEventSourceName) {
        return true;
    }
    // A browser that uses HTTP/2 opens its WebSockets over HTTP/1.1 all the same, but event sources
    // come over HTTP/2.
    return mpm_can_suspend() && r->main == nullptr && r->prev == nullptr &&
           (r->connection->master == nullptr || name == kWebSocketName);
}

}  // namespace

bool is_transport(std::string_view name) noexcept {
    return std::any_of(std::begin(kAll), std::end(kAll),
                       [&](const char* known) { return name == known; });
}

bool offers(const DirConfig& config, std::string_view name) noexcept {
    const Words words = listed(config);
    return std::any_of(words.first, words.first + words.count,
                       [&](const char* word) { return name == word; });
}

std::vector<std::string> transports_for(request_rec* r, const DirConfig& config) {
    const Words words = listed(config);
    std::vector<std::string> offered;
    offered.reserve(words.count);
    std::copy_if(words.first, words.first + words.count, std::back_inserter(offered),
                 [&](const char* word) { return can_stream(r, word); });
    return offered;
}

bool takes_get(const DirConfig& config) noexcept {
    return offers(config, kWebSocketName) || offers(config, kEventSourceName) ||
           offers(config, kCallbackPollingName);
}

bool takes_post(const DirConfig& config) noexcept {
    return offers(config, kLongPollingName) || offers(config, kCrossOriginName) ||
           offers(config, kEventSourceName);
}

const char* methods_of(const DirConfig& config) noexcept {
    if (!takes_get(config)) {
        return "POST, OPTIONS";
    }
    return takes_post(config) ? "GET, POST, OPTIONS" : "GET, OPTIONS";
}

}  // namespace bayeux::httpd
