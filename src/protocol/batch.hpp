// A request body as messages (ENV-1, ENV-14, ENV-15, HT-4..HT-6). Any thread.
#ifndef BAYEUX_PROTOCOL_BATCH_HPP
#define BAYEUX_PROTOCOL_BATCH_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/message.hpp"

namespace bayeux::protocol {

struct BatchLimits {
    std::size_t max_messages = 1000;  // in one body (S16)
};

// The messages of one JSON text, an array or a lone object, in order. Fails with kInvalid, and a
// text fit for the client, if the text is not JSON, not an array or object, empty, nested too deep,
// not UTF-8, or holds not a single object; with kTooLarge above the limit. The messages borrow from
// `json`.
[[nodiscard]] Result<std::vector<Message>> decode_batch(std::string_view json,
                                                        const BatchLimits& limits);

// The values of every `message` field of an application/x-www-form-urlencoded text, decoded, in
// order (HT-5); kInvalid if a percent escape is broken or there is no such field.
[[nodiscard]] Result<std::vector<std::string>> decode_form(std::string_view form);

// True if a body of this Content-Type is JSON text, false if it is form encoded (HT-4). `type` is
// the header's value or empty; the body decides where the type is missing.
[[nodiscard]] bool is_json_body(std::string_view type, std::string_view body) noexcept;

// The `charset` parameter of a Content-Type in lower case without quotes; empty if there is none.
[[nodiscard]] std::string charset_of(std::string_view type);

}  // namespace bayeux::protocol

#endif
