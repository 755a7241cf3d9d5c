// Which filters the fast lane may pass by.
#include <algorithm>
#include <iterator>
#include <string_view>

#include <httpd.h>

#include <util_filter.h>

#include "httpd/lane.hpp"

namespace bayeux::httpd {
namespace {

// Any other may want to see every request, or every response.
constexpr std::string_view kHarmlessInput[] = {"http_in",    "bayeux_ahead",     "ssl/tls filter",
                                               "reqtimeout", "log_input_output", "core_in"};
constexpr std::string_view kHarmlessOutput[] = {"byterange",        "content_length",
                                                "http_header",      "http_outerror",
                                                "bayeux_reply",     "ssl/tls coalescing filter",
                                                "ssl/tls filter",   "reqtimeout",
                                                "log_input_output", "core"};

// What AddOutputFilterByType puts in place to compress. When the head of a response comes it
// leaves, if the type is none of its own or the request's head does not ask for it. All requests of
// a lane have the same head, and all its responses the same type.
constexpr std::string_view kByType[] = {"BYTYPE:DEFLATE", "BYTYPE:BROTLI_COMPRESS"};

bool is_by_type(const ap_filter_t* f) noexcept {
    return std::find(std::begin(kByType), std::end(kByType), f->frec->name) != std::end(kByType);
}

template <class Names>
bool all_in(const ap_filter_t* f, const Names& harmless) noexcept {
    for (; f != nullptr; f = f->next) {
        const std::string_view name = f->frec->name;
        if (!is_by_type(f) &&
            std::find(std::begin(harmless), std::end(harmless), name) == std::end(harmless)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool has_harmless_filters(const request_rec* r) noexcept {
    return all_in(r->input_filters, kHarmlessInput) && all_in(r->output_filters, kHarmlessOutput);
}

bool has_filter_by_type(const request_rec* r) noexcept {
    for (const ap_filter_t* f = r->output_filters; f != nullptr; f = f->next) {
        if (is_by_type(f)) {
            return true;
        }
    }
    return false;
}

}  // namespace bayeux::httpd
