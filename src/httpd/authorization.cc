#include "httpd/authorization.hpp"

#include <httpd.h>

#include <mod_auth.h>

namespace bayeux::httpd {

using broker::Operation;

bool RequestPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    if (sections_ == nullptr) {
        return true;
    }
    // For `expr` rules: %{env:BAYEUX_CHANNEL}, %{env:BAYEUX_OPERATION}.
    apr_table_set(r_->subprocess_env, "BAYEUX_CHANNEL", channel.text().c_str());
    apr_table_setn(r_->subprocess_env, "BAYEUX_OPERATION", operation_name(operation));
    const ChannelSection* deciding = sections_->deciding(operation, channel);
    if (deciding != nullptr && !grants(*deciding, operation)) {
        return false;
    }
    if (operation != Operation::kSubscribe || !channel.is_pattern()) {
        return true;
    }
    // Nobody reads /private/** by subscribing to /**: each section that guards some of what the
    // pattern covers has its say. One that covers all of it is less specific than the deciding one,
    // which stands in its place for every single channel of the pattern.
    for (const ChannelSection* section : sections_->all()) {
        if (section != deciding && section->rules_on(operation) &&
            section->name.overlaps(channel) && !covers(section->name, channel) &&
            !grants(*section, operation)) {
            return false;
        }
    }
    return true;
}

bool RequestPolicy::grants(const ChannelSection& section, Operation operation) const {
    for (const ChannelRule* rule = section.rules; rule != nullptr; rule = rule->next) {
        if (rule->operation != operation) {
            continue;
        }
        apr_table_setn(r_->notes, AUTHZ_PROVIDER_NAME_NOTE, rule->provider_name);
        const auto* provider = static_cast<const authz_provider*>(rule->provider);
        const authz_status status =
            provider->check_authorization(r_, rule->arguments, rule->parsed);
        apr_table_unset(r_->notes, AUTHZ_PROVIDER_NAME_NOTE);
        if (status == AUTHZ_GRANTED) {
            return true;
        }
    }
    return false;
}

broker::ChannelOptions RequestPolicy::options(const protocol::ChannelName& channel) {
    if (sections_ == nullptr) {
        return {false, broadcast_to_publisher_};
    }
    return sections_->options(channel, broadcast_to_publisher_);
}

}  // namespace bayeux::httpd
