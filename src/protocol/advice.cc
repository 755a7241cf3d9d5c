#include "protocol/advice.hpp"

#include <string_view>

namespace bayeux::protocol {

namespace {

std::string_view name_of(Reconnect reconnect) noexcept {
    switch (reconnect) {
        case Reconnect::kRetry:
            return "retry";
        case Reconnect::kHandshake:
            return "handshake";
        case Reconnect::kNone:
            break;
    }
    return "none";
}

void append_millis(std::string& out, std::string_view name, const std::optional<Millis>& value) {
    if (value) {
        out += ",\"";
        out += name;
        out += "\":";
        out += std::to_string(value->count());
    }
}

}  // namespace

void Advice::append_to(std::string& out) const {
    out += "{\"reconnect\":\"";
    out += name_of(reconnect);
    out += '"';
    append_millis(out, "interval", interval);
    append_millis(out, "timeout", timeout);
    if (multiple_clients) {
        out += *multiple_clients ? ",\"multiple-clients\":true" : ",\"multiple-clients\":false";
    }
    out += '}';
}

}  // namespace bayeux::protocol
