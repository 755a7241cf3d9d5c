#include "httpd/directive_values.hpp"

#include <cstring>

namespace bayeux::httpd {
namespace {

// What stands behind `name=`, or nullptr.
const char* value_of(const char* text, const char* name) noexcept {
    const std::size_t length = std::strlen(name);
    return strncasecmp(text, name, length) == 0 && text[length] == '=' ? text + length + 1
                                                                       : nullptr;
}

}  // namespace

Words copy_words(apr_pool_t* pool, int argc, char* const argv[]) noexcept {
    auto** words =
        static_cast<const char**>(apr_palloc(pool, sizeof(char*) * static_cast<unsigned>(argc)));
    for (int i = 0; i < argc; ++i) {
        words[i] = apr_pstrdup(pool, argv[i]);
    }
    return {words, static_cast<std::uint32_t>(argc)};
}

bool parse_cookie_attribute(apr_pool_t* pool, const char* text, CookieTerms& terms) noexcept {
    if (strcasecmp(text, "secure") == 0) {
        terms.secure = true;
        return true;
    }
    if (strcasecmp(text, "partitioned") == 0) {
        terms.partitioned = true;
        return true;
    }
    if (const char* path = value_of(text, "path")) {
        terms.path = apr_pstrdup(pool, path);
        return *path == '/' && is_attribute_value(path);
    }
    if (const char* domain = value_of(text, "domain")) {
        terms.domain = apr_pstrdup(pool, domain);
        return is_attribute_value(domain);
    }
    if (const char* age = value_of(text, "maxage")) {
        std::uint32_t seconds = 0;
        const bool valid = parse_count(age, 0, 2'000'000'000, seconds);
        terms.max_age = seconds;
        return valid;
    }
    if (const char* site = value_of(text, "samesite")) {
        for (const char* name : {"Strict", "Lax", "None"}) {
            if (strcasecmp(site, name) == 0) {
                terms.same_site = name;
                return true;
            }
        }
    }
    return false;
}

const char* refusal(cmd_parms* cmd, const char* value, const char* allowed) noexcept {
    return apr_psprintf(cmd->pool, "%s: \"%s\" is not a valid value; allowed: %s", cmd->cmd->name,
                        value, allowed);
}

}  // namespace bayeux::httpd
