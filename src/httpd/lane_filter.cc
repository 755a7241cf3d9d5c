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

template <class Names>
bool all_in(const ap_filter_t* f, const Names& harmless) noexcept {
    for (; f != nullptr; f = f->next) {
        const std::string_view name = f->frec->name;
        if (std::find(std::begin(harmless), std::end(harmless), name) == std::end(harmless)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool has_harmless_filters(const request_rec* r) noexcept {
    return all_in(r->input_filters, kHarmlessInput) && all_in(r->output_filters, kHarmlessOutput);
}

}  // namespace bayeux::httpd
