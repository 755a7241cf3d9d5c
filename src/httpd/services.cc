#include "httpd/services.hpp"

#include <algorithm>

#include "httpd/channel_sections.hpp"

namespace bayeux::httpd {

using protocol::ChannelName;
using protocol::TemplateVariable;

void DomainServices::add(const Service& service) {
    if (service.channel.is_exact()) {
        exact_.emplace(service.channel.text(), &service);
        return;
    }
    const auto behind = std::find_if(shapes_.begin(), shapes_.end(), [&](const Service* other) {
        return service.channel.before(other->channel);
    });
    shapes_.insert(behind, &service);
}

const Service* DomainServices::find(const ChannelName& channel,
                                    std::vector<TemplateVariable>& variables) const {
    variables.clear();
    const auto found = exact_.find(channel.text());
    if (found != exact_.end()) {
        return found->second;
    }
    for (const Service* service : shapes_) {
        if (service->channel.match(channel, variables)) {
            return service;
        }
    }
    return nullptr;
}

bool DomainServices::has(const ChannelName& channel) const {
    if (empty()) {
        return false;
    }
    std::vector<TemplateVariable> ignored;
    return find(channel, ignored) != nullptr;
}

const Service* DomainServices::same_as(const Service& service) const noexcept {
    if (service.channel.is_exact()) {
        const auto found = exact_.find(service.channel.text());
        return found == exact_.end() ? nullptr : found->second;
    }
    const auto found = std::find_if(shapes_.begin(), shapes_.end(), [&](const Service* other) {
        return service.channel.same_shape(other->channel);
    });
    return found == shapes_.end() ? nullptr : *found;
}

const char* add_services(apr_pool_t* pconf, DomainRules& rules, server_rec* s,
                         const Service* first) {
    for (const Service* service = first; service != nullptr; service = service->next) {
        DomainSections& domain = rules.at(domain_of_place(*service->location, service->path, s));
        const Service* other = domain.services().same_as(*service);
        if (other == service) {
            continue;  // by way of another host that inherits it
        }
        if (other != nullptr) {
            return apr_psprintf(pconf,
                                "BayeuxService \"%s\" is written at %s and again at %s, in the "
                                "same domain; a channel has one service",
                                service->channel.text().c_str(), other->where, service->where);
        }
        domain.services().add(*service);
    }
    return nullptr;
}

}  // namespace bayeux::httpd
