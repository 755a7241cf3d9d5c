#include "bench/bayeux_session.hpp"

#include <utility>

namespace bayeux::bench {
namespace {

constexpr std::string_view kSuccess = R"("successful":true)";
constexpr std::string_view kHandshake = R"([{"channel":"/meta/handshake","id":"0","version":"1.0",)"
                                        R"("supportedConnectionTypes":["long-polling"]}])";

std::uint32_t count(std::string_view text, std::string_view wanted) noexcept {
    std::uint32_t found = 0;
    for (std::size_t at = text.find(wanted); at != std::string_view::npos;
         at = text.find(wanted, at + wanted.size())) {
        ++found;
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

BayeuxSession::BayeuxSession(Reactor& reactor, const Endpoint& server, User& user,
                             std::uint32_t place)
    : connection_(reactor, server, *this, place), server_(server), user_(user) {
    build_head();
}

void BayeuxSession::build_head() {
    head_ = "POST " + server_.path + " HTTP/1.1\r\nHost: " + server_.authority +
            "\r\nUser-Agent: bayeux-bench\r\nContent-Type: application/json;charset=UTF-8\r\n";
    if (!cookies_.empty()) {
        head_ += "Cookie: " + cookies_ + "\r\n";
    }
    head_ += "Content-Length: ";
}

void BayeuxSession::handshake() {
    replies_due_ = 1;
    connection_.send(head_ + std::to_string(kHandshake.size()) + "\r\n\r\n" +
                     std::string(kHandshake));
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
    messages_ += R"(,"connectionType":"long-polling")";
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
    replies_due_ = std::exchange(message_count_, 0);
    std::string request;
    request.reserve(head_.size() + 16 + messages_.size());
    request += head_;
    request += std::to_string(messages_.size());
    request += "\r\n\r\n";
    request += messages_;
    messages_.clear();
    connection_.send(request);
}

void BayeuxSession::keep_cookies(const Response& response) {
    std::size_t from = 0;
    for (;;) {
        const std::string_view cookie = response.field("Set-Cookie", from);
        if (cookie.empty()) {
            break;
        }
        cookies_ += cookies_.empty() ? "" : "; ";
        cookies_ += cookie.substr(0, cookie.find(';'));
    }
    build_head();
}

void BayeuxSession::take_handshake(const Response& response) {
    client_id_ = text_member(response.body, "clientId");
    keep_cookies(response);
    if (client_id_.empty()) {
        user_.on_broken("a handshake reply without clientId");
    } else {
        user_.on_handshaken();
    }
}

void BayeuxSession::on_response(const Response& response) {
    if (response.status != 200) {
        user_.on_broken("HTTP status " + std::to_string(response.status));
    } else if (count(response.body, kSuccess) != replies_due_) {
        const std::string_view error = text_member(response.body, "error");
        user_.on_broken(error.empty() ? "a reply is missing, or not successful"
                                      : std::string(error));
    } else if (client_id_.empty()) {
        take_handshake(response);
    } else {
        user_.on_batch(response.body);
    }
}

void BayeuxSession::on_lost(std::string_view why) {
    user_.on_broken(why);
}

}  // namespace bayeux::bench
