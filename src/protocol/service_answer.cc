#include "protocol/service_answer.hpp"

#include <algorithm>
#include <cctype>

#include "protocol/json.hpp"

namespace bayeux::protocol {
namespace {

std::string begin_event(const AnswerTo& to, std::size_t room) {
    std::string out;
    out.reserve(to.channel.size() + to.id.size() + room + 64);
    out += "{\"channel\":";
    append_quoted(out, to.channel);
    if (!to.id.empty()) {
        out += ",\"id\":";
        out += to.id;
    }
    return out;
}

}  // namespace

std::string make_answer(const AnswerTo& to, std::string_view data) {
    std::string out = begin_event(to, data.size());
    if (!to.id.empty()) {
        out += ",\"successful\":true";
    }
    out += ",\"data\":";
    out += data;
    out += '}';
    return out;
}

std::string make_failure(const AnswerTo& to, std::string_view data) {
    std::string out = begin_event(to, data.size());
    out += ",\"successful\":false,\"data\":";
    out += data;
    out += '}';
    return out;
}

std::string make_failure(const AnswerTo& to, int code, std::string_view message) {
    std::string data = "{\"code\":" + std::to_string(code) + ",\"message\":";
    append_quoted(data, message);
    data += '}';
    return make_failure(to, data);
}

std::string_view plain_id(std::string_view id) noexcept {
    if (id.size() >= 2 && id.front() == '"' && id.back() == '"') {
        id = id.substr(1, id.size() - 2);
    }
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
    return plain ? id : std::string_view{};
}

}  // namespace bayeux::protocol
