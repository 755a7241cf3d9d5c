#include "httpd/browser_cookie.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace bayeux::httpd {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

// Calls visit(value) for each cookie of that name, until it is true; returns that.
template <class Visit>
bool find_cookie(request_rec* r, const char* name, Visit&& visit) {
    const char* header = apr_table_get(r->headers_in, "Cookie");
    std::string_view rest = header != nullptr ? header : "";
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        const std::string_view pair = trimmed(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) == name &&
            visit(equals == std::string_view::npos ? "" : pair.substr(equals + 1))) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<protocol::BrowserId> browser_of(request_rec* r, const CookieTerms& terms,
                                              const protocol::SecretKey& key) {
    std::optional<protocol::BrowserId> browser;
    // A browser may send several of one name, from different paths: the first that is ours counts.
    find_cookie(r, terms.name, [&](std::string_view value) {
        browser = protocol::BrowserId::parse(value, key);
        return browser.has_value();
    });
    return browser;
}

bool has_browser_cookie(request_rec* r, const CookieTerms& terms) {
    return find_cookie(r, terms.name, [](std::string_view) { return true; });
}

void set_browser(request_rec* r, const CookieTerms& terms, const protocol::BrowserId& browser,
                 const protocol::SecretKey& key) {
    std::string cookie =
        std::string(terms.name) + '=' + browser.cookie(key) + "; Path=" + terms.path;
    if (terms.domain != nullptr) {
        cookie += std::string("; Domain=") + terms.domain;
    }
    if (terms.max_age >= 0) {
        cookie += "; Max-Age=" + std::to_string(terms.max_age);
    }
    cookie += "; HttpOnly";
    if (terms.same_site != nullptr) {
        cookie += std::string("; SameSite=") + terms.same_site;
    }
    // BR-1: on secure requests only; a browser would not keep it otherwise.
    if (terms.secure && std::strcmp(ap_http_scheme(r), "https") == 0) {
        cookie += "; Secure";
        if (terms.partitioned) {
            cookie += "; Partitioned";
        }
    }
    apr_table_add(r->err_headers_out, "Set-Cookie", cookie.c_str());
}

}  // namespace bayeux::httpd
