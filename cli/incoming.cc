#include "cli/incoming.hpp"

#include <algorithm>

#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::cli {

namespace {

using protocol::JsonKind;
using protocol::JsonMembers;

void take_advice(std::string_view advice, Incoming& message) {
    JsonMembers members(advice);
    for (std::string_view key, value; members.next(key, value);) {
        if (key == "\"reconnect\"") {
            message.reconnect = protocol::decode_string(value).value_or("");
        } else if (key == "\"interval\"") {
            message.interval = protocol::decode_integer(value);
        } else if (key == "\"timeout\"") {
            message.timeout = protocol::decode_integer(value);
        }
    }
}

void take_ext(std::string_view ext, Incoming& message) {
    JsonMembers members(ext);
    for (std::string_view key, value; members.next(key, value);) {
        if (key == "\"ack\"" && protocol::kind_of(value) == JsonKind::kNumber) {
            message.ack = protocol::decode_integer(value);
        }
    }
}

void take_member(std::string_view key, std::string_view value, Incoming& message) {
    if (key == "\"channel\"") {
        message.channel = protocol::decode_string(value).value_or("");
    } else if (key == "\"data\"") {
        message.data = value;
    } else if (key == "\"successful\"") {
        message.successful = value == "true";
    } else if (key == "\"error\"") {
        message.error = protocol::decode_string(value).value_or("");
    } else if (key == "\"clientId\"") {
        message.client_id = protocol::decode_string(value).value_or("");
    } else if (key == "\"advice\"" && protocol::kind_of(value) == JsonKind::kObject) {
        take_advice(value, message);
    } else if (key == "\"ext\"" && protocol::kind_of(value) == JsonKind::kObject) {
        take_ext(value, message);
    }
}

}  // namespace

std::optional<std::vector<Incoming>> read_messages(std::string_view body) {
    const std::string_view text = protocol::trim_json(body);
    if (!protocol::is_json(text) || protocol::kind_of(text) != JsonKind::kArray) {
        return std::nullopt;
    }
    std::vector<Incoming> messages;
    protocol::JsonElements elements(text);
    for (std::string_view element; elements.next(element);) {
        if (protocol::kind_of(element) != JsonKind::kObject) {
            return std::nullopt;
        }
        Incoming& message = messages.emplace_back();
        message.raw = element;
        JsonMembers members(element);
        for (std::string_view key, value; members.next(key, value);) {
            take_member(key, value, message);
        }
    }
    return messages;
}

std::string on_one_line(std::string_view json) {
    // Inside of strings JSON has none.
    std::string line(json);
    std::ranges::replace(line, '\n', ' ');
    std::ranges::replace(line, '\r', ' ');
    return line;
}

}  // namespace bayeux::cli
