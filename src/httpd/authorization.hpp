// The broker's questions, answered by httpd's authorization providers for the request at hand.
#ifndef BAYEUX_HTTPD_AUTHORIZATION_HPP
#define BAYEUX_HTTPD_AUTHORIZATION_HPP

#include "broker/policy.hpp"
#include "broker/session_store.hpp"
#include "httpd/channel_sections.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Whom httpd has let in with the request, as long as that lives. A child's.
[[nodiscard]] broker::User user_of(const request_rec* r) noexcept;

// Asks the providers of the rules that decide about this operation, on behalf of `r`. They may
// block, and write to the request's tables and pool. A worker.
[[nodiscard]] bool ask_providers(request_rec* r, const DomainSections& sections,
                                 broker::Operation operation, const protocol::ChannelName& channel);

// For one request, on the worker that runs it: a provider may block.
class RequestPolicy final : public broker::Policy {
  public:
    // `sections` may be nullptr: a domain without rules allows everything.
    RequestPolicy(request_rec* r, const DomainSections* sections,
                  bool broadcast_to_publisher) noexcept
        : r_(r), sections_(sections), broadcast_to_publisher_(broadcast_to_publisher) {}

    [[nodiscard]] bool allows(broker::Operation operation,
                              const protocol::ChannelName& channel) override;
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& channel) override;
    [[nodiscard]] bool may_block(broker::Operation operation,
                                 const protocol::ChannelName& channel) override;

  private:
    request_rec* r_;
    const DomainSections* sections_;
    bool broadcast_to_publisher_;
};

// What the sections of a domain say of a channel; `sections` may be nullptr.
[[nodiscard]] broker::ChannelOptions options_of(const DomainSections* sections,
                                                const protocol::ChannelName& channel,
                                                bool broadcast_to_publisher);

}  // namespace bayeux::httpd

#endif
