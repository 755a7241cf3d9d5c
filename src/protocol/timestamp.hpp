// The time of day as the timestamp extension writes it (X-TS). Any thread.
#ifndef BAYEUX_PROTOCOL_TIMESTAMP_HPP
#define BAYEUX_PROTOCOL_TIMESTAMP_HPP

#include <string>

#include "base/clock.hpp"

namespace bayeux::protocol {

// Appends "Tue Nov 14 22:13:20 GMT 2023", with its quotes: always English and always GMT, whatever
// the server's locale and zone.
void append_timestamp(std::string& out, WallTime at);

}  // namespace bayeux::protocol

#endif
