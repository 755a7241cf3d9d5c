// Who may do what on which channel (design.md 7). The broker asks, httpd answers with its own
// authorization providers; a provider may block, so the broker never asks under a lock.
#ifndef BAYEUX_BROKER_POLICY_HPP
#define BAYEUX_BROKER_POLICY_HPP

#include <cstdint>

#include "base/clock.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/string_filter.hpp"

namespace bayeux::broker {

enum class Operation : std::uint8_t { kCreate, kSubscribe, kPublish };

// Options of the channel sections that match a name.
struct ChannelOptions {
    bool persistent = false;             // BayeuxPersistent
    bool broadcast_to_publisher = true;  // BayeuxBroadcastToPublisher
    Millis lazy{0};                      // BayeuxLazy; 0: off
    bool service = false;                // BayeuxService: messages become service calls
    bool presence = false;               // BayeuxPresence
    // BayeuxFilter; nullptr: none. As long as the configuration.
    const protocol::FilterChain* filters = nullptr;
};

class Policy {
  public:
    Policy() = default;
    Policy(const Policy&) = delete;
    Policy& operator=(const Policy&) = delete;
    virtual ~Policy() = default;

    // `channel` may be a pattern for kSubscribe and kCreate.
    [[nodiscard]] virtual bool allows(Operation operation,
                                      const protocol::ChannelName& channel) = 0;
    [[nodiscard]] virtual ChannelOptions options(const protocol::ChannelName& channel) = 0;
    // True if allows() might block to find its answer. A loop asks first, and leaves what may block
    // to a worker.
    [[nodiscard]] virtual bool may_block(Operation operation,
                                         const protocol::ChannelName& channel) = 0;
};

}  // namespace bayeux::broker

#endif
