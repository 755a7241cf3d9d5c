#include "httpd/lane_filter.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <httpd.h>

#include <apr_buckets.h>
#include <util_filter.h>

#include "httpd/boundary.hpp"
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

apr_status_t see_reply(ap_filter_t* f, apr_bucket_brigade* bb) noexcept {
    auto& lane = *static_cast<Lane*>(f->ctx);
    if (lane.watches()) {
        guard("reply head", [&] {
            for (apr_bucket* b = APR_BRIGADE_FIRST(bb);
                 b != APR_BRIGADE_SENTINEL(bb) && lane.watches(); b = APR_BUCKET_NEXT(b)) {
                const char* data = nullptr;
                apr_size_t length = 0;
                if (!APR_BUCKET_IS_METADATA(b) &&
                    apr_bucket_read(b, &data, &length, APR_BLOCK_READ) == APR_SUCCESS) {
                    lane.see_output({data, length});
                }
            }
        });
    }
    return ap_pass_brigade(f->next, bb);
}

ap_filter_rec_t* registered = nullptr;

}  // namespace

bool has_harmless_filters(const request_rec* r) noexcept {
    return all_in(r->input_filters, kHarmlessInput) && all_in(r->output_filters, kHarmlessOutput);
}

void watch_replies(conn_rec* c, Lane& lane) {
    ap_add_output_filter_handle(registered, &lane, nullptr, c);
}

void register_lane_filter() noexcept {
    registered = ap_register_output_filter("BAYEUX_REPLY", see_reply, nullptr, AP_FTYPE_CONNECTION);
}

}  // namespace bayeux::httpd
