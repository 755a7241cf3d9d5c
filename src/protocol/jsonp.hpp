// callback-polling's body (JP-1..3): JSON inside of a call of the client's function. Pure
// functions, any thread.
#ifndef BAYEUX_PROTOCOL_JSONP_HPP
#define BAYEUX_PROTOCOL_JSONP_HPP

#include <string>
#include <string_view>

namespace bayeux::protocol {

// JP-1: where the request names none.
inline constexpr std::string_view kDefaultCallback = "jsonpcallback";

// JP-2 and JP-3: 1 to 64 of letters, digits, `_`, `$`, `.` and `-`. Nothing else may be written
// into a body, where it would be run (S7).
[[nodiscard]] bool is_callback_name(std::string_view name) noexcept;

// Appends what comes before the JSON. The comment keeps the callback from being a file's first
// bytes (Rosetta Flash). Requires is_callback_name(callback).
void append_jsonp_start(std::string& out, std::string_view callback);
// Appends the same JSON value as text that is valid inside of any script: `<`, U+2028 and U+2029
// become \u escapes. `json` has been accepted by is_json(), or is a part of such text.
void append_script_json(std::string& out, std::string_view json);
// Appends what comes behind the JSON.
void append_jsonp_end(std::string& out);

// A whole body: the three above.
[[nodiscard]] std::string jsonp_body(std::string_view callback, std::string_view json);

}  // namespace bayeux::protocol

#endif
