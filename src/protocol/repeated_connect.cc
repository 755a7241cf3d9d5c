#include "protocol/repeated_connect.hpp"

#include <algorithm>
#include <utility>

#include "protocol/json_text.hpp"

namespace bayeux::protocol {
namespace {

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// An honest client's; more would only be kept for nothing.
constexpr std::size_t kLongestBody = 512;

// What an extension adds changes from one to the next (ext.ack does), and so does advice.
bool may_come_again(const std::vector<Message>& messages) noexcept {
    if (messages.size() != 1) {
        return false;
    }
    const Message& message = messages.front();
    return message.type == MessageType::kConnect && !message.problem && message.ext.empty() &&
           message.data.empty() && message.subscription.empty() && !message.has_advice &&
           kind_of(message.id) == JsonKind::kString && message.id_valid();
}

}  // namespace

const std::vector<Message>* RepeatedConnect::recall(std::string_view body) {
    if (kept_ == nullptr) {
        return nullptr;
    }
    const std::string_view last = kept_->body;
    const std::string_view before = last.substr(0, kept_->id);
    const std::string_view behind = last.substr(kept_->id_end);
    if (body.size() <= before.size() + behind.size() || !body.starts_with(before) ||
        !body.ends_with(behind)) {
        return nullptr;
    }
    const std::size_t length = body.size() - before.size() - behind.size();
    const std::string_view id = body.substr(before.size(), length);
    if (!std::all_of(id.begin(), id.end(), is_letter_or_digit)) {
        return nullptr;
    }
    Message& message = kept_->messages.front();
    message.id = body.substr(before.size() - 1, length + 2);  // with its quotes
    const std::size_t raw_end = body.size() - (last.size() - kept_->raw_end);
    message.raw = body.substr(kept_->raw, raw_end - kept_->raw);
    return &kept_->messages;
}

void RepeatedConnect::keep(std::string_view body, std::vector<Message>&& messages) {
    if (body.size() > kLongestBody || !may_come_again(messages)) {
        return;
    }
    const auto place = [body](std::string_view part) {
        return static_cast<std::size_t>(part.data() - body.data());
    };
    const Message& message = messages.front();
    if (kept_ == nullptr) {
        kept_ = std::make_unique<Kept>();
    }
    kept_->body.assign(body);
    kept_->id = place(message.id) + 1;
    kept_->id_end = place(message.id) + message.id.size() - 1;
    kept_->raw = place(message.raw);
    kept_->raw_end = kept_->raw + message.raw.size();
    kept_->messages = std::move(messages);
}

}  // namespace bayeux::protocol
