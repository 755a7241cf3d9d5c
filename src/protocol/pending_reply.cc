#include "protocol/pending_reply.hpp"

#include "protocol/timestamp.hpp"

namespace bayeux::protocol {

namespace {

void append_ext(std::string& out, const PendingReply& reply, const WriteTime& at) {
    const bool batch = reply.wants_batch && at.batch.has_value();
    if (!reply.ack && !batch && !reply.timesync && !reply.ext) {
        return;
    }
    out += ",\"ext\":{";
    if (reply.ack || batch) {
        out += "\"ack\":";
        out += reply.ack ? *reply.ack : std::to_string(*at.batch);
    }
    if (reply.timesync) {
        out += reply.ack || batch ? ",\"timesync\":" : "\"timesync\":";
        reply.timesync->append_to(out, at.now);
    }
    if (reply.ext) {
        out += reply.ack || batch || reply.timesync ? "," : "";
        out += *reply.ext;
    }
    out += '}';
}

}  // namespace

void PendingReply::append_to(std::string& out, const WriteTime& at) const {
    out += text;
    if (advice) {
        out += ",\"advice\":";
        advice->append_to(out);
    }
    append_ext(out, *this, at);
    if (timestamp) {
        out += ",\"timestamp\":";
        append_timestamp(out, at.now);
    }
    out += '}';
}

}  // namespace bayeux::protocol
