#include "protocol/batch.hpp"

#include <utility>

#include "protocol/json_text.hpp"

namespace bayeux::protocol {

namespace {

Error invalid(const char* text) {
    return Error{ErrorCode::kInvalid, text};
}

Error too_many(std::size_t limit) {
    return Error{ErrorCode::kTooLarge,
                 "the body holds more than " + std::to_string(limit) + " messages"};
}

}  // namespace

Result<std::vector<Message>> decode_batch(std::string_view json, const BatchLimits& limits) {
    const std::string_view text = trim_json(json);
    if (text.empty()) {
        return invalid("the body is empty");
    }
    if (!is_json(text)) {
        return invalid("the body is not valid JSON");
    }
    std::vector<Message> messages;
    const JsonKind kind = kind_of(text);
    if (kind == JsonKind::kObject) {  // ENV-1
        if (limits.max_messages == 0) {
            return too_many(0);
        }
        decode_message(text, messages.emplace_back());
        return messages;
    }
    if (kind != JsonKind::kArray) {  // ENV-14
        return invalid("the body is not an array of messages");
    }
    bool any_object = false;
    JsonElements elements(text);
    for (std::string_view element; elements.next(element);) {
        if (messages.size() == limits.max_messages) {
            return too_many(limits.max_messages);
        }
        any_object = any_object || kind_of(element) == JsonKind::kObject;
        decode_message(element, messages.emplace_back());
    }
    if (messages.empty()) {  // ENV-15
        return invalid("the body holds no message");
    }
    if (!any_object) {
        return invalid("the body holds no message object");
    }
    return messages;
}

}  // namespace bayeux::protocol
