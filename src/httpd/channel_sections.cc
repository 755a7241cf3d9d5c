#include "httpd/channel_sections.hpp"

#include <string>
#include <utility>

#include "httpd/boundary.hpp"
#include "httpd/module_state.hpp"

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

DomainId domain_of_section(const ChannelSection& section, server_rec* s) noexcept {
    if (section.location->domain.written) {
        return domain_id(section.location->domain.value);
    }
    const auto* host =
        static_cast<const DirConfig*>(ap_get_module_config(s->lookup_defaults, &bayeux_module));
    return domain_of(*host, s);
}

}  // namespace

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
}

template <class Visit>
void DomainSections::covering(const ChannelName& name, Visit&& visit) const {
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
    covering(name, [&](const ChannelSection& section) {
        persistent = persistent.over(section.persistent);
        broadcast = broadcast.over(section.broadcast_to_publisher);
        return persistent.written && broadcast.written;
    });
    // PB-5: any Off suppresses.
    return {persistent.or_else(false), broadcast.or_else(true) && broadcast_to_publisher};
}

const DomainSections* DomainRules::find(DomainId domain) const noexcept {
    const auto found = domains_.find(domain);
    return found == domains_.end() ? nullptr : &found->second;
}

const char* sort_sections(apr_pool_t* pconf, server_rec* main_server) {
    auto* rules = pool_new<DomainRules>(pconf);
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        ServerConfig& config = server_config(s);
        config.default_domain = domain_id(default_domain_name(s));
        config.rules = rules;
    }
    for (server_rec* s = main_server; s != nullptr; s = s->next) {
        for (ChannelSection* section = server_config(s).sections; section != nullptr;
             section = section->next) {
            DomainSections& domain = rules->at(domain_of_section(*section, s));
            for (const ChannelSection* other : domain.all()) {
                if (other->name.text() != section->name.text()) {
                    continue;
                }
                for (const Operation op :
                     {Operation::kCreate, Operation::kSubscribe, Operation::kPublish}) {
                    if (other->rules_on(op) && section->rules_on(op)) {
                        return apr_psprintf(
                            pconf,
                            "<BayeuxChannel \"%s\"> has rules for %s at %s and again at %s, in the "
                            "same domain; write them in one section",
                            section->name.text().c_str(), operation_name(op), other->where,
                            section->where);
                    }
                }
            }
            domain.add(*section);
        }
    }
    return nullptr;
}

}  // namespace bayeux::httpd
