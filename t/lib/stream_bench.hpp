// A stream without a loop and without a socket: a test plays both, and the time.
#ifndef BAYEUX_T_LIB_STREAM_BENCH_HPP
#define BAYEUX_T_LIB_STREAM_BENCH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/client_frames.hpp"
#include "lib/fake_clock.hpp"
#include "lib/fake_entropy.hpp"
#include "lib/fake_policy.hpp"
#include "lib/fake_store.hpp"
#include "loop/byte_stream.hpp"
#include "loop/stream.hpp"
#include "loop/stream_context.hpp"
#include "loop/stream_host.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::test {

// A socket as a test wants it.
class FakeBytes final : public loop::ByteStream {
  public:
    Result read(std::span<char> into) noexcept override {
        const std::size_t n = std::min({into.size(), incoming.size(), read_at_once});
        if (n == 0) {
            return {closed ? Status::kEnd : Status::kLater, 0};
        }
        std::memcpy(into.data(), incoming.data(), n);
        incoming.erase(0, n);
        ++reads;
        return {Status::kDone, n};
    }
    Result write(std::span<const char> from) noexcept override {
        ++writes;
        if (broken) {
            return {Status::kEnd, 0};
        }
        const std::size_t n = std::min({from.size(), room, write_at_once});
        if (n == 0 && !from.empty()) {
            return {Status::kLater, 0};
        }
        sent.append(from.data(), n);
        room -= n;
        return {Status::kDone, n};
    }
    [[nodiscard]] bool flushed() const noexcept override { return !filters_hold; }

    // Another connection.
    void reset() {
        incoming.clear();
        sent.clear();
        closed = broken = filters_hold = false;
        room = kNoLimit;
    }

    static constexpr std::size_t kNoLimit = std::size_t{1} << 40U;
    std::string incoming;
    std::string sent;
    std::size_t room = kNoLimit;           // what the peer takes before it has to read
    std::size_t write_at_once = kNoLimit;  // short writes
    std::size_t read_at_once = kNoLimit;
    bool closed = false;
    bool broken = false;
    bool filters_hold = false;
    int reads = 0;
    int writes = 0;
};

class FakeHost final : public loop::StreamHost {
  public:
    [[nodiscard]] broker::Request request() noexcept override {
        broker::Request request{.settings = settings,
                                .policy = policy,
                                .transport = transport,
                                .browser = std::nullopt,
                                .new_browser = std::nullopt,
                                .bound = std::nullopt,
                                .stream = {}};
        request.no_cookie = true;
        return request;
    }
    [[nodiscard]] const loop::StreamLimits& limits() const noexcept override { return limited; }
    void start_calls(const std::vector<broker::ServiceCall>& calls) noexcept override {
        started.insert(started.end(), calls.begin(), calls.end());
    }

    [[nodiscard]] loop::Standing ask_again() noexcept override {
        ++asked;
        return standing;
    }

    int asked = 0;
    loop::Standing standing = loop::Standing::kGood;
    std::vector<broker::ServiceCall> started;
    broker::Settings settings;
    FakePolicy policy;
    broker::Transport transport = broker::Transport::kWebSocket;
    loop::StreamLimits limited;
};

// `$1` stands for the clientId of the first session, and so on: FakeEntropy counts.
inline std::string with_client_ids(std::string_view json) {
    std::string out;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '$') {
            out += std::string(2 * protocol::ClientId::kBytes - 1, '0') + json[++i];
        } else {
            out += json[i];
        }
    }
    return out;
}

inline std::string_view json_member(std::string_view object, std::string_view name) {
    protocol::JsonMembers members(object);
    for (std::string_view key, value; members.next(key, value);) {
        if (key.substr(1, key.size() - 2) == name) {
            return value;
        }
    }
    return {};
}

// One message as "connect+", "publish-", with "!" where the advice is `none` and "#3" for the third
// batch; an event as its data.
inline std::string brief(std::string_view message) {
    const std::string_view successful = json_member(message, "successful");
    if (successful.empty()) {
        return std::string(json_member(message, "data"));
    }
    std::string channel(json_member(message, "channel"));
    channel = channel.substr(1, channel.size() - 2);
    std::string out = channel.starts_with("/meta/") ? channel.substr(6) : channel;
    out += successful == "true" ? "+" : "-";
    const std::string_view advice = json_member(message, "advice");
    if (!advice.empty() && json_member(advice, "reconnect") == "\"none\"") {
        out += "!";
    }
    const std::string_view ext = json_member(message, "ext");
    if (!ext.empty() && !json_member(ext, "ack").empty()) {
        out += '#';
        out += json_member(ext, "ack");
    }
    return out;
}

inline std::string brief_text(std::string_view text) {
    std::string out = "[";
    protocol::JsonElements elements(text);
    for (std::string_view element; elements.next(element);) {
        out += (out.size() > 1 ? " " : "") + brief(element);
    }
    return out + "]";
}

// One frame as a server sends it: its payload, and how long all of it is; 0: it is not complete.
inline std::size_t frame_size(std::string_view bytes, std::string_view& payload) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    std::size_t head = 2;
    std::size_t length = bytes.size() > 1 ? byte(1) : 0;
    const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (bytes.size() >= head + more && more != 0) {
        length = 0;
        for (std::size_t i = 0; i < more; ++i) {
            length = length << 8U | byte(head + i);
        }
    }
    head += more;
    if (bytes.size() < head || bytes.size() - head < length) {
        return 0;
    }
    payload = bytes.substr(head, length);
    return head + length;
}

inline std::string brief_frame(unsigned first, std::string_view payload) {
    switch (first) {
        case 0x81:
            return brief_text(payload);
        case 0xc1:
            return "deflated";
        case 0x88: {
            const auto byte = [&](std::size_t at) {
                return static_cast<unsigned char>(payload[at]);
            };
            return "close " + (payload.size() < 2 ? "-" : std::to_string(byte(0) << 8U | byte(1)));
        }
        case 0x89:
            return "ping";
        case 0x8a:
            return "pong " + std::string(payload);
        default:
            return "?";
    }
}

// Takes the complete frames from the front of `bytes`, a line for each.
inline std::string take_frames(std::string& bytes) {
    std::string out;
    std::string_view left = bytes;
    std::string_view payload;
    while (const std::size_t size = frame_size(left, payload)) {
        out += brief_frame(static_cast<unsigned char>(left[0]), payload) + '\n';
        left.remove_prefix(size);
    }
    bytes.erase(0, bytes.size() - left.size());
    return out;
}

struct StreamBench {
    using Wish = loop::Stream::Wish;

    FakeClock clock;
    FakeEntropy entropy;
    FakeStore store{nullptr, &clock};
    FakeHost host;
    FakeBytes bytes;
    broker::Engine engine{store, clock, entropy};
    loop::StreamContext context{engine, store, clock, ChildIndex{0}};
    std::vector<protocol::ChannelName> named;

    // --- the loop ---
    loop::Stream* stream = nullptr;
    std::optional<loop::ParkTerms> waiting;
    bool closed = false;
    bool keep_at_worker = false;  // perform() is the test's to call
    bool keep_again = false;      // so is resume()
    std::string wishes;           // but for kWait

    void run(Wish wish) {
        while (!closed) {
            switch (wish) {
                case Wish::kAgain:
                    wishes += 'A';
                    if (keep_again) {
                        return;
                    }
                    wish = stream->resume(clock.now());
                    break;
                case Wish::kWorker:
                    wishes += 'W';
                    if (keep_at_worker) {
                        waiting.reset();  // what becomes due meanwhile is seen when it waits again
                        return;
                    }
                    stream->perform();
                    wish = stream->resume(clock.now());
                    break;
                case Wish::kClose:
                    wishes += 'C';
                    closed = true;
                    waiting.reset();
                    return;
                case Wish::kServe:
                    wishes += 'S';
                    closed = true;
                    waiting.reset();
                    return;
                case Wish::kWait: {
                    const auto due = await();
                    if (!due) {
                        return;
                    }
                    wish = stream->on_due(*due, clock.now());
                }
            }
        }
    }
    std::optional<loop::EndReason> await() {
        const auto terms = stream->waits();
        const bool same = terms && waiting && terms->session == waiting->session &&
                          terms->cycle == waiting->cycle && terms->lease == waiting->lease;
        waiting = terms;
        if (!terms || same) {
            return std::nullopt;
        }
        switch (store.park(terms->session, terms->cycle, context.child, terms->lease)) {
            case broker::ParkState::kParked:
                return std::nullopt;
            case broker::ParkState::kDue:
                waiting.reset();
                return loop::EndReason::kEvents;
            case broker::ParkState::kSuperseded:
                waiting.reset();
                return loop::EndReason::kSuperseded;
            case broker::ParkState::kEnded:
                break;
        }
        waiting.reset();
        return loop::EndReason::kEnded;
    }
    void look_at_due() {
        std::array<broker::Due, 16> due;
        const std::size_t n = store.take_due(context.child, due);
        for (std::size_t i = 0; i < n; ++i) {
            if (closed || !waiting || waiting->session != due[i].session ||
                waiting->cycle != due[i].cycle) {
                continue;
            }
            waiting.reset();
            constexpr std::array kReasons{loop::EndReason::kEvents, loop::EndReason::kSuperseded,
                                          loop::EndReason::kEnded};
            run(stream->on_due(kReasons[static_cast<std::size_t>(due[i].reason)], clock.now()));
        }
    }
    // Time passes, and each deadline in it is kept.
    void pass(Millis by) {
        const TimePoint end = clock.now() + by;
        for (int i = 0; i < 1000 && !closed; ++i) {
            const auto next = stream->deadline();
            if (!next || *next > end) {
                break;
            }
            clock.advance(std::max(*next - clock.now(), Millis{0}));
            run(stream->on_deadline(clock.now()));
        }
        clock.advance(end - clock.now());
    }
    void begin(loop::Stream& with) {
        stream = &with;
        run(stream->resume(clock.now()));
    }

    // --- the client ---
    void receive(std::string_view raw) {
        bytes.incoming += raw;
        run(stream->on_readable(clock.now()));
        look_at_due();
    }
    void say(std::string_view json) { receive(client_text(with_client_ids(json))); }
    void read_on(std::size_t room = FakeBytes::kNoLimit) {
        bytes.room = room;
        run(stream->on_writable(clock.now()));
        look_at_due();
    }
    // All that has come since the last call.
    std::string heard() {
        const std::string out = take_frames(bytes.sent);
        return out + (std::exchange(bytes.sent, {}).empty() ? "" : "...");
    }

    // --- others ---
    void publish(const char* name, std::string_view data, Millis lazy = Millis{0}) {
        const auto channel = *protocol::ChannelName::parse(name);
        const std::string event =
            "{\"channel\":\"" + std::string(name) + "\",\"data\":" + std::string(data) + "}";
        broker::Publication publication;
        publication.channel = &channel;
        publication.event = event;
        publication.lazy = lazy;
        [[maybe_unused]] const auto reached = store.publish(publication);
        look_at_due();
    }
    void end_session(std::uint32_t n = 1) {
        store.end_session(handle(n));
        look_at_due();
    }
    // A connect of the n-th session by another way.
    ConnectCycle connect_elsewhere(std::uint32_t n = 1) {
        const auto start = store.start_connect(handle(n), {});
        look_at_due();
        return start ? start.value().cycle : ConnectCycle{};
    }
    void finish_elsewhere(ConnectCycle cycle, std::uint32_t n = 1) {
        store.finish_connect(handle(n), cycle, clock.now() + Millis{10'000});
    }
    [[nodiscard]] static SessionHandle handle(std::uint32_t n) { return {n - 1, kFakeGeneration}; }
    [[nodiscard]] FakeStore::View session(std::uint32_t n = 1) const {
        return store.view(handle(n)).value_or(FakeStore::View{});
    }
};

}  // namespace bayeux::test

// Compares the result of a helper, which has gone when the assert may leave.
#define EXPECT_TEXT(text, expression)              \
    do {                                           \
        const std::string seen = (expression);     \
        assert_string_equal(seen.c_str(), (text)); \
    } while (false)

#endif
