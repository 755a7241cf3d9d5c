// BayeuxFilter.
#include <limits>
#include <memory>
#include <utility>

#include <httpd.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"
#include "httpd/regex_filter.hpp"
#include "protocol/string_filter.hpp"

namespace bayeux::httpd {
namespace {

using protocol::FilterChain;
using protocol::StringFilter;

constexpr const char* kKinds =
    "escape-markup, strip-markup, max-size and a size, regex s/search/replacement/, "
    "deny-regex /search/, or none";

struct Line {
    cmd_parms* cmd;
    const char* args;   // the whole of it
    const char* words;  // behind the first word
    const char* where;
};

using Made = RegexFilterResult;

Made refuse(const Line& line, const char* allowed) {
    return {nullptr, refusal(line.cmd, line.args, allowed)};
}

Made plain(const Line& line, std::unique_ptr<StringFilter> filter) {
    if (*line.words != '\0') {
        return refuse(line, kKinds);
    }
    return {std::move(filter), nullptr};
}

Made make_escape(const Line& line) {
    return plain(line, protocol::make_escape_filter());
}

Made make_strip(const Line& line) {
    return plain(line, protocol::make_strip_filter());
}

Made make_max_size(const Line& line) {
    const char* rest = line.words;
    std::uint64_t bytes = 0;
    if (!parse_size(ap_getword_conf(line.cmd->pool, &rest), bytes) || *rest != '\0' ||
        bytes > std::numeric_limits<std::uint32_t>::max()) {
        return refuse(line, "max-size and a number of bytes, such as 500 or 2K");
    }
    return {protocol::make_size_filter(bytes), nullptr};
}

// In quotes or as it stands: blanks are part of an expression.
const char* expression_of(const Line& line) noexcept {
    const char* rest = line.words;
    if (*rest != '"' && *rest != '\'') {
        return rest;
    }
    const char* word = ap_getword_conf(line.cmd->pool, &rest);
    return *rest == '\0' ? word : "";
}

Made explained(const Line& line, Made made) {
    if (made.wrong != nullptr) {
        made.wrong = apr_psprintf(line.cmd->pool,
                                  "BayeuxFilter: \"%s\" is not a valid value: %s; allowed: %s",
                                  line.args, made.wrong, kKinds);
    }
    return made;
}

Made make_replace(const Line& line) {
    return explained(line, make_replace_filter(line.cmd->pool, expression_of(line), line.where));
}

Made make_deny(const Line& line) {
    return explained(line, make_deny_filter(line.cmd->pool, expression_of(line), line.where));
}

Made make_filter(const char* kind, const Line& line) {
    struct Kind {
        const char* name;
        Made (*make)(const Line& line);
    };
    static constexpr Kind kTable[] = {{"escape-markup", make_escape},
                                      {"strip-markup", make_strip},
                                      {"max-size", make_max_size},
                                      {"regex", make_replace},
                                      {"deny-regex", make_deny}};
    for (const Kind& known : kTable) {
        if (strcasecmp(kind, known.name) == 0) {
            return known.make(line);
        }
    }
    return refuse(line, kKinds);
}

const char* add_filter(cmd_parms* cmd, ChannelSection& section, const char* args) {
    Line line{cmd, args, args, ""};
    const char* kind = ap_getword_conf(cmd->pool, &line.words);
    line.where =
        apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    const bool none = strcasecmp(kind, "none") == 0;
    if (none && *line.words != '\0') {
        return refusal(cmd, args, kKinds);
    }
    if (section.filters != nullptr && (none || section.filters->empty())) {
        return refusal(cmd, args, "none as the only BayeuxFilter of its section, or other filters");
    }
    if (section.filters == nullptr) {
        section.filters = pool_new<FilterChain>(cmd->pool, section.name.text());
    }
    if (none) {
        return nullptr;
    }
    Made made = make_filter(kind, line);
    if (made.wrong == nullptr) {
        section.filters->add(std::move(made.filter));
    }
    return made.wrong;
}

}  // namespace
}  // namespace bayeux::httpd

const char* bayeux_set_filter(cmd_parms* cmd, void* dir, const char* args) noexcept {
    bayeux::httpd::ChannelSection* section = bayeux::httpd::open_section_of(dir);
    if (section == nullptr) {
        return bayeux::httpd::only_in_section(cmd);
    }
    return bayeux::httpd::guard("BayeuxFilter", "BayeuxFilter: out of memory",
                                [&] { return bayeux::httpd::add_filter(cmd, *section, args); });
}
