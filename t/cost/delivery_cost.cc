// What a delivery costs in the module's own code: a crowd of sessions on one loop, whose clients
// wait until everything that they asked for has come before they go on.
//
//   delivery_cost WHAT TRANSPORT SESSIONS CHANNELS ROOM WILDCARDS ROUNDS WARMUP
//
// CHANNELS channels with ROOM of the SESSIONS subscribed to each, and WILDCARDS more sessions for
// each of /**, /x/* and /x/**. In each of the ROUNDS,
//   deliver   one message is published, and whoever got it over long-polling connects anew
//   publish   ten messages in one batch are published into channels without subscribers
//   idle      a second goes by while all connects are held
// after WARMUP rounds that do not count. Prints how many deliveries, publications or seconds there
// were and how long they took.
// callgrind.py runs it for its instructions.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cost/measured.hpp"
#include "cost/server.hpp"

namespace bayeux::cost {
namespace {

constexpr std::array<const char*, 3> kPatterns{"/**", "/x/*", "/x/**"};
constexpr std::size_t kBatch = 10;
constexpr std::string_view kFiller =
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt";

enum class What { kDeliver, kPublish, kIdle };

struct Options {
    What what = What::kDeliver;
    broker::Transport transport = broker::Transport::kLongPolling;
    std::size_t sessions = 0;
    std::size_t channels = 0;
    std::size_t room = 0;
    std::size_t wildcards = 0;
    std::size_t rounds = 0;
    std::size_t warmup = 0;
};

struct Subscriber {
    std::unique_ptr<Client> client;
    std::string connect;
};

class Play {
  public:
    explicit Play(const Options& options) : options_(options) {
        fill();
        publisher_ = newcomer();
        for (Subscriber& one : crowd_) {
            server_.loop->give_back(*one.client);
        }
        server_.script.act = [this] { act(); };
    }
    void run() {
        server_.loop->run();
        std::printf("%zu %.6f\n", done_, measured_.seconds());
    }

  private:
    [[nodiscard]] bool polls() const {
        return options_.transport == broker::Transport::kLongPolling;
    }

    // --- the crowd ---

    // Which it is in the crowd.
    std::size_t newcomer(const std::vector<std::string>& channels = {}) {
        const std::size_t number = crowd_.size();
        std::array<std::uint8_t, protocol::ClientId::kBytes> bytes{};
        std::memcpy(bytes.data(), &number, sizeof number);
        const auto id = protocol::ClientId::from_bytes(bytes);
        server_.subscribe(server_.session(id, options_.transport), channels);
        Subscriber one;
        one.client = std::make_unique<Client>(traffic_, number, options_.transport,
                                              server_.settings, *server_.context);
        one.connect =
            one.client->request(R"([{"id":"7","channel":"/meta/connect","connectionType":")" +
                                std::string(polls() ? "long-polling" : "websocket") +
                                R"(","clientId":")" + id.text() + "\"}]");
        crowd_.push_back(std::move(one));
        id_ = id.text();
        return number;
    }
    void fill() {
        std::vector<std::vector<std::string>> wanted(options_.sessions);
        for (std::size_t i = 0; i < options_.channels * options_.room; ++i) {
            wanted[i % options_.sessions].push_back("/x/" + std::to_string(i / options_.room));
        }
        for (const std::vector<std::string>& channels : wanted) {
            newcomer(channels);
        }
        for (std::size_t i = 0; i < options_.wildcards * kPatterns.size(); ++i) {
            newcomer({kPatterns[i % kPatterns.size()]});
        }
    }

    // --- the script ---

    void act() {
        if (measuring_) {
            measured_.pause();
        }
        if (traffic_.unread == 0 && traffic_.written.size() >= awaited_) {
            waits_since_ = std::chrono::steady_clock::now();
            go_on();
        } else if (std::chrono::steady_clock::now() > waits_since_ + std::chrono::minutes(1)) {
            give_up("nothing more comes");
        }
        if (measuring_) {
            measured_.go_on();
        }
    }
    void go_on() {
        if (!joined_) {
            joined_ = true;
            join();
            return;
        }
        if (!traffic_.written.empty()) {
            hear();
            if (traffic_.unread != 0) {
                return;
            }
        }
        if (round_ == options_.warmup) {
            Measured::start();
            measuring_ = true;
        } else if (round_ == options_.warmup + options_.rounds) {
            Measured::stop();
            measuring_ = false;
            server_.loop->quit();
            return;
        }
        begin_round();
        done_ += measuring_ ? worth() : 0;
        ++round_;
    }
    // Of the publisher a WebSocket that is bound, but holds nothing.
    void join() {
        for (std::size_t i = 0; i < crowd_.size(); ++i) {
            if (i != publisher_) {
                crowd_[i].client->bytes->say(crowd_[i].connect);
            }
        }
    }
    void begin_round() {
        server_.clock.advance(Millis{options_.what == What::kIdle ? 1000 : 1});
        if (options_.what == What::kIdle) {
            return;
        }
        const std::size_t messages = options_.what == What::kPublish ? kBatch : 1;
        std::string json = "[";
        for (std::size_t i = 0; i < messages; ++i) {
            json += i == 0 ? "" : ",";
            json += R"({"id":"1","channel":")" + channel() + R"(","clientId":")" + id_ +
                    R"(","data":{"n":)" + std::to_string(round_) + R"(,"text":")" +
                    std::string(kFiller) + "\"}}";
        }
        request_ = crowd_[publisher_].client->request(json + "]");
        crowd_[publisher_].client->bytes->say(request_);
        awaited_ = 1 + (options_.what == What::kDeliver ? worth() : 0);
    }
    [[nodiscard]] std::string channel() const {
        return options_.what == What::kPublish
                   ? "/nobody/" + std::to_string(round_ % 10)
                   : "/x/" + std::to_string(round_ * 7919 % options_.channels);
    }
    [[nodiscard]] std::size_t worth() const {
        switch (options_.what) {
            case What::kDeliver:
                return options_.room + options_.wildcards * kPatterns.size();
            case What::kPublish:
                return kBatch;
            case What::kIdle:
                break;
        }
        return 1;
    }

    // All that was awaited has come; whoever was answered connects anew.
    void hear() {
        const std::string n = R"("data":{"n":)" + std::to_string(round_ - 1) + ",";
        for (const std::size_t number : traffic_.written) {
            Subscriber& one = crowd_[number];
            MemoryStream& bytes = *one.client->bytes;
            const bool right = bytes.heard.find(number == publisher_ ? R"("successful":true)"
                                                                     : n) != std::string::npos;
            if (!right) {
                std::fprintf(stderr, "%zu heard: %s\n", number, bytes.heard.c_str());
                std::exit(1);
            }
            bytes.heard.clear();
            if (number != publisher_ && polls()) {
                bytes.say(one.connect);
            }
        }
        traffic_.written.clear();
        awaited_ = 0;
    }

    const Options options_;
    Server server_;
    Traffic traffic_;
    Measured measured_;
    std::vector<Subscriber> crowd_;
    std::size_t publisher_ = 0;
    std::string id_;       // the publisher's
    std::string request_;  // what it says
    bool joined_ = false;
    bool measuring_ = false;
    std::size_t awaited_ = 0;  // writes
    std::size_t round_ = 0;
    std::size_t done_ = 0;
    std::chrono::steady_clock::time_point waits_since_ = std::chrono::steady_clock::now();
};

std::size_t number(const char* text) {
    return std::strtoul(text, nullptr, 10);
}

}  // namespace
}  // namespace bayeux::cost

int main(int argc, char** argv) {
    using namespace bayeux::cost;
    if (argc != 9) {
        std::fputs("delivery_cost WHAT TRANSPORT SESSIONS CHANNELS ROOM WILDCARDS ROUNDS WARMUP\n",
                   stderr);
        return 2;
    }
    const std::string_view what = argv[1];
    Options options;
    options.what = what == "deliver"   ? What::kDeliver
                   : what == "publish" ? What::kPublish
                                       : What::kIdle;
    options.transport = std::string_view(argv[2]) == "websocket"
                            ? bayeux::broker::Transport::kWebSocket
                            : bayeux::broker::Transport::kLongPolling;
    options.sessions = number(argv[3]);
    options.channels = number(argv[4]);
    options.room = number(argv[5]);
    options.wildcards = number(argv[6]);
    options.rounds = number(argv[7]);
    options.warmup = number(argv[8]);
    Play(options).run();
    return 0;
}
