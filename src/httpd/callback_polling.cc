// callback-polling: a page of any origin loads the response as a script.
#include <optional>
#include <string_view>

#include <httpd.h>

#include <apr_escape.h>

#include "httpd/origin.hpp"
#include "httpd/polling.hpp"
#include "httpd/reply.hpp"
#include "protocol/jsonp.hpp"

namespace bayeux::httpd {
namespace {

// The value of the first parameter of that name, as it is written.
std::optional<std::string_view> parameter(const request_rec* r, std::string_view name) noexcept {
    std::string_view rest = r->args != nullptr ? r->args : "";
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) == name) {
            return equals == std::string_view::npos ? "" : pair.substr(equals + 1);
        }
    }
    return std::nullopt;
}

// nullptr if it is no name that may be written into a script (JP-2).
const char* callback_of(request_rec* r) noexcept {
    const std::string_view encoded = parameter(r, "jsonp").value_or(protocol::kDefaultCallback);
    const char* name = apr_pstrmemdup(r->pool, encoded.data(), encoded.size());
    if (encoded.find('%') != std::string_view::npos) {
        name = apr_punescape_url(r->pool, name, nullptr, nullptr, 0);
    }
    return name != nullptr && protocol::is_callback_name(name) ? name : nullptr;
}

}  // namespace

bool is_callback_request(const request_rec* r) noexcept {
    return parameter(r, "message").has_value() || parameter(r, "jsonp").has_value();
}

int serve_callback_polling(request_rec* r, const DirConfig& config, Origin /*origin*/) {
    const Origin origin = judge_script_origin(r, config);
    // A page that hides where it is from does not get the login that the browser has here.
    const bool hidden = origin == Origin::kNone && r->user != nullptr;
    if (origin == Origin::kForeign || hidden || lends_credentials(r, origin)) {
        return refuse_origin(r);
    }
    const char* callback = callback_of(r);
    if (callback == nullptr) {
        return write_refusal(r, {HTTP_BAD_REQUEST, "the callback has no valid name"});
    }
    return serve_polling(r, config,
                         {broker::Transport::kCallbackPolling, callback, read_query_messages});
}

}  // namespace bayeux::httpd
