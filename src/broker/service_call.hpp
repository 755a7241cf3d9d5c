// A message on a channel that has a service: what the service must be told, and where its answer
// goes. A value; nothing is called by it.
#ifndef BAYEUX_BROKER_SERVICE_CALL_HPP
#define BAYEUX_BROKER_SERVICE_CALL_HPP

#include <cstdint>
#include <string>

#include "base/strong_id.hpp"
#include "protocol/channel_name.hpp"

namespace bayeux::broker {

// The message was allowed and is acknowledged, whatever becomes of the call (PB-11).
struct ServiceCall {
    SessionHandle session;       // the sender, who gets the answer
    std::uint64_t user_tag = 0;  // whose it is; if it changes hands the answer is not for the next
    std::string client_id;       // of the same
    protocol::ChannelName channel;
    std::string id;    // JSON as it was sent; empty without one (PB-15)
    std::string data;  // JSON as it was sent
};

}  // namespace bayeux::broker

#endif
