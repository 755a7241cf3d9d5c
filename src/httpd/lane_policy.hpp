// The broker's questions in the fast lane: answered by what providers said to the same request head
// a short time ago, or not at all.
#ifndef BAYEUX_HTTPD_LANE_POLICY_HPP
#define BAYEUX_HTTPD_LANE_POLICY_HPP

#include "base/clock.hpp"
#include "broker/policy.hpp"
#include "httpd/answers.hpp"
#include "httpd/channel_sections.hpp"

namespace bayeux::httpd {

// On a worker: lets `asked` answer, and notes what it said.
class NotingPolicy final : public broker::Policy {
  public:
    // `answers` may be nullptr: nothing is noted.
    NotingPolicy(broker::Policy& asked, Answers* answers, TimePoint good_until) noexcept
        : asked_(asked), answers_(answers), good_until_(good_until) {}

    [[nodiscard]] bool allows(broker::Operation operation,
                              const protocol::ChannelName& channel) override;
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& channel) override {
        return asked_.options(channel);
    }
    [[nodiscard]] bool may_block(broker::Operation operation,
                                 const protocol::ChannelName& channel) override {
        return asked_.may_block(operation, channel);
    }

  private:
    [[nodiscard]] bool ask(broker::Operation operation, const protocol::ChannelName& channel);

    broker::Policy& asked_;
    Answers* answers_;
    const TimePoint good_until_;
};

// In the loop: never blocks.
class LanePolicy final : public broker::Policy {
  public:
    // `sections` may be nullptr: a domain without rules allows everything.
    LanePolicy(const DomainSections* sections, const Answers& answers, const Clock& clock,
               bool broadcast_to_publisher) noexcept
        : sections_(sections),
          answers_(answers),
          clock_(clock),
          broadcast_to_publisher_(broadcast_to_publisher) {}

    [[nodiscard]] bool allows(broker::Operation operation,
                              const protocol::ChannelName& channel) override;
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& channel) override;
    [[nodiscard]] bool may_block(broker::Operation operation,
                                 const protocol::ChannelName& channel) override;

  private:
    const DomainSections* sections_;
    const Answers& answers_;
    const Clock& clock_;
    bool broadcast_to_publisher_;
};

}  // namespace bayeux::httpd

#endif
