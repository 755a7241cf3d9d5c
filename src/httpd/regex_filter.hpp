// The filters of BayeuxFilter that search with regular expressions.
#ifndef BAYEUX_HTTPD_REGEX_FILTER_HPP
#define BAYEUX_HTTPD_REGEX_FILTER_HPP

#include <memory>

#include "httpd/httpd_api.hpp"
#include "protocol/string_filter.hpp"

namespace bayeux::httpd {

// What was made of an expression in the configuration: a filter, or what is wrong with it.
struct RegexFilterResult {
    std::unique_ptr<protocol::StringFilter> filter;
    const char* wrong = nullptr;
};

// `text` is s/search/replacement/flags; `where` its place in the configuration, for log lines. Both
// outlive the filter.
[[nodiscard]] RegexFilterResult make_replace_filter(apr_pool_t* pool, const char* text,
                                                    const char* where);
// `text` is /search/flags.
[[nodiscard]] RegexFilterResult make_deny_filter(apr_pool_t* pool, const char* text,
                                                 const char* where);

}  // namespace bayeux::httpd

#endif
