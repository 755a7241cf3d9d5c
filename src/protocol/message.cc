#include "protocol/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "protocol/error_text.hpp"
#include "protocol/json.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::protocol {

namespace {

// The envelope's fields. Each may occur once: readers of JSON differ in which of two they believe,
// so a second one could say one thing to us and another to whoever looked before us (S6).
enum class Field : std::uint8_t {
    kChannel,
    kData,
    kId,
    kClientId,
    kSubscription,
    kExt,
    kAdvice,
    kConnectionType,
    kVersion,
    kConnectionTypes,
    kSuccessful,
    kOther,
};

// In the order of Field.
constexpr std::array<std::string_view, 11> kFieldNames = {
    "channel",      "data",
    "id",           "clientId",
    "subscription", "ext",
    "advice",       "connectionType",
    "version",      "supportedConnectionTypes",
    "successful"};
static_assert(kFieldNames.size() == static_cast<std::size_t>(Field::kOther));

Field field_of(std::string_view name) noexcept {
    const auto found = std::find(kFieldNames.begin(), kFieldNames.end(), name);
    return static_cast<Field>(found - kFieldNames.begin());
}

// CH-12, S1: by exact name and nothing else.
MessageType type_of(std::string_view channel) noexcept {
    constexpr std::string_view kMeta = "/meta/";
    if (!channel.starts_with(kMeta)) {
        return MessageType::kPublish;
    }
    constexpr std::array<std::pair<std::string_view, MessageType>, 5> kTypes = {{
        {"connect", MessageType::kConnect},
        {"handshake", MessageType::kHandshake},
        {"subscribe", MessageType::kSubscribe},
        {"unsubscribe", MessageType::kUnsubscribe},
        {"disconnect", MessageType::kDisconnect},
    }};
    channel.remove_prefix(kMeta.size());
    for (const auto& [name, type] : kTypes) {
        if (channel == name) {
            return type;
        }
    }
    return MessageType::kPublish;
}

// The strings of an array go to `out`. False if it holds anything else.
bool decode_strings(std::string_view array, std::vector<std::string>& out) {
    bool all = true;
    JsonElements elements(array);
    for (std::string_view element; elements.next(element);) {
        if (auto text = decode_string(element)) {
            out.push_back(*std::move(text));
        } else {
            all = false;
        }
    }
    return all;
}

// Times beyond this are no client's clock; their sums do not overflow (S6).
constexpr std::int64_t kMaxClientTime = std::int64_t{1} << 53;

std::optional<std::int64_t> decode_client_time(std::string_view value) {
    const auto time = decode_integer(value);
    return time && *time <= kMaxClientTime && *time >= -kMaxClientTime ? time : std::nullopt;
}

// X-TSYNC 1: nothing without the client's own time; other fields that are no times are absent.
std::optional<TimesyncRequest> decode_timesync(std::string_view value) {
    if (kind_of(value) != JsonKind::kObject) {
        return std::nullopt;
    }
    std::optional<std::int64_t> client_time;
    TimesyncRequest request;
    JsonMembers members(value);
    std::string storage;
    for (std::string_view key, time; members.next(key, time);) {
        const auto name = decode_key(key, storage);
        if (name == "tc") {
            client_time = decode_client_time(time);
        } else if (name == "l") {
            request.lag = decode_client_time(time);
        } else if (name == "o") {
            request.offset = decode_client_time(time).value_or(0);
        }
    }
    if (!client_time) {
        return std::nullopt;
    }
    request.client_time = *client_time;
    return request;
}

// What extensions of this server look at. A value of another type than theirs is none (S3).
void decode_ext(Message& message) {
    JsonMembers members(message.ext);
    std::string storage;
    for (std::string_view key, value; members.next(key, value);) {
        const auto name = decode_key(key, storage);
        if (name == "ack") {
            message.wants_ack = value == "true";
            message.acknowledged = decode_integer(value);
        } else if (name == "timesync") {
            message.timesync = decode_timesync(value);
        }
    }
}

// Decodes one object, member by member.
class Decoder {
  public:
    explicit Decoder(Message& message) noexcept : message_(message) {}

    void run() {
        if (kind_of(message_.raw) != JsonKind::kObject) {
            message_.problem = error_text::kMessageInvalid;
            return;
        }
        JsonMembers members(message_.raw);
        std::string storage;
        for (std::string_view key, value; members.next(key, value);) {
            if (const auto name = decode_key(key, storage)) {
                member(field_of(*name), value);
            }
        }
        if (!seen(Field::kChannel)) {
            note(error_text::kChannelMissing);
        }
        message_.type = type_of(message_.channel);
        if (message_.type != MessageType::kPublish && !message_.ext.empty()) {
            decode_ext(message_);
        }
    }

  private:
    void member(Field field, std::string_view value) {
        if (field == Field::kOther) {
            return;
        }
        if (seen(field)) {
            invalid();
            return;
        }
        seen_ |= bit(field);
        take(field, value);
    }

    // ENV-13: a wrong type is noted where guessing on would be unsafe, and passed over elsewhere.
    void take(Field field, std::string_view value) {
        switch (field) {
            case Field::kChannel:
                take_channel(value);
                break;
            case Field::kData:
                message_.data = value;
                break;
            case Field::kId:
                message_.id = value;
                break;
            case Field::kClientId:
                take_client_id(value);
                break;
            case Field::kSubscription:
                take_subscription(value);
                break;
            case Field::kExt:
                take_ext(value);
                break;
            case Field::kAdvice:
                take_advice(value);
                break;
            case Field::kConnectionType:  // CN-3
                message_.connection_type = decode_string(value).value_or("");
                break;
            case Field::kConnectionTypes:
                take_connection_types(value);
                break;
            case Field::kVersion:     // HS-5
            case Field::kSuccessful:  // a reply's
            case Field::kOther:
                break;
        }
    }

    void take_channel(std::string_view value) {
        if (auto text = decode_string(value)) {
            message_.channel = *std::move(text);
        } else {
            note(error_text::kChannelInvalid);
        }
    }

    void take_client_id(std::string_view value) {
        if (auto text = decode_string(value)) {
            message_.client_id = *std::move(text);
        } else {
            invalid();
        }
    }

    void take_subscription(std::string_view value) {
        message_.subscription = value;
        if (kind_of(value) == JsonKind::kArray) {
            message_.subscription_valid = decode_strings(value, message_.subscriptions);
        } else if (auto text = decode_string(value)) {
            message_.subscriptions.push_back(*std::move(text));
            message_.subscription_valid = true;
        }
    }

    void take_ext(std::string_view value) {
        if (kind_of(value) == JsonKind::kObject) {
            message_.ext = value;
        } else {
            invalid();
        }
    }

    void take_advice(std::string_view value) {
        if (kind_of(value) != JsonKind::kObject) {
            invalid();
            return;
        }
        message_.has_advice = true;
        JsonMembers members(value);
        std::string storage;
        for (std::string_view key, amount; members.next(key, amount);) {
            const auto name = decode_key(key, storage);
            if (name == "timeout") {
                take_millis(amount, message_.advice_timeout);
            } else if (name == "interval") {
                take_millis(amount, message_.advice_interval);
            }
        }
    }

    void take_millis(std::string_view value, std::optional<Millis>& out) {
        if (kind_of(value) != JsonKind::kNumber) {
            invalid();
            return;
        }
        const auto count = decode_integer(value);
        if (count && *count >= 0) {
            out = std::min(Millis(*count), kMaxAdvice);
        }
    }

    void take_connection_types(std::string_view value) {
        if (kind_of(value) == JsonKind::kArray) {
            message_.has_connection_types = true;
            decode_strings(value, message_.connection_types);
        }
    }

    static std::uint32_t bit(Field field) noexcept {
        return std::uint32_t{1} << static_cast<std::uint32_t>(field);
    }
    [[nodiscard]] bool seen(Field field) const noexcept { return (seen_ & bit(field)) != 0; }

    // ENV-7: an invalid message goes before everything that is wrong with its channel.
    void invalid() noexcept { message_.problem = error_text::kMessageInvalid; }
    void note(std::string_view problem) noexcept {
        if (!message_.problem) {
            message_.problem = problem;
        }
    }

    Message& message_;
    std::uint32_t seen_ = 0;
};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_letter_or_digit(std::uint32_t c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// ENV-6 without decoding: of all escapes only \u may stand for a letter or digit.
bool is_alphanumeric(std::string_view characters) noexcept {
    while (!characters.empty()) {
        std::uint32_t character = static_cast<std::uint8_t>(characters.front());
        std::size_t length = 1;
        if (characters.starts_with("\\u")) {
            const std::string_view digits = characters.substr(2, 4);
            std::from_chars(digits.data(), digits.data() + digits.size(), character, 16);
            length = 6;
        }
        if (!is_letter_or_digit(character)) {
            return false;
        }
        characters.remove_prefix(std::min(length, characters.size()));
    }
    return true;
}

}  // namespace

bool Message::id_valid() const noexcept {
    if (id.empty()) {
        return true;
    }
    switch (kind_of(id)) {
        case JsonKind::kString:
            return id.size() > 2 && is_alphanumeric(id.substr(1, id.size() - 2));
        case JsonKind::kNumber:
            return std::all_of(id.begin(), id.end(), is_digit);
        case JsonKind::kObject:
        case JsonKind::kArray:
        case JsonKind::kBoolean:
        case JsonKind::kNull:
            break;
    }
    return false;
}

void decode_message(std::string_view raw, Message& message) {
    message.raw = raw;
    Decoder(message).run();
}

}  // namespace bayeux::protocol
