#include "httpd/answers.hpp"

namespace bayeux::httpd {

using broker::Operation;

void Answers::remember(Operation operation, const std::string& channel, bool allowed,
                       TimePoint good_until) {
    if (answers_.size() >= kMax) {
        answers_.clear();  // more channels than that are not worth remembering
    }
    answers_[{operation, channel}] = {allowed, good_until};
}

void Answers::take_over(Answers& newer) {
    for (const auto& [question, answer] : newer.answers_) {
        remember(question.first, question.second, answer.allowed, answer.good_until);
    }
    newer.clear();
}

bool Answers::is_fresh(Operation operation, const std::string& channel, TimePoint now) const {
    const auto found = answers_.find({operation, channel});
    return found != answers_.end() && now < found->second.good_until;
}

std::optional<bool> Answers::recall(Operation operation, const std::string& channel,
                                    TimePoint now) const {
    const auto found = answers_.find({operation, channel});
    if (found == answers_.end() || now >= found->second.good_until + kGrace) {
        return std::nullopt;
    }
    return found->second.allowed;
}

}  // namespace bayeux::httpd
