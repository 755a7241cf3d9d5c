#include "httpd/regex_filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <httpd.h>

#include <ap_regex.h>
#include <apr_strings.h>
#include <http_log.h>

#include "base/log_pause.hpp"
#include "httpd/log_ids.hpp"
#include "protocol/json_edit.hpp"
#include "protocol/utf8.hpp"

namespace bayeux::httpd {
namespace {

// Ends a search that tries too many ways at one place: it fails, and the message is refused. An
// expression may begin with a lower limit of its own, not with a higher one.
constexpr const char* kLimit = "(*LIMIT_MATCH=10000)";
constexpr std::size_t kGroups = 10;  // $0 to $9
using Groups = std::array<ap_regmatch_t, kGroups>;

// How often a search that failed is told of.
constexpr Millis kLogPause{60000};

// s/a/b/i in its parts, each behind and before an unescaped delimiter.
struct Parts {
    std::string search;
    std::string replacement;
    bool all = false;
    int regex_flags = 0;
};

// Takes up to the next delimiter, of which an escaped one stands for itself. False if there is
// none.
bool take_part(std::string_view& rest, char delimiter, std::string& part) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == delimiter) {
            rest.remove_prefix(i + 1);
            return true;
        }
        if (rest[i] == '\\' && i + 1 < rest.size()) {
            ++i;
            if (rest[i] != delimiter) {
                part += '\\';
            }
        }
        part += rest[i];
    }
    return false;
}

bool take_flags(std::string_view flags, bool replaces, Parts& parts) {
    for (const char flag : flags) {
        if (flag == 'i') {
            parts.regex_flags |= AP_REG_ICASE;
        } else if (flag == 'g' && replaces) {
            parts.all = true;
        } else {
            return false;
        }
    }
    return true;
}

bool is_delimiter(char c) noexcept {
    return std::ispunct(static_cast<unsigned char>(c)) != 0 && c != '\\';
}

// The highest $n of a replacement.
std::size_t highest_group(std::string_view replacement) noexcept {
    std::size_t highest = 0;
    for (std::size_t i = 0; i + 1 < replacement.size(); ++i) {
        const char next = replacement[i + 1];
        if (replacement[i] == '$' && next >= '0' && next <= '9') {
            highest = std::max(highest, static_cast<std::size_t>(next - '0'));
        }
        i += replacement[i] == '\\' ? 1U : 0U;
    }
    return highest;
}

// An expression of the configuration, which its pool frees.
class Regex {
  public:
    enum class Found : std::uint8_t { kYes, kNo, kFailed };

    Regex(const ap_regex_t* compiled, const char* where) noexcept
        : compiled_(compiled), where_(where) {}

    [[nodiscard]] Found find(const char* text, std::size_t size, bool at_begin,
                             Groups& groups) const {
        const int result = ap_regexec_len(compiled_, text, size, groups.size(), groups.data(),
                                          at_begin ? 0 : AP_REG_NOTBOL);
        if (result == 0) {
            return Found::kYes;
        }
        if (result == AP_REG_NOMATCH) {
            return Found::kNo;
        }
        tell();
        return Found::kFailed;
    }

  private:
    void tell() const {
        if (!log_pause_.ends(SystemClock().now())) {
            return;
        }
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                     BXNO(0050) "the regular expression of BayeuxFilter at %s took too many steps "
                                "on the data of a message, which was refused; nested repeats are "
                                "the usual cause; this line is written once a minute",
                     where_);
    }

    const ap_regex_t* const compiled_;
    const char* const where_;
    mutable LogPause log_pause_{kLogPause};
};

class DenyFilter final : public protocol::StringFilter {
  public:
    DenyFilter(const ap_regex_t* compiled, const char* where) noexcept : regex_(compiled, where) {}
    [[nodiscard]] std::string_view name() const noexcept override { return "deny-regex"; }
    [[nodiscard]] bool is_quick() const noexcept override { return false; }
    [[nodiscard]] bool apply(std::string& text, std::size_t /*max_size*/) const override {
        Groups groups;
        return regex_.find(text.data(), text.size(), true, groups) == Regex::Found::kNo;
    }

  private:
    const Regex regex_;
};

class ReplaceFilter final : public protocol::StringFilter {
  public:
    ReplaceFilter(const ap_regex_t* compiled, const char* where, Parts parts)
        : regex_(compiled, where), replacement_(std::move(parts.replacement)), all_(parts.all) {}
    [[nodiscard]] std::string_view name() const noexcept override { return "regex"; }
    [[nodiscard]] bool is_quick() const noexcept override { return false; }
    [[nodiscard]] bool apply(std::string& text, std::size_t max_size) const override;

  private:
    void append_replacement(std::string& out, const char* at, const Groups& groups) const;

    const Regex regex_;
    const std::string replacement_;
    const bool all_;
};

bool ReplaceFilter::apply(std::string& text, std::size_t max_size) const {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::string out;
    bool found_any = false;
    Groups groups;
    while (true) {
        const auto found =
            regex_.find(at, static_cast<std::size_t>(end - at), at == text.data(), groups);
        if (found == Regex::Found::kFailed || out.size() > max_size) {
            return false;
        }
        if (found == Regex::Found::kNo) {
            break;
        }
        found_any = true;
        const ap_regmatch_t& whole = groups[0];
        out.append(at, static_cast<std::size_t>(whole.rm_so));
        append_replacement(out, at, groups);
        const bool nothing = whole.rm_eo == whole.rm_so;
        at += whole.rm_eo;
        if (nothing && at != end) {
            // Where nothing was found, it would be found again for ever.
            const std::size_t length = std::max<std::size_t>(protocol::utf8_length(at, end), 1);
            out.append(at, length);
            at += length;
        } else if (nothing) {
            break;
        }
        if (!all_) {
            break;
        }
    }
    if (found_any) {
        out.append(at, end);
        text = std::move(out);
        // Expressions see bytes, and may take a character apart.
        protocol::mend_utf8(text);
    }
    return text.size() <= max_size;
}

void ReplaceFilter::append_replacement(std::string& out, const char* at,
                                       const Groups& groups) const {
    for (std::size_t i = 0; i < replacement_.size(); ++i) {
        const char c = replacement_[i];
        const char next = i + 1 < replacement_.size() ? replacement_[i + 1] : '\0';
        if (c == '\\' && next != '\0') {
            out += next;
            ++i;
        } else if (c == '$' && next >= '0' && next <= '9') {
            const ap_regmatch_t& group = groups[static_cast<std::size_t>(next - '0')];
            if (group.rm_so >= 0) {
                out.append(at + group.rm_so, at + group.rm_eo);
            }
            ++i;
        } else {
            out += c;
        }
    }
}

const ap_regex_t* compile(apr_pool_t* pool, const Parts& parts) {
    return ap_pregcomp(pool, (kLimit + parts.search).c_str(), parts.regex_flags);
}

RegexFilterResult refused(const char* wrong) {
    return {nullptr, wrong};
}

}  // namespace

RegexFilterResult make_replace_filter(apr_pool_t* pool, const char* text, const char* where) {
    std::string_view rest = text;
    Parts parts;
    const char delimiter = rest.size() > 1 && rest[0] == 's' ? rest[1] : ' ';
    if (!is_delimiter(delimiter)) {
        return refused("it is no s/search/replacement/");
    }
    rest.remove_prefix(2);
    if (!take_part(rest, delimiter, parts.search) ||
        !take_part(rest, delimiter, parts.replacement)) {
        return refused("it is no s/search/replacement/: a delimiter is missing");
    }
    if (!take_flags(rest, true, parts)) {
        return refused("behind the last delimiter only the flags g and i may stand");
    }
    const ap_regex_t* compiled = compile(pool, parts);
    if (compiled == nullptr) {
        return refused("the search is no valid regular expression");
    }
    if (std::cmp_greater(highest_group(parts.replacement), compiled->re_nsub)) {
        return refused("the replacement names a group that the search has not");
    }
    return {std::make_unique<ReplaceFilter>(compiled, where, std::move(parts)), nullptr};
}

RegexFilterResult make_deny_filter(apr_pool_t* pool, const char* text, const char* where) {
    std::string_view rest = text;
    Parts parts;
    if (rest.starts_with('m')) {
        rest.remove_prefix(1);
    } else if (!rest.starts_with('/')) {
        return refused("it is no /search/");
    }
    const char delimiter = rest.empty() ? ' ' : rest[0];
    if (!is_delimiter(delimiter)) {
        return refused("it is no /search/");
    }
    rest.remove_prefix(1);
    if (!take_part(rest, delimiter, parts.search)) {
        return refused("it is no /search/: the last delimiter is missing");
    }
    if (!take_flags(rest, false, parts)) {
        return refused("behind the last delimiter only the flag i may stand");
    }
    if (parts.search.empty()) {
        return refused("an empty search would refuse every message that has a string");
    }
    const ap_regex_t* compiled = compile(pool, parts);
    if (compiled == nullptr) {
        return refused("the search is no valid regular expression");
    }
    return {std::make_unique<DenyFilter>(compiled, where), nullptr};
}

}  // namespace bayeux::httpd
