// The broker's questions on a stream: answered for the request that began it (WS-14), and
// remembered for a while, so that the loop need not wait for a provider.
#ifndef BAYEUX_HTTPD_STREAM_POLICY_HPP
#define BAYEUX_HTTPD_STREAM_POLICY_HPP

#include "base/clock.hpp"
#include "broker/policy.hpp"
#include "httpd/answers.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// By the owner of the stream: the loop may call allows() only where may_block() was false just
// before.
class StreamPolicy final : public broker::Policy {
  public:
    // `sections` may be nullptr: a domain without rules allows everything. An answer holds for
    // `lifetime`, BayeuxRevalidate.
    StreamPolicy(request_rec* r, const DomainSections* sections, const Clock& clock,
                 Millis lifetime, bool broadcast_to_publisher) noexcept
        : r_(r),
          sections_(sections),
          clock_(clock),
          lifetime_(lifetime),
          broadcast_to_publisher_(broadcast_to_publisher) {}

    [[nodiscard]] bool allows(broker::Operation operation,
                              const protocol::ChannelName& channel) override;
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& channel) override;
    [[nodiscard]] bool may_block(broker::Operation operation,
                                 const protocol::ChannelName& channel) override;

    // Nobody is ever asked: the request is of no use.
    [[nodiscard]] bool asks_nobody() const noexcept {
        return sections_ == nullptr || !sections_->has_rules();
    }

  private:
    // The answer, remembered or asked for.
    [[nodiscard]] bool knows(broker::Operation operation, const protocol::ChannelName& channel);
    [[nodiscard]] bool ask(broker::Operation operation, const protocol::ChannelName& channel) const;

    request_rec* r_;
    const DomainSections* sections_;
    const Clock& clock_;
    Millis lifetime_;
    bool broadcast_to_publisher_;
    Answers answers_;
};

}  // namespace bayeux::httpd

#endif
