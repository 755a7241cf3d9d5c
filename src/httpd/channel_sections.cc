#include "httpd/channel_sections.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "httpd/boundary.hpp"
#include "httpd/module_state.hpp"
#include "protocol/presence_channel.hpp"

namespace bayeux::httpd {
namespace {

using broker::Operation;
using protocol::ChannelName;
using protocol::Wildcard;

// "/a/b" of "/a/b/**": what a pattern's names begin with.
std::string_view stem(const ChannelName& name) noexcept {
    const std::string_view text = name.text();
    return text.substr(0, text.rfind('/'));
}

// True if `below` is `above` or continues it by whole segments.
bool is_under(std::string_view below, std::string_view above) noexcept {
    return below.substr(0, above.size()) == above &&
           (below.size() == above.size() || below[above.size()] == '/');
}

std::string default_domain_name(server_rec* s) {
    std::string name = s->server_hostname != nullptr ? s->server_hostname : "";
    name += ':' + std::to_string(s->port);
    for (const server_addr_rec* address = s->addrs; address != nullptr; address = address->next) {
        name += '|';
        name += address->virthost != nullptr ? address->virthost : "";
        name += ':' + std::to_string(address->host_port);
    }
    return name;
}

// True if requests to `path` pass through this <Location> on their way. What a pattern or a
// <LocationMatch> matches is not known before there is a request.
bool leads_to(const core_dir_config& location, const char* path) noexcept {
    return path != nullptr && location.d != nullptr && location.r == nullptr &&
           location.d_is_fnmatch == 0 &&
           is_under(path, location.d[0] == '/' && location.d[1] == '\0' ? "" : location.d);
}

// Adds a section to a domain; a sentence if the domain has its rules already.
const char* add_section(apr_pool_t* pconf, DomainSections& domain, const ChannelSection& section) {
    for (const ChannelSection* other : domain.all()) {
        if (other == &section) {
            return nullptr;  // by way of another host that inherits it
        }
        if (other->name.text() != section.name.text()) {
            continue;
        }
        if (other->filters != nullptr && section.filters != nullptr) {
            return apr_psprintf(pconf,
                                "<BayeuxChannel \"%s\"> has a BayeuxFilter at %s and again at %s, "
                                "in the same domain; write them in one section",
                                section.name.text().c_str(), other->where, section.where);
        }
        for (const Operation op :
             {Operation::kCreate, Operation::kSubscribe, Operation::kPublish}) {
            if (other->rules_on(op) && section.rules_on(op)) {
                return apr_psprintf(pconf,
                                    "<BayeuxChannel \"%s\"> has rules for %s at %s and again at "
                                    "%s, in the same domain; write them in one section",
                                    section.name.text().c_str(), operation_name(op), other->where,
                                    section.where);
            }
        }
    }
    domain.add(section);
    return nullptr;
}

// The sections from `first` on guard the domains that requests to host `s` use.
const char* add_sections(apr_pool_t* pconf, DomainRules& rules, server_rec* s,
                         const ChannelSection* first) {
    for (const ChannelSection* section = first; section != nullptr; section = section->next) {
        const char* wrong = add_section(
            pconf, rules.at(domain_of_place(*section->location, section->path, s)), *section);
        if (wrong != nullptr) {
            return wrong;
        }
    }
    return nullptr;
}

// httpd gives a host in which no directive of ours is written the main server's configuration
// itself: it gets one of its own, for a domain of its own.
ServerConfig& own_config(apr_pool_t* pconf, server_rec* s, server_rec* main_server) {
    if (s != main_server && &server_config(s) == &server_config(main_server)) {
        ap_set_module_config(s->module_config, &bayeux_module, pool_new<ServerConfig>(pconf));
    }
    return server_config(s);
}

}  // namespace

DomainId domain_of_place(const DirConfig& written, const char* path, server_rec* s) noexcept {
    if (written.domain.written) {
        return domain_id(written.domain.value);
    }
    const auto* inherited =
        static_cast<const DirConfig*>(ap_get_module_config(s->lookup_defaults, &bayeux_module));
    const auto* core =
        static_cast<const core_server_config*>(ap_get_core_module_config(s->module_config));
    for (int i = 0; i < core->sec_url->nelts; ++i) {
        auto* config = APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t*);
        const auto* location =
            static_cast<const core_dir_config*>(ap_get_core_module_config(config));
        const auto* around =
            static_cast<const DirConfig*>(ap_get_module_config(config, &bayeux_module));
        if (around != nullptr && around->domain.written && leads_to(*location, path)) {
            inherited = around;
        }
    }
    return domain_of(*inherited, s);
}

const char* operation_name(Operation operation) noexcept {
    switch (operation) {
        case Operation::kCreate:
            return "create";
        case Operation::kSubscribe:
            return "subscribe";
        case Operation::kPublish:
            return "publish";
    }
    return "";
}

bool ChannelSection::rules_on(Operation operation) const noexcept {
    for (const ChannelRule* rule = rules; rule != nullptr; rule = rule->next) {
        if (rule->operation == operation) {
            return true;
        }
    }
    return false;
}

bool covers(const ChannelName& section, const ChannelName& name) noexcept {
    if (section.text() == name.text()) {
        return true;
    }
    switch (name.wildcard()) {
        case Wildcard::kNone:
            return section.matches(name);
        case Wildcard::kOneLevel:
        case Wildcard::kDeep:
            return section.wildcard() == Wildcard::kDeep && is_under(stem(name), stem(section));
    }
    return false;
}

void DomainSections::add(const ChannelSection& section) {
    all_.push_back(&section);
    by_pattern_.emplace(section.name.text(), &section);
    if (section.filters != nullptr) {
        has_filters_ = true;
        has_slow_filters_ = has_slow_filters_ || !section.filters->is_always_quick();
    }
    has_presence_ = has_presence_ || section.presence.or_else(false);
}

template <class Visit>
void DomainSections::covering(const ChannelName& name, Visit&& visit) const {
    if (by_pattern_.empty()) {
        return;
    }
    const auto look_up = [&](std::string_view pattern) {
        const auto [begin, end] = by_pattern_.equal_range(pattern);
        for (auto it = begin; it != end; ++it) {
            if (visit(*it->second)) {
                return true;
            }
        }
        return false;
    };
    if (!name.is_pattern()) {
        protocol::ChannelExpansion expansion(name.text());
        std::string_view pattern;
        while (expansion.next(pattern)) {
            if (look_up(pattern)) {
                return;
            }
        }
        return;
    }
    // A pattern is covered by itself and by each `**` at or above its stem.
    if (look_up(name.text())) {
        return;
    }
    std::string above(stem(name));
    for (;;) {
        const std::string deep = above + "/**";
        if (deep != name.text() && look_up(deep)) {
            return;
        }
        const std::size_t slash = above.rfind('/');
        if (slash == std::string::npos) {
            return;
        }
        above.resize(slash);
    }
}

const ChannelSection* DomainSections::deciding(Operation operation, const ChannelName& name) const {
    const ChannelSection* found = nullptr;
    covering(name, [&](const ChannelSection& section) {
        if (section.rules_on(operation)) {
            found = &section;
        }
        return found != nullptr;
    });
    return found;
}

broker::ChannelOptions DomainSections::options(const ChannelName& name,
                                               bool broadcast_to_publisher) const {
    Setting<bool> persistent;
    Setting<bool> broadcast;
    Setting<std::int64_t> lazy_ms;
    Setting<bool> presence;
    const protocol::FilterChain* filters = nullptr;
    covering(name, [&](const ChannelSection& section) {
        persistent = persistent.over(section.persistent);
        broadcast = broadcast.over(section.broadcast_to_publisher);
        lazy_ms = lazy_ms.over(section.lazy_ms);
        presence = presence.over(section.presence);
        filters = filters != nullptr ? filters : section.filters;
        return persistent.written && broadcast.written && lazy_ms.written &&
               (presence.written || !has_presence_) && (filters != nullptr || !has_filters_);
    });
    // PB-5: any Off suppresses.
    return {.persistent = persistent.or_else(false),
            .broadcast_to_publisher = broadcast.or_else(true) && broadcast_to_publisher,
            .lazy = Millis{lazy_ms.or_else(0)},
            .service = name.kind() == protocol::ChannelKind::kService && services_.has(name),
            .presence = presence.or_else(false),
            .filters = filters != nullptr && !filters->empty() ? filters : nullptr};
}

const ChannelSection* DomainSections::about_presence() const noexcept {
    const auto found = std::find_if(all_.begin(), all_.end(), [](const ChannelSection* section) {
        return protocol::is_presence_channel(section->name);
    });
    return has_presence_ && found != all_.end() ? *found : nullptr;
}

bool DomainSections::has_rules() const noexcept {
    return std::any_of(all_.begin(), all_.end(),
                       [](const ChannelSection* section) { return section->rules != nullptr; });
}

bool DomainSections::guards(Operation operation, const ChannelName& name) const {
    const ChannelSection* first = deciding(operation, name);
    return first != nullptr ||
           (operation == Operation::kSubscribe &&
            overlapping(name, first, [](const ChannelSection&) { return true; }));
}

const DomainSections* DomainRules::find(DomainId domain) const noexcept {
    const auto found = domains_.find(domain);
    return found == domains_.end() ? nullptr : &found->second;
}

bool DomainRules::has_services() const noexcept {
    return std::any_of(domains_.begin(), domains_.end(),
                       [](const auto& domain) { return !domain.second.services().empty(); });
}

const char* DomainRules::check_presence(apr_pool_t* pconf) const {
    for (const auto& domain : domains_) {
        if (const ChannelSection* section = domain.second.about_presence()) {
            return apr_psprintf(pconf,
                                "<BayeuxChannel \"%s\"> at %s is for presence channels of a domain "
                                "with BayeuxPresence; write rules for the channels themselves, "
                                "without /presence",
                                section->name.text().c_str(), section->where);
        }
    }
    return nullptr;
}

const DomainSections* sections_of(server_rec* s, DomainId domain) noexcept {
    const DomainRules* rules = server_config(s).rules;
    return rules != nullptr ? rules->find(domain) : nullptr;
}

bool has_presence(server_rec* s, DomainId domain) noexcept {
    const DomainSections* sections = sections_of(s, domain);
    return sections != nullptr && sections->has_presence();
}

const char* sort_sections(apr_pool_t* pconf, server_rec* main_server) {
    auto* rules = pool_new<DomainRules>(pconf);
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        ServerConfig& config = own_config(pconf, s, main_server);
        config.default_domain = domain_id(default_domain_name(s));
        config.rules = rules;
    }
    // A host inherits the Locations that are written outside of all hosts, and so their rules.
    const ChannelSection* common = server_config(main_server).sections;
    const Service* common_services = server_config(main_server).services;
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        const char* wrong = add_sections(pconf, *rules, s, common);
        if (wrong == nullptr) {
            wrong = add_services(pconf, *rules, s, common_services);
        }
        if (wrong == nullptr && s != main_server) {
            wrong = add_sections(pconf, *rules, s, server_config(s).sections);
        }
        if (wrong == nullptr && s != main_server) {
            wrong = add_services(pconf, *rules, s, server_config(s).services);
        }
        if (wrong != nullptr) {
            return wrong;
        }
    }
    return rules->check_presence(pconf);
}

}  // namespace bayeux::httpd
