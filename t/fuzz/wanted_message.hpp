// What clients of the script send: messages of all kinds, about a few channels that have something
// to do with each other.
#ifndef BAYEUX_T_FUZZ_WANTED_MESSAGE_HPP
#define BAYEUX_T_FUZZ_WANTED_MESSAGE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/script.hpp"
#include "fuzz/simulated_client.hpp"

namespace bayeux::test {

struct Name {
    const char* text;
    bool subscribe;  // is allowed
    bool publish;
    bool kept;  // the model knows who is subscribed
};

inline constexpr std::array<Name, 16> kNames{{{"/a", true, true, true},
                                              {"/a/b", true, true, true},
                                              {"/a/b/c", true, true, true},
                                              {"/d/e", true, true, true},
                                              {"/*", true, false, true},
                                              {"/a/*", true, false, true},
                                              {"/a/**", true, false, true},
                                              {"/**", true, false, true},
                                              {"/d/**", true, false, true},
                                              {"/lazy", true, true, true},
                                              {"/p/x", true, true, true},
                                              {"/presence/p/x", true, false, false},
                                              {"/presence/**", true, false, false},
                                              {"/service/s", true, true, false},
                                              {"/meta/x", false, false, false},
                                              {"/a//b", false, false, false}}};
inline constexpr std::array<const char*, 3> kUsers{"", "alice", "bob"};

enum class Kind : std::uint8_t { kSubscribe, kUnsubscribe, kPublish, kConnect, kDisconnect };

// A message as the script wants it.
struct Wanted {
    Kind kind = Kind::kConnect;
    std::vector<const Name*> names;
    int number = 0;  // of what is published
    std::optional<std::int64_t> acknowledged;
    std::string json;
};

class MessageWriter {
  public:
    explicit MessageWriter(Script& script) noexcept : script_(script) {}

    const Name& name() { return kNames[script_.below(kNames.size())]; }

    Kind kind() {
        static constexpr std::array<Kind, 10> kKinds{
            Kind::kConnect,     Kind::kPublish,   Kind::kPublish,   Kind::kPublish,
            Kind::kPublish,     Kind::kSubscribe, Kind::kSubscribe, Kind::kSubscribe,
            Kind::kUnsubscribe, Kind::kDisconnect};
        return kKinds[script_.below(kKinds.size())];
    }
    Wanted wanted(const Client& client, Kind kind) {
        Wanted message;
        message.kind = kind;
        std::string rest;
        switch (message.kind) {
            case Kind::kConnect:
                rest = connect_of(client, message);
                break;
            case Kind::kDisconnect:
                rest = "/meta/disconnect\"";
                break;
            case Kind::kPublish:
                message.names = {&name()};
                message.number = ++published_;
                rest = std::string(message.names[0]->text) + "\",\"data\":" + data(published_);
                break;
            case Kind::kSubscribe:
            case Kind::kUnsubscribe:
                message.names = {&name(), &name()};
                message.names.resize(script_.one_in(3) ? 2 : 1);
                rest = message.kind == Kind::kSubscribe ? "/meta/subscribe" : "/meta/unsubscribe";
                rest += R"(","subscription":[")" + std::string(message.names[0]->text) + '"';
                rest += message.names.size() == 1
                            ? "]"
                            : ",\"" + std::string(message.names[1]->text) + "\"]";
                break;
        }
        message.json = R"(,"clientId":")" + client.id.text() + R"(","channel":")" + rest + '}';
        return message;
    }
    std::string connect_of(const Client& client, Wanted& message) {
        static constexpr std::array<const char*, 4> kTypes{"long-polling", "websocket",
                                                           "eventsource", "callback-polling"};
        const std::uint32_t flags = script_.next();
        std::string rest = "/meta/connect\",\"connectionType\":\"";
        rest += std::string(kTypes[flags % kTypes.size()]) + '"';
        if ((flags & 4U) != 0) {
            rest += (flags & 8U) != 0 ? R"(,"advice":{"timeout":0})" : R"(,"advice":{"timeout":9})";
        }
        if ((flags & 48U) != 0) {
            // What the client got last, or something else.
            message.acknowledged = std::int64_t{client.model.last_batch} + 1 - (flags >> 4U & 3U);
            rest += ",\"ext\":{\"ack\":" + std::to_string(*message.acknowledged) + '}';
        }
        return rest;
    }
    // Some are larger than a cell; all of them together leave room in the segment.
    std::string data(int number) {
        const std::size_t room = kMostText - std::min(text_, kMostText);
        const std::size_t size = std::min<std::size_t>(script_.below(8) * 90, room);
        text_ += size;
        return "{\"n\":" + std::to_string(number) + ",\"p\":\"" + std::string(size, 'p') + "\"}";
    }

    [[nodiscard]] int next_number() noexcept { return ++published_; }

  private:
    static constexpr std::size_t kMostText = 30000;

    Script& script_;
    int published_ = 0;
    std::size_t text_ = 0;
};

}  // namespace bayeux::test

#endif
