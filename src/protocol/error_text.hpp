// Every error string that goes to a client, in one table (ER-1, ER-2). Clients key on the number.
#ifndef BAYEUX_PROTOCOL_ERROR_TEXT_HPP
#define BAYEUX_PROTOCOL_ERROR_TEXT_HPP

#include <string>
#include <string_view>

namespace bayeux::protocol::error_text {

// In a reply's `error` field; the comment names the rule.
inline constexpr std::string_view kChannelMissing = "400::channel_missing";    // ENV-8, SB-4
inline constexpr std::string_view kMessageInvalid = "400::message_invalid";    // ENV-13, S6
inline constexpr std::string_view kDataMissing = "400::data_missing";          // PB-4
inline constexpr std::string_view kSessionUnknown = "402::session_unknown";    // CID-7
inline constexpr std::string_view kHandshakeDenied = "403::handshake_denied";  // HS-6
inline constexpr std::string_view kHandshakeFailed = "403::handshake_failed";  // HS-6
inline constexpr std::string_view kSubscriptionMissing = "403::subscription_missing";  // SB-3
inline constexpr std::string_view kSubscriptionInvalid = "403::subscription_invalid";  // SB-3
inline constexpr std::string_view kSubscribeFailed = "403::subscribe_failed";          // SB-3
inline constexpr std::string_view kUnsubscribeFailed = "403::unsubscribe_failed";      // SB-4
inline constexpr std::string_view kChannelInvalid = "405::channel_invalid";            // CH-3
inline constexpr std::string_view kMessageIdInvalid = "405::message_id_invalid";       // ENV-6
inline constexpr std::string_view kTooManyHandshakes = "429::too_many_handshakes";     // S16
inline constexpr std::string_view kStoreFull = "503::server_full";                     // design 8
inline constexpr std::string_view kSubscriptionLimit = "503::too_many_subscriptions";  // S16

// Reasons, for denied() below (PB-8).
inline constexpr std::string_view kByPolicy = "denied_by_security_policy";
inline constexpr std::string_view kNotGranting = "denied_by_not_granting";

// What was refused, for denied() below.
inline constexpr std::string_view kHandshake = "handshake_denied";
inline constexpr std::string_view kCreate = "create_denied";                 // a subscribe's
inline constexpr std::string_view kChannelCreate = "channel_create_denied";  // a publish's
inline constexpr std::string_view kSubscribe = "subscribe_denied";
inline constexpr std::string_view kPublish = "publish_denied";

// What was too much, for limited() below (S16).
inline constexpr std::string_view kTooManyMessages = "too_many_messages";
inline constexpr std::string_view kTooManyBytes = "too_many_bytes";

// "403:<reason>:<what>".
[[nodiscard]] std::string denied(std::string_view reason, std::string_view what);
// "403:<reason>:<what>", the reason in somebody's own words, cut to what ER-1 allows; without any
// it is kByPolicy, or none for a handshake (HS-6).
[[nodiscard]] std::string denied_because(std::string_view reason, std::string_view what);
// HS-5: "301:<types>:connection_types_not_supported", the types cut to what ER-1 allows.
[[nodiscard]] std::string connection_types_unsupported(std::string_view types);
// "429:<channel>:<what>", the channel cut to what ER-1 allows.
[[nodiscard]] std::string limited(std::string_view channel, std::string_view what);
// "403:<filter>,<section>:refused_by_filter", both cut to what ER-1 allows.
[[nodiscard]] std::string filtered(std::string_view filter, std::string_view section);

}  // namespace bayeux::protocol::error_text

#endif
