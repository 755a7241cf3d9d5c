// What authorization providers have said, remembered for a while, so that the loop need not wait
// for them again.
#ifndef BAYEUX_HTTPD_ANSWERS_HPP
#define BAYEUX_HTTPD_ANSWERS_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "broker/policy.hpp"

namespace bayeux::httpd {

// Of one stream, or of one connection and request head: whoever asks again is whoever was asked
// for. By the connection's owner.
class Answers {
  public:
    static constexpr std::size_t kMax = 256;
    // What is_fresh() called known may be used for this long: as long as the batch at hand takes.
    static constexpr Millis kGrace{2000};

    void remember(broker::Operation operation, const std::string& channel, bool allowed,
                  TimePoint good_until);
    // The newer answers to the same questioner.
    void take_over(Answers& newer);
    void clear() noexcept { answers_.clear(); }
    [[nodiscard]] bool empty() const noexcept { return answers_.empty(); }
    [[nodiscard]] bool is_fresh(broker::Operation operation, const std::string& channel,
                                TimePoint now) const;
    // Nothing if it is not known, or not any more.
    [[nodiscard]] std::optional<bool> recall(broker::Operation operation,
                                             const std::string& channel, TimePoint now) const;

  private:
    struct Answer {
        bool allowed = false;
        TimePoint good_until;
    };
    std::map<std::pair<broker::Operation, std::string>, Answer> answers_;
};

// The broker does not ask whether a channel that exists may be created; but it may have gone when
// the next message comes, and the loop wants to know before: ask that too, beside `operation`.
[[nodiscard]] inline bool wants_create_answer(broker::Operation operation,
                                              const protocol::ChannelName& channel) noexcept {
    return operation != broker::Operation::kCreate &&
           channel.kind() == protocol::ChannelKind::kBroadcast;
}

}  // namespace bayeux::httpd

#endif
