#include "httpd/directive_values.hpp"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace bayeux::httpd {
namespace {

// Leading digits of `text`; false if there are none or too many.
bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
    std::size_t digits = 0;
    number = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits == 15) {
            return false;
        }
        number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
        ++digits;
    }
    text.remove_prefix(digits);
    return digits > 0;
}

bool is_word(std::string_view text, const char* lower) noexcept {
    return text.size() == std::strlen(lower) && strncasecmp(text.data(), lower, text.size()) == 0;
}

// What stands behind `name=`, or nullptr.
const char* value_of(const char* text, const char* name) noexcept {
    const std::size_t length = std::strlen(name);
    return strncasecmp(text, name, length) == 0 && text[length] == '=' ? text + length + 1
                                                                       : nullptr;
}

bool is_attribute_value(const char* text) noexcept {
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; ++text) {
        if (std::isgraph(static_cast<unsigned char>(*text)) == 0 || *text == ';' || *text == ',') {
            return false;
        }
    }
    return true;
}

}  // namespace

bool parse_time(const char* text, std::int64_t& ms) noexcept {
    struct Unit {
        const char* name;
        std::uint64_t ms;
    };
    static constexpr Unit kUnits[] = {{"", 1000},      {"s", 1000},    {"ms", 1},
                                      {"m", 60'000},   {"mi", 60'000}, {"min", 60'000},
                                      {"h", 3'600'000}};
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number)) {
        return false;
    }
    for (const Unit& unit : kUnits) {
        if (is_word(rest, unit.name) && number <= 1'000'000'000'000 / unit.ms) {
            ms = static_cast<std::int64_t>(number * unit.ms);
            return true;
        }
    }
    return false;
}

bool parse_size(const char* text, std::uint64_t& bytes) noexcept {
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number) || number >= (std::uint64_t{1} << 40U)) {
        return false;
    }
    unsigned shift = 0;
    if (is_word(rest, "k")) {
        shift = 10;
    } else if (is_word(rest, "m")) {
        shift = 20;
    } else if (is_word(rest, "g")) {
        shift = 30;
    } else if (!rest.empty()) {
        return false;
    }
    if (number >= (std::uint64_t{1} << (50U - shift))) {
        return false;
    }
    bytes = number << shift;
    return true;
}

bool parse_count(const char* text, std::uint32_t least, std::uint32_t most,
                 std::uint32_t& out) noexcept {
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number) || !rest.empty() || number < least || number > most) {
        return false;
    }
    out = static_cast<std::uint32_t>(number);
    return true;
}

bool parse_switch(const char* text, bool& on) noexcept {
    if (is_word(text, "on")) {
        on = true;
        return true;
    }
    if (is_word(text, "off")) {
        on = false;
        return true;
    }
    return false;
}

bool is_cookie_name(const char* text) noexcept {
    if (*text == '\0' || std::strlen(text) > 64) {
        return false;
    }
    for (; *text != '\0'; ++text) {
        if (std::isalnum(static_cast<unsigned char>(*text)) == 0 &&
            std::strchr("_.-", *text) == nullptr) {
            return false;
        }
    }
    return true;
}

Words copy_words(apr_pool_t* pool, int argc, char* const argv[]) noexcept {
    auto** words =
        static_cast<const char**>(apr_palloc(pool, sizeof(char*) * static_cast<unsigned>(argc)));
    for (int i = 0; i < argc; ++i) {
        words[i] = apr_pstrdup(pool, argv[i]);
    }
    return {words, static_cast<std::uint32_t>(argc)};
}

bool parse_cookie_attribute(apr_pool_t* pool, const char* text, CookieTerms& terms) noexcept {
    if (is_word(text, "secure")) {
        terms.secure = true;
        return true;
    }
    if (is_word(text, "partitioned")) {
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
