// decode_batch() on any bytes: nothing it hands out lies outside of the body, and whatever is made
// of its messages, replies and events, is JSON again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/batch.hpp"
#include "protocol/error_text.hpp"
#include "protocol/json_text.hpp"
#include "protocol/repeated_connect.hpp"

namespace {

using bayeux::protocol::Message;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void require_inside(std::string_view slice, std::string_view body) {
    require(slice.empty() || (slice.data() >= body.data() &&
                              slice.data() + slice.size() <= body.data() + body.size()));
}

void require_value(std::string_view slice, std::string_view body) {
    require_inside(slice, body);
    require(slice.empty() || bayeux::protocol::is_json(slice));
    require(bayeux::protocol::trim_json(slice) == slice);
}

// The members that no event may have, whatever was published (CID-3, S5, S6).
void require_no_secret(std::string_view event) {
    const Message message = bayeux::protocol::decode_message(event);
    require(!message.problem.has_value());
    require(message.client_id.empty() && message.id.empty() && message.subscription.empty());
    require(!message.has_advice && !message.has_connection_types);
    require(message.channel == "/fuzz");
    bayeux::protocol::JsonMembers members(message.ext);
    for (std::string_view key, value; members.next(key, value);) {
        require(key != "\"authentication\"");
    }
}

void check_event(const Message& message) {
    const std::string event = bayeux::protocol::make_event(message, "/fuzz");
    require(bayeux::protocol::is_json(event));
    require_no_secret(event);
    require(bayeux::protocol::decode_message(event).data == message.data);
}

void check_replies(const Message& message) {
    require(bayeux::protocol::is_json(bayeux::protocol::Reply(message).succeed().text()));
    const auto error = message.problem.value_or(bayeux::protocol::error_text::kChannelInvalid);
    require(bayeux::protocol::is_json(bayeux::protocol::Reply(message).fail(error).text()));
}

// A body that is recalled as the repetition of another means what decoding it says. `other` is
// `body` with one of its bytes changed, or one more put before it.
void check_repeated(std::string_view body, std::vector<Message>&& messages) {
    bayeux::protocol::RepeatedConnect repeated;
    repeated.keep(body, std::move(messages));
    for (std::size_t i = 0; i < std::min<std::size_t>(body.size(), 300); ++i) {
        std::string other(body);
        const char byte = "a1\"\\}"[i % 5];
        if ((i + body.size()) % 2 == 0) {
            other[i] = byte;
        } else {
            other.insert(i, 1, byte);
        }
        if (const auto* const recalled = repeated.recall(other)) {
            const auto decoded = bayeux::protocol::decode_batch(other, {});
            require(decoded.has_value() && decoded.value().size() == 1 && recalled->size() == 1);
            const Message& is = recalled->front();
            const Message& expected = decoded.value().front();
            require(is.id == expected.id && is.raw == expected.raw && !expected.problem);
            require(is.type == expected.type && is.client_id == expected.client_id);
            require(is.connection_type == expected.connection_type && expected.ext.empty());
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(bytes), size);
    auto batch = bayeux::protocol::decode_batch(body, {});
    require(batch.has_value() || !batch.error().text.empty());
    if (!batch) {
        return 0;
    }
    require(bayeux::protocol::is_json(body) && !batch.value().empty());
    for (const Message& message : batch.value()) {
        for (const std::string_view slice :
             {message.raw, message.id, message.data, message.ext, message.subscription}) {
            require_value(slice, body);
        }
        static_cast<void>(message.id_valid());
        check_replies(message);
        if (!message.problem && !message.data.empty()) {
            check_event(message);
        }
    }
    check_repeated(body, std::move(batch.value()));
    return 0;
}
