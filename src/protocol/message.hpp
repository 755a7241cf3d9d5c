// One decoded request message, and the texts made of one: its reply, and the event it becomes.
//
// A Message borrows from the body it was decoded from, which must outlive it. What a field's type
// rules out is noted in `problem` and answered per message (ENV-13); it never fails the batch.
#ifndef BAYEUX_PROTOCOL_MESSAGE_HPP
#define BAYEUX_PROTOCOL_MESSAGE_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "protocol/advice.hpp"
#include "protocol/pending_reply.hpp"
#include "protocol/timesync.hpp"

namespace bayeux::protocol {

// The meta messages are recognised by exact name only (CH-12, S1).
enum class MessageType : std::uint8_t {
    kHandshake,
    kConnect,
    kSubscribe,
    kUnsubscribe,
    kDisconnect,
    kPublish,  // everything else: broadcast, service and unknown meta channels
};

// Where a client asks for more, it gets this: no sum of times overflows (S6).
inline constexpr Millis kMaxAdvice{0x7fffffff};

struct Message {
    std::string_view raw;  // the whole object
    MessageType type = MessageType::kPublish;
    std::string channel;    // decoded, as the client wrote it; empty if missing
    std::string client_id;  // decoded; empty if missing
    // Set where the message cannot be processed whatever its channel: the error for its reply. In
    // the order of ENV-7: not an object, duplicate or mistyped envelope field, channel missing.
    std::optional<std::string_view> problem;

    // JSON tokens as they stood in the body; empty if absent.
    std::string_view id;            // echoed as it is (ENV-4, ENV-5)
    std::string_view data;          // delivered as it is (PB-1)
    std::string_view ext;           // an object
    std::string_view subscription;  // echoed in the same shape (SB-2)

    bool subscription_valid = false;         // a string or an array of strings
    std::vector<std::string> subscriptions;  // decoded; empty for []
    bool has_connection_types = false;
    std::vector<std::string> connection_types;  // of supportedConnectionTypes; the strings in it
    std::string connection_type;                // of a connect
    bool has_advice = false;
    std::optional<Millis> advice_timeout;   // 0 to kMaxAdvice only
    std::optional<Millis> advice_interval;  // 0 to kMaxAdvice only

    // Of `ext`, what extensions of this server look at; anything else in it is passed on.
    // Of meta messages only.
    bool wants_ack = false;                    // ext.ack is `true` (X-ACK 1)
    std::optional<std::int64_t> acknowledged;  // ext.ack is an integer (X-ACK 5)
    std::optional<TimesyncRequest> timesync;   // X-TSYNC 1

    // ENV-6: a string of letters and digits, or an unsigned number; true if absent.
    [[nodiscard]] bool id_valid() const noexcept;
};

// `raw` is one element of an accepted batch, trimmed; it may be any JSON value. `message` is new.
void decode_message(std::string_view raw, Message& message);
[[nodiscard]] inline Message decode_message(std::string_view raw) {
    Message message;
    decode_message(raw, message);
    return message;
}

// The event that a publish becomes (PB-3, PB-12, PB-13, CID-3, S5, S6): `channel` (normalised) and
// `data`, then the other published members as they were, without `id`, `clientId`, every other name
// that steers a client (successful, error, advice, subscription, ...), and with `ext` less its
// `authentication`.
// With `timestamp` the event says when it was sent, whatever the publisher claimed (X-TS).
[[nodiscard]] std::string make_event(const Message& publish, std::string_view channel,
                                     std::optional<WallTime> timestamp = std::nullopt);

// The reply to one message (ENV-10), built field by field in wire order.
class Reply {
  public:
    // Echoes the message's channel, its id if it is a string or a number, and its subscription; the
    // last two only up to a size that honest clients never reach.
    explicit Reply(const Message& request);

    Reply& succeed();
    Reply& fail(std::string_view error);
    Reply& advise(const Advice& advice);
    // A further member, once per name: `json` is its value as JSON text, `name` needs no escapes.
    Reply& with(std::string_view name, std::string_view json);

    [[nodiscard]] bool successful() const noexcept { return successful_; }
    // The reply so far, ready to be written; extensions add to what comes back.
    [[nodiscard]] PendingReply pending() const;
    // The whole object, as it is without extensions.
    [[nodiscard]] std::string text() const;

  private:
    std::string head_;  // {"channel":…,"id":…,"subscription":…
    std::string tail_;  // ,"clientId":… and other members
    std::string error_;
    std::optional<Advice> advice_;
    bool successful_ = false;
};

}  // namespace bayeux::protocol

#endif
