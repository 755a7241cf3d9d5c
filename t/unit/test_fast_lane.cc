#include <algorithm>
#include <string>

#include "lib/cmocka.hpp"
#include "lib/stream_bench.hpp"
#include "loop/event_loop.hpp"
#include "loop/fast_lane.hpp"
#include "loop/request_head.hpp"

namespace bayeux::loop {
namespace {

std::string post(std::string_view json, const std::string& extra = "") {
    const std::string body = test::with_client_ids(json);
    return "POST /b HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

const std::string kConnect =
    R"({"channel":"/meta/connect","clientId":"$1","connectionType":"long-polling"})";
const std::string kSubscribe =
    R"({"channel":"/meta/subscribe","clientId":"$1","subscription":"/a"})";
const std::string kPublish = R"({"channel":"/a","clientId":"$1","data":1})";
const std::string kHandshake =
    R"({"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]})";

// Each response as "200[connect+]", with "-" behind the number where the connection ends with it.
std::string take_responses(std::string& bytes) {
    std::string out;
    for (std::size_t end = 0; (end = bytes.find("\r\n\r\n")) != std::string::npos;) {
        const std::string head = bytes.substr(0, end + 2);
        const std::size_t length =
            std::stoul(head.substr(head.find("Content-Length: ") + sizeof "Content-Length:"));
        if (bytes.size() < end + 4 + length) {
            break;
        }
        const std::string body = bytes.substr(end + 4, length);
        out += head.substr(9, 3);
        out += head.find("Connection: close\r\n") != std::string::npos ? "-" : "";
        out += length != 0 ? test::brief_text(body) : "";
        out += ' ';
        bytes.erase(0, end + 4 + length);
    }
    return out + (bytes.empty() ? "" : "...");
}

class Host final : public LaneHost {
  public:
    explicit Host(test::FakeHost& fake) noexcept : fake_(fake) {}
    [[nodiscard]] const LaneTerms& terms() const noexcept override { return lane; }
    [[nodiscard]] broker::Request request() noexcept override { return fake_.request(); }
    LaneTerms lane;

  private:
    test::FakeHost& fake_;
};

// A connection on which the head of post() was accepted; the first session is there, subscribed to
// /a and past its first connect.
struct Bench : test::StreamBench {
    Bench() {
        host.transport = broker::Transport::kLongPolling;
        host.settings.trust_client_id = true;
        broker::NewSession wanted;
        wanted.client_id = *protocol::ClientId::make(entropy);
        wanted.transport = broker::Transport::kLongPolling;
        wanted.timeout = host.settings.timeout;
        wanted.expires_at = clock.now() + Millis{60'000};
        const SessionHandle session = store.create_session(wanted).value();
        const auto channel = *protocol::ChannelName::parse("/a");
        [[maybe_unused]] const auto done = store.subscribe(session, {&channel, 1}, {});
        const auto start = store.start_connect(session, {});
        store.finish_connect(session, start.value().cycle, wanted.expires_at);
        lane.lane.accepted = AcceptedHead::of_request(post(kConnect));
        lane.lane.reply = ReplyHead::of(
            "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\nKeep-Alive: timeout=5, max=9\r\n"
            "Connection: Keep-Alive\r\nContent-Type: application/json\r\n\r\n");
        lane.lane.duplicate = "408 Request Timeout";
        lane.lane.max_body = 65536;
        lane.lane.good_until = clock.now() + Millis{60'000};
        context.counters = &counters;
        begin(fast);
    }
    Bench& send(const std::string& request) {
        receive(request);
        return *this;
    }
    // What was answered, what the lane wished, what it holds, and what it leaves to httpd.
    std::string came() {
        std::string out = take_responses(bytes.sent);
        out += waiting ? "held" : "";
        out += std::exchange(wishes, {});
        const std::string rest = fast.take_rest();
        return out + (rest.empty() ? "" : " left " + std::to_string(rest.size()));
    }

    Host lane{host};
    LoopCounters counters;
    FastLane fast{context, lane, bytes};
};

std::string served(const std::string& json) {
    Bench bench;
    const std::string seen = bench.send(post(json)).came();
    return seen + " " + std::to_string(bench.counters.fast);
}

void request_when_its_head_is_the_accepted_one_then_served(void** /*state*/) {
    EXPECT_TEXT("held 1", served(kConnect));
    EXPECT_TEXT("200[1 /a+]  1", served(kPublish));
    EXPECT_TEXT("200[subscribe+]  1", served(kSubscribe));
    EXPECT_TEXT("200[1 connect+ /a+]  1", served("[" + kConnect + "," + kPublish + "]"));
    EXPECT_TEXT("200[connect-]  1",
                served(R"({"channel":"/meta/connect","clientId":"x","connectionType":"l"})"));
}

std::string left(const std::string& request) {
    Bench bench;
    const std::string seen = bench.send(request).came();
    const std::string all = " left " + std::to_string(request.size());
    const std::string served_at_all = std::to_string(bench.counters.fast);
    return seen == "S" + all ? "S" + served_at_all : seen + served_at_all;
}

void request_when_it_is_not_for_the_lane_then_left_whole_to_httpd(void** /*state*/) {
    EXPECT_TEXT("S0", left(post(kConnect, "X: y\r\n")));
    EXPECT_TEXT("S0", left(post(kHandshake)));
    EXPECT_TEXT("S0", left(post("[" + kConnect + "," + kHandshake + "]")));
    EXPECT_TEXT("S0", left(post("no json")));
    EXPECT_TEXT("S0", left(post("[]")));
    EXPECT_TEXT("S0", left(post("")));
    EXPECT_TEXT("S0", left("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TEXT("S0", left("GET / HTTP/1.1\nHost: h\n\n"));
}

enum class But { kRevalidate, kBlocks, kTooLarge, kNoHead, kLastRequest };

std::string left_because(But reason) {
    Bench bench;
    LaneTerms& terms = bench.lane.lane;
    switch (reason) {
        case But::kRevalidate:
            terms.good_until = bench.clock.now();
            break;
        case But::kBlocks:
            bench.host.policy.blocks = true;
            break;
        case But::kTooLarge:
            terms.max_body = 30;
            break;
        case But::kNoHead:
            terms.accepted.reset();
            break;
        case But::kLastRequest:
            terms.requests_left = 1;
            bench.send(post(kSubscribe)).came();
            break;
    }
    bench.send(post(kPublish));
    return bench.bytes.sent + bench.wishes + std::to_string(bench.counters.fast);
}

void request_when_httpd_must_see_it_then_left_to_it(void** /*state*/) {
    EXPECT_TEXT("S0", left_because(But::kRevalidate));
    EXPECT_TEXT("S0", left_because(But::kBlocks));
    EXPECT_TEXT("S0", left_because(But::kTooLarge));
    EXPECT_TEXT("S0", left_because(But::kNoHead));
    EXPECT_TEXT("S1", left_because(But::kLastRequest));
}

std::string max_of(std::uint32_t requests_left) {
    Bench bench;
    bench.lane.lane.requests_left = requests_left;
    bench.send(post(kSubscribe));
    bench.send(post(kSubscribe));
    std::string out;
    for (std::size_t at = 0; (at = bench.bytes.sent.find("max=", at)) != std::string::npos; ++at) {
        out += bench.bytes.sent.substr(at, 6);
    }
    return out + std::to_string(bench.fast.take_count());
}

void requests_when_limited_then_the_client_is_told_how_many_are_left(void** /*state*/) {
    EXPECT_TEXT("max=42max=412", max_of(42));
}

std::string split(std::size_t at) {
    Bench bench;
    const std::string request = post(kSubscribe);
    bench.receive(request.substr(0, at));
    const std::string first = bench.bytes.sent + bench.wishes;
    bench.receive(request.substr(at));
    return first + bench.came();
}

void request_when_split_at_any_byte_then_served(void** /*state*/) {
    for (std::size_t at = 1; at < post(test::with_client_ids(kSubscribe)).size(); ++at) {
        EXPECT_TEXT("200[subscribe+] ", split(at));
    }
}

std::string several(const std::string& requests, std::size_t read_at_once) {
    Bench bench;
    bench.bytes.read_at_once = read_at_once;
    std::string seen = bench.send(requests).came();
    seen.erase(std::remove(seen.begin(), seen.end(), 'A'), seen.end());
    return seen;
}

void requests_when_pipelined_then_answered_in_order(void** /*state*/) {
    const std::string some = post(kSubscribe) + post(kPublish) + post(kConnect) + post(kPublish);
    for (const std::size_t at_once : {1U, 7U, 100U, 10000U}) {
        EXPECT_TEXT("200[subscribe+] 200[1 /a+] 200[connect+] 200[1 /a+] ", several(some, at_once));
    }
    const std::string odd = post(kPublish, "X: y\r\n") + post(kPublish);
    EXPECT_TEXT(("200[subscribe+] S left " + std::to_string(odd.size())).c_str(),
                several(post(kSubscribe) + odd, 10000));
    EXPECT_TEXT(("200[connect+] S left " + std::to_string(odd.size())).c_str(),
                several(post(kConnect) + odd, 10000));
}

int writes_for(const std::string& requests) {
    Bench bench;
    bench.bytes.writes = 0;
    bench.send(requests);
    return bench.bytes.writes;
}

void answers_when_pipelined_then_leave_together_unless_they_bring_something(void** /*state*/) {
    const std::string publish = post(R"({"channel":"/nobody","data":1,"clientId":"$1"})");
    const std::string part = publish.substr(0, publish.size() - 1);
    assert_int_equal(writes_for(publish + publish + publish), 1);
    assert_int_equal(writes_for(publish + publish + part), 1);
    assert_int_equal(writes_for(publish + publish + post("[]")), 1);
    assert_int_equal(writes_for(publish + post(kConnect) + publish), 2);
    // Until an event is known to have left nothing else is drained.
    assert_int_equal(writes_for(post(kSubscribe) + post(kPublish) + publish), 2);
}

enum class End { kEvents, kDeadline, kSuperseded, kEnded, kGone, kPipelined, kStopping };

std::string held_until(End end) {
    Bench bench;
    bench.send(post(kConnect));
    std::string seen = bench.waiting ? "held " : "";
    switch (end) {
        case End::kEvents:
            bench.publish("/a", "7");
            break;
        case End::kDeadline:
            bench.pass(bench.host.settings.timeout);
            break;
        case End::kSuperseded:
            bench.connect_elsewhere();
            break;
        case End::kEnded:
            bench.end_session();
            break;
        case End::kGone:
            bench.bytes.closed = true;
            bench.receive("");
            break;
        case End::kPipelined:
            bench.receive("P");
            break;
        case End::kStopping:
            bench.run(bench.fast.on_stop(bench.clock.now()));
            break;
    }
    seen += bench.came();
    return seen + (end != End::kSuperseded && bench.session().open ? " open" : "") + " " +
           std::to_string(bench.session().queued) + " " + std::to_string(bench.counters.answered);
}

void connect_when_held_then_ends_as_any_other(void** /*state*/) {
    EXPECT_TEXT("held 200[7 connect+]  0 1", held_until(End::kEvents));
    EXPECT_TEXT("held 200[connect+]  0 1", held_until(End::kDeadline));
    EXPECT_TEXT("held 408- C 0 1", held_until(End::kSuperseded));      // CN-12
    EXPECT_TEXT("held 200[connect+!]  0 1", held_until(End::kEnded));  // CN-17
    EXPECT_TEXT("held C 0 0", held_until(End::kGone));                 // CN-15
    EXPECT_TEXT("held 200[connect+]  left 1 0 1", held_until(End::kPipelined));
    EXPECT_TEXT("held 200-[connect+] C 0 1", held_until(End::kStopping));
}

std::string slow_reader(bool reads) {
    Bench bench;
    bench.send(post(kConnect));
    bench.bytes.room = 20;
    bench.publish("/a", "7");
    std::string seen =
        std::to_string(bench.session().queued) + (bench.session().open ? " open " : " answered ");
    bench.receive(post(kSubscribe));
    if (reads) {
        bench.read_on();
    } else {
        bench.pass(bench.lane.lane.patience);
    }
    seen += reads ? bench.came() : std::exchange(bench.wishes, {});
    return seen + " " + std::to_string(bench.session().queued) +
           (bench.session().open ? " open " : " answered");
}

// The events stay the session's until the last byte has left.
void reader_when_slow_then_nothing_is_settled_before_it_has_read(void** /*state*/) {
    EXPECT_TEXT("1 open 200[7 connect+] 200[subscribe+]  0 answered", slow_reader(true));
    EXPECT_TEXT("1 open C 1 answered", slow_reader(false));
}

std::string idle(const std::string& begun) {
    Bench bench;
    bench.receive(begun);
    bench.pass(Millis{4999});
    std::string seen = bench.wishes + "|";
    bench.pass(Millis{1});
    seen += bench.wishes;
    if (!begun.empty() && bench.wishes.empty()) {
        bench.pass(Millis{15'000});
        seen += "|" + bench.wishes + (bench.fast.overdue() ? "late" : "");
    }
    return seen;
}

void connection_when_idle_or_slow_then_not_kept_for_ever(void** /*state*/) {
    EXPECT_TEXT("|C", idle(""));
    EXPECT_TEXT("||Slate", idle("POST /b"));
    EXPECT_TEXT("||Slate", idle(post(kConnect).substr(0, 120)));
}

std::string client_ends(const std::string& sent) {
    Bench bench;
    bench.bytes.closed = true;
    return bench.send(sent).came();
}

void client_when_it_ends_then_what_has_come_is_still_served(void** /*state*/) {
    EXPECT_TEXT("C", client_ends(""));
    EXPECT_TEXT("200[subscribe+] C", client_ends(post(kSubscribe)));
    EXPECT_TEXT("S left 4", client_ends("POST"));
    EXPECT_TEXT("C", client_ends(post(kConnect)));
}

std::string stopped(const std::string& begun) {
    Bench bench;
    bench.receive(begun);
    bench.run(bench.fast.on_stop(bench.clock.now()));
    return bench.bytes.sent + bench.wishes;
}

void child_when_it_stops_then_idle_connections_end(void** /*state*/) {
    EXPECT_TEXT("C", stopped(""));
    EXPECT_TEXT("C", stopped("POST /b HT"));
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(request_when_its_head_is_the_accepted_one_then_served),
        cmocka_unit_test(request_when_it_is_not_for_the_lane_then_left_whole_to_httpd),
        cmocka_unit_test(request_when_httpd_must_see_it_then_left_to_it),
        cmocka_unit_test(requests_when_limited_then_the_client_is_told_how_many_are_left),
        cmocka_unit_test(request_when_split_at_any_byte_then_served),
        cmocka_unit_test(requests_when_pipelined_then_answered_in_order),
        cmocka_unit_test(answers_when_pipelined_then_leave_together_unless_they_bring_something),
        cmocka_unit_test(connect_when_held_then_ends_as_any_other),
        cmocka_unit_test(reader_when_slow_then_nothing_is_settled_before_it_has_read),
        cmocka_unit_test(connection_when_idle_or_slow_then_not_kept_for_ever),
        cmocka_unit_test(client_when_it_ends_then_what_has_come_is_still_served),
        cmocka_unit_test(child_when_it_stops_then_idle_connections_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
