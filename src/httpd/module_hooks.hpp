// The broker's questions and news for other modules, passed on to the functions that they have
// hooked (include/mod_bayeux.h).
#ifndef BAYEUX_HTTPD_MODULE_HOOKS_HPP
#define BAYEUX_HTTPD_MODULE_HOOKS_HPP

#include <cstddef>
#include <string_view>

#include "base/strong_id.hpp"
#include "broker/hooks.hpp"
#include "broker/transport.hpp"
#include "httpd/httpd_api.hpp"
#include "store/farewells.hpp"

namespace bayeux::httpd {

// Notes which hooks there are. In post_config: by then all modules have said so.
void note_hooks() noexcept;
[[nodiscard]] const broker::HooksWanted& hooks_wanted() noexcept;
// True if some hook needs to see the request that a message came with.
[[nodiscard]] bool has_hooks() noexcept;

// Some module wants to know of sessions that end.
[[nodiscard]] bool wants_ends() noexcept;
// Tells them.
class EndNews final : public store::EndListener {
  public:
    void ended(DomainId domain, const protocol::ClientId& session) noexcept override;
};

// As BayeuxTransports and mod_bayeux.h write it; "" for kNone.
[[nodiscard]] const char* transport_name(broker::Transport transport) noexcept;

enum class RequestIs : bool {
    kAtHand,   // a request that ends with its response
    kAStream,  // one that began a stream: hooks see a copy
};

// For the messages of one request or stream, on a worker: a module may block.
class ModuleHooks final : public broker::Hooks {
  public:
    // `r` may be nullptr where no function is ever called, but it must be known what is wanted.
    ModuleHooks(request_rec* r, RequestIs is, broker::Transport transport,
                std::size_t max_data) noexcept
        : Hooks(hooks_wanted()), r_(r), is_(is), transport_(transport), max_data_(max_data) {}

    // What the broker gets: nullptr if nobody wants anything.
    [[nodiscard]] broker::Hooks* if_wanted() noexcept { return has_hooks() ? this : nullptr; }

    // --- broker::Hooks ---
    [[nodiscard]] broker::HandshakeVerdict on_handshake(
        const broker::HookedMessage& message) override;
    [[nodiscard]] broker::Verdict on_subscribe(const broker::HookedMessage& message,
                                               const protocol::ChannelName& channel) override;
    [[nodiscard]] broker::Verdict on_publish(const broker::HookedMessage& message,
                                             const protocol::ChannelName& channel,
                                             std::string_view data) override;
    [[nodiscard]] broker::ServiceVerdict on_service(const broker::HookedMessage& message,
                                                    const protocol::ChannelName& channel,
                                                    std::string_view data) override;
    void created(DomainId domain, std::string_view session) override;
    void subscribed(DomainId domain, std::string_view session,
                    const protocol::ChannelName& channel) override;
    void unsubscribed(DomainId domain, std::string_view session,
                      const protocol::ChannelName& channel) override;

  private:
    request_rec* const r_;
    const RequestIs is_;
    const broker::Transport transport_;
    const std::size_t max_data_;
};

}  // namespace bayeux::httpd

#endif
