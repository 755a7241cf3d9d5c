// What logs and server-status may show of a URL: a clientId is a secret, of which only the
// beginning is shown, and so is what a message says, of which nothing is (S19).
//
// Ids are known by what they look like, wherever they stand and whatever is in front of them: a
// parameter with a wrong name, or an id that somebody copied badly, would give one away as well.
#ifndef BAYEUX_PROTOCOL_SHOWN_URL_HPP
#define BAYEUX_PROTOCOL_SHOWN_URL_HPP

#include <string>
#include <string_view>

namespace bayeux::protocol {

// Of each row of more than 16 hexadecimal digits, whether escaped or not, the first six; so a part
// of a clientId that stays whole is not worth trying the rest.
[[nodiscard]] std::string shown_path(std::string_view path);

// Likewise, and nothing of the values of `message`. The query without its question mark.
[[nodiscard]] std::string shown_query(std::string_view query);

}  // namespace bayeux::protocol

#endif
