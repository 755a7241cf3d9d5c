// What the fast lane needs to know of the request that httpd accepted. Given by httpd anew with
// each pass that promotes a head; the loop reads it until the connection goes to a worker again.
#ifndef BAYEUX_LOOP_LANE_HOST_HPP
#define BAYEUX_LOOP_LANE_HOST_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "broker/engine.hpp"
#include "loop/accepted_head.hpp"
#include "loop/reply_head.hpp"

namespace bayeux::loop {

struct LaneTerms {
    std::optional<AcceptedHead> accepted;  // nothing: every request is httpd's
    std::optional<ReplyHead> reply;        // set if `accepted` is
    std::string_view duplicate;            // BayeuxDuplicateConnectStatus with its text (CN-12)
    std::size_t max_body = 0;              // BayeuxMaxMessageSize, LimitRequestBody
    // What is left of MaxKeepAliveRequests; nothing if there is no limit.
    std::optional<std::uint32_t> requests_left;
    TimePoint good_until;        // BayeuxRevalidate
    Millis keep_alive{5000};     // KeepAliveTimeout
    Millis head_timeout{20000};  // a request must arrive within
    Millis patience{60000};      // Timeout: for a client to take what is written
};

class LaneHost {
  public:
    LaneHost() = default;
    LaneHost(const LaneHost&) = delete;
    LaneHost& operator=(const LaneHost&) = delete;
    virtual ~LaneHost() = default;

    [[nodiscard]] virtual const LaneTerms& terms() const noexcept = 0;
    // Settings, policy and cookie of the accepted request; the policy never blocks, it may only say
    // that it would have to.
    [[nodiscard]] virtual broker::Request request() noexcept = 0;
};

}  // namespace bayeux::loop

#endif
