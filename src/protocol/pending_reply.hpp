// A reply of which the last fields are known only when it is written: the number of the batch that
// it brings (X-ACK 4), how long its request took (X-TSYNC 3), and when that is (X-TS).
#ifndef BAYEUX_PROTOCOL_PENDING_REPLY_HPP
#define BAYEUX_PROTOCOL_PENDING_REPLY_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "protocol/advice.hpp"
#include "protocol/timesync.hpp"

namespace bayeux::protocol {

// What is known at the time of writing.
struct WriteTime {
    WallTime now;
    std::optional<std::uint32_t> batch;  // of the events that the same response brings
};

struct PendingReply {
    std::string text;  // the object without its closing brace, and without what follows here
    std::optional<Advice> advice;
    std::optional<std::string> ack;  // of ext.ack where it is known already, as JSON
    bool wants_batch = false;        // ext.ack is the batch's number, if there is one
    std::optional<TimesyncReply> timesync;
    bool timestamp = false;
    // Further members of `ext`, JSON without the braces. Hardly any reply has some, and a held
    // connect shall not keep room for them.
    std::shared_ptr<const std::string> ext;

    // Appends the whole object.
    void append_to(std::string& out, const WriteTime& at) const;
};

}  // namespace bayeux::protocol

#endif
