#include "httpd/lane_policy.hpp"

#include "httpd/authorization.hpp"

namespace bayeux::httpd {

using broker::Operation;

bool NotingPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    if (answers_ != nullptr && wants_create_answer(operation, channel) &&
        asked_.may_block(Operation::kCreate, channel)) {
        static_cast<void>(ask(Operation::kCreate, channel));
    }
    return ask(operation, channel);
}

bool NotingPolicy::ask(Operation operation, const protocol::ChannelName& channel) {
    const bool note = answers_ != nullptr && asked_.may_block(operation, channel);
    const bool allowed = asked_.allows(operation, channel);
    if (note) {
        answers_->remember(operation, channel.text(), allowed, good_until_);
    }
    return allowed;
}

bool LanePolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    return sections_ == nullptr || !sections_->guards(operation, channel) ||
           answers_.recall(operation, channel.text(), clock_.now()).value_or(false);
}

bool LanePolicy::may_block(Operation operation, const protocol::ChannelName& channel) {
    return sections_ != nullptr && sections_->guards(operation, channel) &&
           !answers_.is_fresh(operation, channel.text(), clock_.now());
}

broker::ChannelOptions LanePolicy::options(const protocol::ChannelName& channel) {
    return options_of(sections_, channel, broadcast_to_publisher_);
}

}  // namespace bayeux::httpd
