#include "bench/bayeux_session.hpp"

#include <utility>

namespace bayeux::bench {
namespace {

struct Replies {
    std::uint32_t successful = 0;
    std::uint32_t others = 0;
};

// Only replies have `successful`.
Replies count_replies(std::string_view text) noexcept {
    constexpr std::string_view kMember = R"("successful":)";
    Replies found;
    for (std::size_t at = text.find(kMember); at != std::string_view::npos;
         at = text.find(kMember, at)) {
        at += kMember.size();
        ++(text.substr(at).starts_with("true") ? found.successful : found.others);
    }
    return found;
}

// The text of the member of this name, which has no escapes.
std::string_view text_member(std::string_view json, std::string_view name) {
    const std::string wanted = '"' + std::string(name) + "\":\"";
    const std::size_t at = json.find(wanted);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::size_t begin = at + wanted.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace

BayeuxSession::BayeuxSession(Reactor& reactor, const Target& target, User& user,
                             std::uint32_t place)
    : carrier_(make_carrier(reactor, target, *this, place)),
      user_(user),
      transport_(target.transport),
      transport_name_(target.transport_name()) {}

void BayeuxSession::handshake() {
    replies_due_ = 1;
    requests_.assign(1, {0, 1});
    carrier_->send(R"([{"channel":"/meta/handshake","id":"0","version":"1.0",)"
                   R"("supportedConnectionTypes":[")" +
                   std::string(transport_name_) + R"("]}])");
}

void BayeuxSession::begin(std::string_view channel) {
    messages_ += messages_.empty() ? "[{\"channel\":\"" : ",{\"channel\":\"";
    messages_ += channel;
    messages_ += R"(","id":")";
    messages_ += std::to_string(++last_id_);
    messages_ += R"(","clientId":")";
    messages_ += client_id_;
    messages_ += '"';
    ++message_count_;
}

void BayeuxSession::add_connect(std::optional<std::uint32_t> timeout_ms) {
    begin("/meta/connect");
    messages_ += R"(,"connectionType":")";
    messages_ += transport_name_;
    messages_ += '"';
    if (timeout_ms) {
        messages_ += R"(,"advice":{"timeout":)" + std::to_string(*timeout_ms) + '}';
    }
    messages_ += '}';
}

void BayeuxSession::add_subscribe(std::string_view channel) {
    begin("/meta/subscribe");
    messages_ += R"(,"subscription":")";
    messages_ += channel;
    messages_ += "\"}";
}

void BayeuxSession::add_disconnect() {
    begin("/meta/disconnect");
    messages_ += '}';
    leaving_ = true;
}

std::string& BayeuxSession::begin_publish(std::string_view channel) {
    begin(channel);
    messages_ += R"(,"data":)";
    return messages_;
}

void BayeuxSession::end_publish() {
    messages_ += '}';
}

void BayeuxSession::send() {
    messages_ += ']';
    if (transport_ == Transport::kLongPolling) {
        requests_.push_back({last_id_ + 1 - message_count_, message_count_});
    }
    replies_due_ += std::exchange(message_count_, 0);
    const std::string request = std::exchange(messages_, {});
    carrier_->send(request);
}

void BayeuxSession::take_handshake(std::string_view text) {
    client_id_ = text_member(text, "clientId");
    if (client_id_.empty()) {
        user_.on_broken("a handshake reply without clientId");
    } else {
        user_.on_handshaken();
    }
}

// A connect that was held may be answered, refused or forgotten now.
void BayeuxSession::take_farewell(std::string_view text) {
    if (text.find("\"/meta/disconnect\"") == std::string_view::npos) {
        user_.on_messages(text, 0);
    } else if (count_replies(text).successful == 0) {
        user_.on_broken("the server does not let it go");
    } else {
        replies_due_ = 0;
        user_.on_messages(text, 1);
    }
}

// A response to a poll has all replies to its request. Nothing if it is so.
const char* BayeuxSession::wrong_with(std::string_view text, std::uint32_t replies) {
    if (transport_ != Transport::kLongPolling) {
        return nullptr;
    }
    if (requests_.empty() || replies < requests_.front().replies) {
        return "a reply is missing";
    }
    const Request request = requests_.front();
    requests_.erase(requests_.begin());
    const std::string id = "\"id\":\"" + std::to_string(request.first_id) + '"';
    const bool pipelined = !requests_.empty();
    if (replies > request.replies || (pipelined && text.find(id) == std::string_view::npos)) {
        return "responses that are not in the order of their requests";
    }
    return nullptr;
}

void BayeuxSession::on_text(std::string_view text) {
    if (leaving_) {
        take_farewell(text);
        return;
    }
    const Replies replies = count_replies(text);
    if (replies.others > 0) {
        const std::string_view error = text_member(text, "error");
        user_.on_broken(error.empty() ? "a reply that is not successful" : std::string(error));
    } else if (replies.successful > replies_due_) {
        user_.on_broken("a reply that nobody has asked for");
    } else if (const char* const wrong = wrong_with(text, replies.successful)) {
        user_.on_broken(wrong);
    } else {
        replies_due_ -= replies.successful;
        if (client_id_.empty()) {
            take_handshake(text);
        } else {
            user_.on_messages(text, replies.successful);
        }
    }
}

void BayeuxSession::on_lost(std::string_view why) {
    user_.on_broken(why);
}

}  // namespace bayeux::bench
