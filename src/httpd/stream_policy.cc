#include "httpd/stream_policy.hpp"

#include "httpd/authorization.hpp"
#include "httpd/passing_request.hpp"

namespace bayeux::httpd {
namespace {

using broker::Operation;

}  // namespace

bool StreamPolicy::ask(Operation operation, const protocol::ChannelName& channel) const {
    PassingRequest r(r_);
    return ask_providers(r.get(), *sections_, operation, channel);
}

bool StreamPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    if (wants_create_answer(operation, channel)) {
        static_cast<void>(knows(Operation::kCreate, channel));
    }
    return knows(operation, channel);
}

bool StreamPolicy::knows(Operation operation, const protocol::ChannelName& channel) {
    if (sections_ == nullptr || !sections_->guards(operation, channel)) {
        return true;
    }
    const TimePoint now = clock_.now();
    if (const auto known = answers_.recall(operation, channel.text(), now)) {
        return *known;
    }
    const bool allowed = ask(operation, channel);
    answers_.remember(operation, channel.text(), allowed, now + lifetime_);
    return allowed;
}

bool StreamPolicy::may_block(Operation operation, const protocol::ChannelName& channel) {
    return sections_ != nullptr && sections_->guards(operation, channel) &&
           !answers_.is_fresh(operation, channel.text(), clock_.now());
}

broker::ChannelOptions StreamPolicy::options(const protocol::ChannelName& channel) {
    return options_of(sections_, channel, broadcast_to_publisher_);
}

}  // namespace bayeux::httpd
