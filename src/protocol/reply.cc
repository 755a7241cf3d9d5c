// The class Reply of message.hpp.
#include <cstddef>

#include "protocol/json.hpp"
#include "protocol/json_text.hpp"
#include "protocol/message.hpp"

namespace bayeux::protocol {

namespace {

constexpr std::size_t kMaxId = 256;             // bytes, quotes included
constexpr std::size_t kMaxSubscription = 8192;  // bytes

// ENV-5: the same token comes back, if it is one that clients compare.
bool is_echoed(std::string_view id) noexcept {
    if (id.empty() || id.size() > kMaxId) {
        return false;
    }
    const JsonKind kind = kind_of(id);
    return kind == JsonKind::kString || kind == JsonKind::kNumber;
}

void append_name(std::string& out, std::string_view name) {
    out += out.size() == 1 ? "\"" : ",\"";
    out += name;
    out += "\":";
}

}  // namespace

Reply::Reply(const Message& request) {
    head_.reserve(request.channel.size() + request.id.size() + request.subscription.size() + 48);
    head_ = '{';
    if (!request.channel.empty()) {
        append_name(head_, "channel");
        append_quoted(head_, request.channel);
    }
    if (is_echoed(request.id)) {
        append_name(head_, "id");
        head_ += request.id;
    }
    if (!request.subscription.empty() && request.subscription.size() <= kMaxSubscription) {
        append_name(head_, "subscription");
        head_ += request.subscription;
    }
}

Reply& Reply::succeed() {
    successful_ = true;
    error_.clear();
    return *this;
}

Reply& Reply::fail(std::string_view error) {
    successful_ = false;
    error_ = error;
    return *this;
}

Reply& Reply::advise(const Advice& advice) {
    advice_ = advice;
    return *this;
}

Reply& Reply::with(std::string_view name, std::string_view json) {
    tail_ += ",\"";
    tail_ += name;
    tail_ += "\":";
    tail_ += json;
    return *this;
}

PendingReply Reply::pending() const {
    PendingReply reply;
    std::string& out = reply.text;
    out.reserve(head_.size() + tail_.size() + error_.size() + 40);
    out += head_;
    out += head_.size() == 1 ? "\"successful\":" : ",\"successful\":";
    out += successful_ ? "true" : "false";
    out += tail_;
    if (!error_.empty()) {  // ENV-12: absent on success
        out += ",\"error\":";
        append_quoted(out, error_);
    }
    reply.advice = advice_;
    return reply;
}

std::string Reply::text() const {
    std::string out;
    pending().append_to(out, {});
    return out;
}

}  // namespace bayeux::protocol
