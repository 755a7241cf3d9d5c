#include "httpd/origin.hpp"

#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

// RFC 6454: an origin is scheme, host and port. In lower case, the port always there.
std::optional<std::string> normal_origin(std::string_view text) {
    std::string origin;
    for (const char c : text) {
        if (std::isgraph(static_cast<unsigned char>(c)) == 0) {
            return std::nullopt;
        }
        origin += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const std::size_t scheme = origin.find("://");
    if (scheme == std::string::npos) {
        return std::nullopt;  // `null`, for one
    }
    const std::size_t host = scheme + 3;
    if (host == origin.size() || origin.find_first_of("/?#@", host) != std::string::npos) {
        return std::nullopt;
    }
    const std::size_t bracket = origin.find(']', host);  // of an IPv6 address
    const std::size_t colon = origin.find(':', bracket == std::string::npos ? host : bracket);
    if (colon == std::string::npos) {
        origin += origin.compare(0, scheme, "https") == 0 ? ":443" : ":80";
    }
    return origin;
}

std::optional<std::string> own_origin(request_rec* r) {
    const char* host = apr_table_get(r->headers_in, "Host");
    if (host == nullptr) {
        return std::nullopt;
    }
    return normal_origin(std::string(ap_http_scheme(r)) + "://" + host);
}

// The page's origin, as its Referer says; what has none stays as it is, and is no origin.
std::string origin_of_page(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t end =
        scheme == std::string_view::npos ? scheme : url.find_first_of("/?#", scheme + 3);
    return std::string(url.substr(0, end));
}

Origin judge(request_rec* r, const DirConfig& config, std::string_view header) {
    static constexpr const char* kSelfOnly[] = {"self"};
    const Words allowed = config.origins.or_else({kSelfOnly, 1});
    const auto origin = normal_origin(header);
    for (std::uint32_t i = 0; i < allowed.count; ++i) {
        const std::string_view word = allowed.first[i];
        if (word == "*") {
            return origin && origin == own_origin(r) ? Origin::kSelf : Origin::kAny;
        }
        if (!origin) {
            continue;
        }
        if (word == "self") {
            if (origin == own_origin(r)) {
                return Origin::kSelf;
            }
        } else if (origin == normal_origin(word)) {
            return Origin::kAllowed;
        }
    }
    return Origin::kForeign;
}

}  // namespace

Origin judge_origin(request_rec* r, const DirConfig& config) {
    const char* header = apr_table_get(r->headers_in, "Origin");
    return header != nullptr ? judge(r, config, header) : Origin::kNone;
}

Origin judge_script_origin(request_rec* r, const DirConfig& config) {
    if (apr_table_get(r->headers_in, "Origin") != nullptr) {
        return judge_origin(r, config);
    }
    if (const char* referer = apr_table_get(r->headers_in, "Referer")) {
        return judge(r, config, origin_of_page(referer));
    }
    // A page can keep its Referer from being sent, but not this.
    const char* site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    if (site == nullptr) {
        return Origin::kNone;
    }
    const bool own = strcasecmp(site, "same-origin") == 0 || strcasecmp(site, "none") == 0;
    return own ? Origin::kSelf : judge(r, config, "");
}

bool lends_credentials(const request_rec* r, Origin origin) noexcept {
    return origin == Origin::kAny && r->user != nullptr;
}

int refuse_origin(request_rec* r) noexcept {
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "request of a foreign origin refused; BayeuxAllowOrigin lists who may");
    if (Child* const child = this_child()) {
        child->engine().note_refusal(broker::RefusedFor::kOrigin);
    }
    r->connection->keepalive = AP_CONN_CLOSE;  // or httpd would read the body to its end first
    return HTTP_FORBIDDEN;
}

void add_cors_headers(request_rec* r, Origin origin) {
    // Headers of error replies as well: the page may read why it was refused.
    apr_table_mergen(r->err_headers_out, "Vary", "Origin");
    if (origin == Origin::kAllowed) {
        apr_table_set(r->err_headers_out, "Access-Control-Allow-Origin",
                      apr_table_get(r->headers_in, "Origin"));
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Credentials", "true");
    } else if (origin == Origin::kAny) {
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Origin", "*");
    }
}

int answer_options(request_rec* r, Origin origin, const char* methods) {
    apr_table_setn(r->headers_out, "Allow", methods);
    if (origin == Origin::kAllowed || origin == Origin::kAny) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", methods);
        apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Pragma, X-Requested-With");
        apr_table_setn(r->headers_out, "Access-Control-Max-Age", "86400");
    }
    ap_set_content_length(r, 0);
    return OK;
}

}  // namespace bayeux::httpd
