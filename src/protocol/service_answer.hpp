// The events that a service's answers become (PB-15): of a message with an `id` they have both that
// id and `successful`, by which clients tell them from other events and find the call.
//
// Pure functions, any thread; nothing throws but std::bad_alloc.
#ifndef BAYEUX_PROTOCOL_SERVICE_ANSWER_HPP
#define BAYEUX_PROTOCOL_SERVICE_ANSWER_HPP

#include <optional>
#include <string>
#include <string_view>

namespace bayeux::protocol {

// What the answer belongs to.
struct AnswerTo {
    std::string_view channel;  // normalised
    std::string_view id;       // JSON as it was sent; empty without one
};

// `data` is JSON, passed on as it is. Without an id it is an event as any other (PB-3).
[[nodiscard]] std::string make_answer(const AnswerTo& to, std::string_view data);

// `data` says what went wrong: the service's own JSON, or
// {"code":503,"message":"..."}.
[[nodiscard]] std::string make_failure(const AnswerTo& to, std::string_view data);
[[nodiscard]] std::string make_failure(const AnswerTo& to, int code, std::string_view message);

// The text of a JSON id without its quotes, for a header: letters and digits only (ENV-6), or
// nothing.
[[nodiscard]] std::string_view plain_id(std::string_view id) noexcept;

}  // namespace bayeux::protocol

#endif
