#include "httpd/lane_policy.hpp"

#include "httpd/authorization.hpp"

namespace bayeux::httpd {

using broker::Operation;

void LaneAnswers::remember(Operation operation, const std::string& channel, bool allowed,
                           TimePoint good_until) {
    if (answers_.size() >= kMax) {
        answers_.clear();  // more channels than that are not worth remembering
    }
    answers_[{operation, channel}] = {allowed, good_until};
}

void LaneAnswers::take_over(LaneAnswers& newer) {
    for (const auto& [question, answer] : newer.answers_) {
        remember(question.first, question.second, answer.allowed, answer.good_until);
    }
    newer.clear();
}

bool LaneAnswers::known(Operation operation, const std::string& channel, TimePoint now) const {
    const auto found = answers_.find({operation, channel});
    return found != answers_.end() && now < found->second.good_until;
}

bool LaneAnswers::allowed(Operation operation, const std::string& channel, TimePoint now) const {
    const auto found = answers_.find({operation, channel});
    return found != answers_.end() && found->second.allowed &&
           now < found->second.good_until + kGrace;
}

bool NotingPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    if (answers_ != nullptr && operation != Operation::kCreate &&
        channel.kind() == protocol::ChannelKind::kBroadcast &&
        asked_.may_block(Operation::kCreate, channel)) {
        // Not asked for a channel that exists; but it may have gone when the next message comes,
        // and the loop wants to know before.
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
           answers_.allowed(operation, channel.text(), clock_.now());
}

bool LanePolicy::may_block(Operation operation, const protocol::ChannelName& channel) {
    return sections_ != nullptr && sections_->guards(operation, channel) &&
           !answers_.known(operation, channel.text(), clock_.now());
}

broker::ChannelOptions LanePolicy::options(const protocol::ChannelName& channel) {
    return options_of(sections_, channel, broadcast_to_publisher_);
}

}  // namespace bayeux::httpd
