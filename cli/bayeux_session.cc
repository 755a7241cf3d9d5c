#include "cli/bayeux_session.hpp"

#include <algorithm>
#include <utility>

#include "protocol/json.hpp"

namespace bayeux::cli {

namespace {

using std::chrono::milliseconds;

// For an answer that is not held back.
constexpr milliseconds kPatience{30000};
constexpr milliseconds kSlack{15000};
constexpr milliseconds kGoodbye{2000};

Verdict of_status(long status, const std::string& body) {
    Verdict result;
    const std::string said = "HTTP " + std::to_string(status);
    if (status == 401 || status == 403) {
        result.outcome = Outcome::kLogin;
        result.problem = "the server answers " + said +
                         (status == 401 ? ": it wants a (better) login" : ": it lets nobody in so");
    } else if (status >= 500 || status == 408) {
        result.outcome = Outcome::kUnreachable;
        result.problem = "the server answers " + said;
    } else {
        result.outcome = Outcome::kStrange;
        result.problem = "the server answers " + said + ", which is no Bayeux";
        if (status == 413) {
            result.outcome = Outcome::kRefused;
            result.problem = "the message is too large for the server: " + on_one_line(body);
        }
    }
    return result;
}

Verdict of_answer(const Answer& answer) {
    switch (answer.kind) {
        case Answer::Kind::kAnswered:
            return answer.status == 200 ? Verdict{} : of_status(answer.status, answer.body);
        case Answer::Kind::kUnreachable:
            return {Outcome::kUnreachable, answer.problem};
        case Answer::Kind::kInterrupted:
            return {Outcome::kInterrupted, "interrupted"};
        case Answer::Kind::kLate:
            break;
    }
    return {Outcome::kLate, "no answer in time"};
}

Verdict of_reply(const Incoming& reply) {
    if (reply.successful.value_or(false)) {
        return {};
    }
    const bool unknown = reply.error.starts_with("402") || reply.reconnect == "handshake";
    return {unknown ? Outcome::kUnknown : Outcome::kRefused,
            "the server refuses: " + (reply.error.empty() ? "it does not say why" : reply.error)};
}

std::string quoted_member(std::string_view name, std::string_view text) {
    return ",\"" + std::string(name) + "\":" + protocol::quote(text);
}

}  // namespace

bool BayeuxSession::ask(const std::string& body, milliseconds patience, Response& response,
                        bool interruptible) {
    const auto own = Clock::now() + patience;
    const bool shorter = deadline_ && *deadline_ < own;
    Answer answer = http_.post(body, shorter && interruptible ? *deadline_ : own, interruptible);
    if (answer.kind == Answer::Kind::kLate && !shorter) {
        answer.kind = Answer::Kind::kUnreachable;
        answer.problem = "the server does not answer";
    }
    response.result = of_answer(answer);
    if (response.result.outcome != Outcome::kGood) {
        return false;
    }
    response.body = std::move(answer.body);
    auto messages = read_messages(response.body);
    if (!messages) {
        response.result = {Outcome::kStrange, "what the server answers is no Bayeux"};
        return false;
    }
    response.messages = *std::move(messages);
    return true;
}

const Incoming* BayeuxSession::reply_on(std::string_view channel, Response& response) {
    const auto found = std::find_if(
        response.messages.begin(), response.messages.end(),
        [&](const Incoming& m) { return m.successful.has_value() && m.channel == channel; });
    if (found == response.messages.end()) {
        response.result = {Outcome::kStrange,
                           "the server does not reply to " + std::string(channel)};
        return nullptr;
    }
    heed(*found);
    response.result = of_reply(*found);
    return response.result.outcome == Outcome::kGood ? &*found : nullptr;
}

void BayeuxSession::heed(const Incoming& reply) {
    constexpr std::int64_t kMost = 24 * 3600 * 1000;
    if (reply.timeout) {
        timeout_ = milliseconds(std::clamp<std::int64_t>(*reply.timeout, 0, kMost));
    }
    if (reply.interval) {
        interval_ = milliseconds(std::clamp<std::int64_t>(*reply.interval, 0, kMost));
    }
    acknowledged_ = reply.ack.value_or(acknowledged_);
}

Verdict BayeuxSession::handshake() {
    id_.clear();
    acknowledged_ = 0;
    Response response;
    if (!ask("[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\","
             "\"supportedConnectionTypes\":[\"long-polling\"],\"ext\":{\"ack\":true}}]",
             kPatience, response)) {
        return response.result;
    }
    if (const Incoming* reply = reply_on("/meta/handshake", response)) {
        id_ = reply->client_id;
        if (id_.empty()) {
            return {Outcome::kStrange, "the server gives no clientId"};
        }
    }
    return response.result;
}

Verdict BayeuxSession::subscribe(std::string_view channel) {
    Response response;
    if (ask("[{\"channel\":\"/meta/subscribe\"" + quoted_member("clientId", id_) +
                quoted_member("subscription", channel) + "}]",
            kPatience, response)) {
        static_cast<void>(reply_on("/meta/subscribe", response));
    }
    return response.result;
}

Verdict BayeuxSession::connect(std::vector<std::string>& events) {
    Response response;
    if (!ask("[{\"channel\":\"/meta/connect\",\"connectionType\":\"long-polling\"" +
                 quoted_member("clientId", id_) +
                 ",\"ext\":{\"ack\":" + std::to_string(acknowledged_) + "}}]",
             timeout_ + kSlack, response)) {
        return response.result;
    }
    for (const Incoming& message : response.messages) {
        if (!message.successful && !message.data.empty()) {
            events.emplace_back(message.raw);
        }
    }
    static_cast<void>(reply_on("/meta/connect", response));
    return response.result;
}

Verdict BayeuxSession::publish(std::string_view channel, std::span<const std::string> data,
                               std::size_t& accepted) {
    std::string body = "[";
    for (const std::string& text : data) {
        body += body.size() > 1 ? "," : "";
        body += "{\"channel\":" + protocol::quote(channel) + quoted_member("clientId", id_) +
                ",\"data\":" + text + "}";
    }
    body += "]";
    accepted = 0;
    Response response;
    if (!ask(body, kPatience, response)) {
        return response.result;
    }
    for (const Incoming& message : response.messages) {
        if (!message.successful) {
            continue;
        }
        if (Verdict result = of_reply(message); result.outcome != Outcome::kGood) {
            return result;
        }
        ++accepted;
    }
    return accepted == data.size()
               ? Verdict{}
               : Verdict{Outcome::kStrange, "the server does not reply to each message"};
}

void BayeuxSession::disconnect() {
    if (!exists()) {
        return;
    }
    Response response;
    static_cast<void>(
        ask("[{\"channel\":\"/meta/disconnect\"" + quoted_member("clientId", id_) + "}]", kGoodbye,
            response, false));
    id_.clear();
}

}  // namespace bayeux::cli
