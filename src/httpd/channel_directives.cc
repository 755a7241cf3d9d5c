// <BayeuxChannel> and the directives inside it.
#include <cstring>
#include <iterator>
#include <string_view>

#include <httpd.h>

#include <ap_provider.h>
#include <mod_auth.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kInside[] = {"BayeuxRequire",  "BayeuxPersistent",
                                   "BayeuxLazy",     "BayeuxFilter",
                                   "BayeuxPresence", "BayeuxBroadcastToPublisher"};

const char* check_inside(cmd_parms* cmd) noexcept {
    for (const ap_directive_t* d = cmd->directive->first_child; d != nullptr; d = d->next) {
        bool known = false;
        for (const char* name : kInside) {
            known = known || strcasecmp(d->directive, name) == 0;
        }
        if (!known) {
            return apr_psprintf(cmd->pool,
                                "%s is not allowed inside <BayeuxChannel>; allowed there: "
                                "BayeuxRequire, BayeuxPersistent, BayeuxLazy, BayeuxFilter, "
                                "BayeuxPresence and BayeuxBroadcastToPublisher",
                                d->directive);
        }
    }
    return nullptr;
}

bool parse_operation(const char* word, broker::Operation& operation) noexcept {
    struct Name {
        const char* word;
        broker::Operation operation;
    };
    static constexpr Name kNames[] = {{"create", broker::Operation::kCreate},
                                      {"subscribe", broker::Operation::kSubscribe},
                                      {"publish", broker::Operation::kPublish}};
    for (const Name& name : kNames) {
        if (strcasecmp(word, name.word) == 0) {
            operation = name.operation;
            return true;
        }
    }
    return false;
}

const char* open_section(cmd_parms* cmd, DirConfig& dir, const char* args) {
    const char* end = std::strrchr(args, '>');
    if (end == nullptr) {
        return "<BayeuxChannel has no closing >; write <BayeuxChannel \"/chat/**\">";
    }
    const char* rest = apr_pstrmemdup(cmd->pool, args, static_cast<apr_size_t>(end - args));
    const char* pattern = ap_getword_conf(cmd->pool, &rest);
    auto name = protocol::ChannelName::parse(pattern);
    if (!name || *rest != '\0' || name->kind() == protocol::ChannelKind::kMeta) {
        return apr_psprintf(
            cmd->pool,
            "<BayeuxChannel: \"%s\" is not a valid value; allowed: one channel name "
            "or pattern, such as \"/chat/lobby\", \"/chat/*\" or \"/chat/**\"",
            name && *rest != '\0' ? args : pattern);
    }
    if (dir.open_section != nullptr) {
        return "<BayeuxChannel> must not stand inside another <BayeuxChannel>";
    }
    if (const char* wrong = check_inside(cmd)) {
        return wrong;
    }
    auto* section = pool_new<ChannelSection>(cmd->pool, *std::move(name));
    section->location = &dir;
    section->path = cmd->path != nullptr ? apr_pstrdup(cmd->pool, cmd->path) : nullptr;
    section->where =
        apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    dir.open_section = section;
    const char* wrong = ap_walk_config(cmd->directive->first_child, cmd, cmd->context);
    dir.open_section = nullptr;
    if (wrong != nullptr) {
        return wrong;
    }
    ChannelSection** last = &server_config(cmd->server).sections;
    while (*last != nullptr) {
        last = &(*last)->next;
    }
    *last = section;
    return nullptr;
}

const char* add_rule(cmd_parms* cmd, ChannelSection& section, const char* args) {
    const char* rest = args;
    const char* operation_word = ap_getword_conf(cmd->pool, &rest);
    const char* provider_name = ap_getword_conf(cmd->pool, &rest);
    broker::Operation operation{};
    if (!parse_operation(operation_word, operation)) {
        return refusal(cmd, operation_word, "create, subscribe or publish, then who may");
    }
    if (*provider_name == '\0') {
        return refusal(cmd, args, "an operation and then who may, as in: publish valid-user");
    }
    if (strcasecmp(provider_name, "not") == 0) {
        return refusal(cmd, args,
                       "what grants access; the lines are alternatives, `not` grants none");
    }
    const auto* provider = static_cast<const authz_provider*>(
        ap_lookup_provider(AUTHZ_PROVIDER_GROUP, provider_name, AUTHZ_PROVIDER_VERSION));
    if (provider == nullptr) {
        return apr_psprintf(cmd->pool,
                            "BayeuxRequire: \"%s\" is not a known authorization provider; allowed: "
                            "what Require allows, with the module loaded that provides it",
                            provider_name);
    }
    auto* rule = pool_new<ChannelRule>(cmd->pool);
    rule->operation = operation;
    rule->provider_name = provider_name;
    rule->provider = provider;
    rule->arguments = apr_pstrdup(cmd->pool, rest);
    if (provider->parse_require_line != nullptr) {
        const char* wrong = provider->parse_require_line(cmd, rule->arguments, &rule->parsed);
        if (wrong != nullptr) {
            return apr_psprintf(cmd->pool, "BayeuxRequire %s: %s", args, wrong);
        }
    }
    // In order, behind those that are there.
    const ChannelRule** last = const_cast<const ChannelRule**>(&section.rules);
    while (*last != nullptr) {
        last = const_cast<const ChannelRule**>(&(*last)->next);
    }
    *last = rule;
    return nullptr;
}

}  // namespace

ChannelSection* open_section_of(void* dir) noexcept {
    return static_cast<DirConfig*>(dir)->open_section;
}

const char* only_in_section(cmd_parms* cmd) noexcept {
    return apr_psprintf(cmd->pool, "%s is allowed inside a <BayeuxChannel> section only",
                        cmd->cmd->name);
}

const char* set_section_broadcast(ChannelSection& section, bool on) noexcept {
    section.broadcast_to_publisher.set(on);
    return nullptr;
}

namespace {

const char* set_section_switch(cmd_parms* cmd, void* dir, const char* value,
                               Setting<bool> ChannelSection::*setting) noexcept {
    ChannelSection* section = open_section_of(dir);
    if (section == nullptr) {
        return only_in_section(cmd);
    }
    bool on = false;
    if (!parse_switch(value, on)) {
        return refusal(cmd, value, "On or Off");
    }
    (section->*setting).set(on);
    return nullptr;
}

}  // namespace
}  // namespace bayeux::httpd

const char* bayeux_open_channel_section(cmd_parms* cmd, void* dir, const char* args) noexcept {
    return bayeux::httpd::guard("<BayeuxChannel>", "<BayeuxChannel>: out of memory", [&] {
        return bayeux::httpd::open_section(cmd, *static_cast<bayeux::httpd::DirConfig*>(dir), args);
    });
}

const char* bayeux_set_require(cmd_parms* cmd, void* dir, const char* args) noexcept {
    bayeux::httpd::ChannelSection* section = bayeux::httpd::open_section_of(dir);
    if (section == nullptr) {
        return bayeux::httpd::only_in_section(cmd);
    }
    return bayeux::httpd::guard("BayeuxRequire", "BayeuxRequire: out of memory",
                                [&] { return bayeux::httpd::add_rule(cmd, *section, args); });
}

const char* bayeux_set_persistent(cmd_parms* cmd, void* dir, const char* value) noexcept {
    return bayeux::httpd::set_section_switch(cmd, dir, value,
                                             &bayeux::httpd::ChannelSection::persistent);
}

const char* bayeux_set_presence(cmd_parms* cmd, void* dir, const char* value) noexcept {
    return bayeux::httpd::set_section_switch(cmd, dir, value,
                                             &bayeux::httpd::ChannelSection::presence);
}

const char* bayeux_set_lazy(cmd_parms* cmd, void* dir, const char* value) noexcept {
    bayeux::httpd::ChannelSection* section = bayeux::httpd::open_section_of(dir);
    if (section == nullptr) {
        return bayeux::httpd::only_in_section(cmd);
    }
    std::int64_t ms = 0;
    const bool off = strcasecmp(value, "off") == 0;
    if (!off && (!bayeux::httpd::parse_time(value, ms) || ms > 3'600'000)) {
        return bayeux::httpd::refusal(cmd, value, "a time from 0 to 1h, such as 5s, or Off");
    }
    section->lazy_ms.set(ms);
    return nullptr;
}
