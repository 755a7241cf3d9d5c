#include "httpd/authorization.hpp"

#include <httpd.h>

#include <mod_auth.h>

#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

using broker::Operation;

bool grants(request_rec* r, const ChannelSection& section, Operation operation) {
    for (const ChannelRule* rule = section.rules; rule != nullptr; rule = rule->next) {
        if (rule->operation != operation) {
            continue;
        }
        apr_table_setn(r->notes, AUTHZ_PROVIDER_NAME_NOTE, rule->provider_name);
        const auto* provider = static_cast<const authz_provider*>(rule->provider);
        const authz_status status = provider->check_authorization(r, rule->arguments, rule->parsed);
        apr_table_unset(r->notes, AUTHZ_PROVIDER_NAME_NOTE);
        if (status == AUTHZ_GRANTED) {
            return true;
        }
    }
    return false;
}

}  // namespace

broker::User user_of(const request_rec* r) noexcept {
    const std::string_view name = r->user != nullptr ? r->user : "";
    return {name, this_child()->store().user_tag(name)};
}

bool ask_providers(request_rec* r, const DomainSections& sections, Operation operation,
                   const protocol::ChannelName& channel) {
    // For `expr` rules: %{env:BAYEUX_CHANNEL}, %{env:BAYEUX_OPERATION}.
    apr_table_set(r->subprocess_env, "BAYEUX_CHANNEL", channel.text().c_str());
    apr_table_setn(r->subprocess_env, "BAYEUX_OPERATION", operation_name(operation));
    const ChannelSection* deciding = sections.deciding(operation, channel);
    if (deciding != nullptr && !grants(r, *deciding, operation)) {
        return false;
    }
    return operation != Operation::kSubscribe ||
           !sections.overlapping(channel, deciding, [&](const ChannelSection& section) {
               return !grants(r, section, operation);
           });
}

bool RequestPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    return sections_ == nullptr || ask_providers(r_, *sections_, operation, channel);
}

bool RequestPolicy::may_block(Operation operation, const protocol::ChannelName& channel) {
    return sections_ != nullptr && sections_->guards(operation, channel);
}

broker::ChannelOptions RequestPolicy::options(const protocol::ChannelName& channel) {
    return options_of(sections_, channel, broadcast_to_publisher_);
}

broker::ChannelOptions options_of(const DomainSections* sections,
                                  const protocol::ChannelName& channel,
                                  bool broadcast_to_publisher) {
    if (sections == nullptr) {
        broker::ChannelOptions options;
        options.broadcast_to_publisher = broadcast_to_publisher;
        return options;
    }
    return sections->options(channel, broadcast_to_publisher);
}

}  // namespace bayeux::httpd
