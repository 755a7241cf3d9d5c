#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

constexpr const char* kPublish = R"([{"channel":"/a","clientId":"$1","data":1}])";

// CID-4, BR-3, S4: which cookie finds which session.
void session_when_cookie_varies_then_found_by_rule(void** state) {
    Bench& bench = bench_of(state);
    struct Case {
        int bound;  // browser of the session, 0: none
        int sent;
        bool trusted;
        bool found;
    };
    static const Case kCases[] = {
        {1, 1, false, true},  {1, 2, false, false}, {1, 0, false, false},
        {0, 0, false, false}, {0, 1, false, false}, {1, 1, true, true},
        {1, 2, true, true},   {1, 0, true, true},   {0, 0, true, true},
    };
    const auto jar = [](int n) {
        return n == 0 ? std::nullopt : std::optional(browser(static_cast<std::uint8_t>(n)));
    };
    char session = '0';
    for (const Case& row : kCases) {
        ++session;
        bench.settings.trust_client_id = row.trusted;
        bench.cookie = jar(row.bound);
        bench.send(kHandshake);
        bench.cookie = jar(row.sent);
        bench.send(std::string(R"([{"channel":"/a","clientId":"$)") + session + R"(","data":1}])");
        assert_string_equal(bench.error(), row.found ? "" : "402::session_unknown");
        const auto view = bench.session(static_cast<std::uint32_t>(session - '0'));
        // S4: the cookie counts as seen only if it was this session's own.
        assert_int_equal(view->cookie_seen, row.bound != 0 && row.bound == row.sent);
    }
}

// S4: the victim of a tried theft goes on undisturbed.
void session_when_stolen_then_victim_untouched(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    const auto before = bench.store.counts();
    bench.cookie = browser(2);
    bench.send(
        R"([{"channel":"/meta/connect","clientId":"$1"},
            {"channel":"/meta/disconnect","clientId":"$1"}])");
    assert_string_equal(bench.error(0), "402::session_unknown");
    assert_string_equal(bench.error(1), "402::session_unknown");
    assert_false(bench.outcome.events_of.has_value());
    assert_int_equal(bench.store.counts().starts, before.starts);
    assert_int_equal(bench.store.counts().touches, before.touches);
    assert_true(bench.session(1).has_value());
}

// CID-5: the first message decides for all of them.
void batch_when_client_ids_differ_then_402_for_the_others(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    bench.send(
        R"([{"channel":"/a","clientId":"$1","data":1},
            {"channel":"/a","clientId":"$2","data":2},
            {"channel":"/a","data":3},
            {"channel":"/meta/connect","clientId":"$2"},
            {"channel":"/a","clientId":"$1","data":4}])");
    assert_int_equal(bench.replies(), 5);
    assert_string_equal(bench.error(0), "");
    assert_string_equal(bench.error(1), "402::session_unknown");
    assert_string_equal(bench.error(2), "402::session_unknown");
    assert_string_equal(bench.error(3), "402::session_unknown");
    assert_string_equal(bench.advice(3), R"({"reconnect":"handshake","interval":0})");
    assert_string_equal(bench.error(4), "");
    // A first message without a clientId stands for no session.
    bench.send(R"([{"channel":"/a","data":1},{"channel":"/a","clientId":"$1","data":1}])");
    assert_string_equal(bench.error(0), "402::session_unknown");
    assert_string_equal(bench.error(1), "402::session_unknown");
}

// ENV-7, ENV-8, ENV-13: the first thing that is wrong is what the reply names.
void message_when_wrong_in_several_ways_then_first_check_answers(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    struct Case {
        const char* message;
        const char* error;
    };
    static const Case kCases[] = {
        {R"({})", "400::channel_missing"},
        {R"(7)", "400::message_invalid"},
        {R"({"id":"a-b","clientId":"$9"})", "400::channel_missing"},
        {R"({"channel":5,"clientId":"$1"})", "405::channel_invalid"},
        {R"({"channel":"x","id":"a-b","clientId":"$9"})", "405::channel_invalid"},
        {R"({"channel":"/a","id":"a-b","clientId":"$9"})", "405::message_id_invalid"},
        {R"({"channel":"/a","id":"","clientId":"$1","data":1})", "405::message_id_invalid"},
        {R"({"channel":"/a","id":-1,"clientId":"$1","data":1})", "405::message_id_invalid"},
        {R"({"channel":"/meta/subscribe","id":"a b","clientId":"$1","subscription":"/a"})",
         "405::message_id_invalid"},
        {R"({"channel":"/meta/x","clientId":"$9"})", "402::session_unknown"},
        {R"({"channel":"/oort/x","clientId":"$9"})", "402::session_unknown"},
        {R"({"channel":"/a","clientId":"$9"})", "402::session_unknown"},
        {R"({"channel":"/a","clientId":"","data":1})", "402::session_unknown"},
        {R"({"channel":"/meta/x","clientId":"$1"})",
         "403:denied_by_security_policy:channel_create_denied"},
        {R"({"channel":"/a","clientId":"$1","clientId":"$1","data":1})", "400::message_invalid"},
    };
    for (const Case& row : kCases) {
        bench.send(std::string("[{},") + row.message + "]");
        assert_int_equal(bench.replies(), 2);
        assert_string_equal(bench.error(1), row.error);
        assert_string_equal(bench.successful(1), "false");
        assert_string_equal(bench.advice(1), "");
    }
}

// ENV-5: a number stays one.
void message_when_id_is_number_then_echoed_as_it_is(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(R"([{"channel":"/a","id":7,"clientId":"$1","data":1}])");
    assert_string_equal(bench.json(0, "id"), "7");
    assert_string_equal(bench.successful(), "true");
}

// design.md 8: a bad message harms none of the others, not even in the first place; ORD-1.
void batch_when_some_are_bad_then_the_good_are_done(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.send(
        R"([null,{},{"channel":"/meta/subscribe","id":"1","clientId":"$1","subscription":"/a"},
            {"channel":"bad","id":"2","clientId":"$1"},
            {"channel":"/a","id":"3","clientId":"$1","data":1}])");
    assert_int_equal(bench.replies(), 5);
    assert_string_equal(bench.error(0), "400::message_invalid");
    assert_string_equal(bench.error(1), "400::channel_missing");
    assert_string_equal(bench.successful(2), "true");
    assert_string_equal(bench.error(3), "405::channel_invalid");
    assert_string_equal(bench.successful(4), "true");
    assert_string_equal(bench.text(4, "id"), "3");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1})");
}

// PB-6, PB-7, ORD-3, ORD-4: whose events ride in which response.
void events_when_request_varies_then_ride_by_rule(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    static constexpr const char* kBad = R"([{"channel":"bad","clientId":"$1"}])";
    static constexpr const char* kConnect =
        R"([{"channel":"/meta/connect","clientId":"$1","advice":{"timeout":0}}])";
    static constexpr const char* kBoth =
        R"([{"channel":"/a","clientId":"$1","data":1},{"channel":"/meta/connect","clientId":"$1"}])";
    static constexpr const char* kBadConnect =
        R"([{"channel":"/meta/connect","id":"-","clientId":"$1"}])";
    struct Case {
        bool connect_only;
        const char* body;
        bool ride;
    };
    static const Case kCases[] = {
        {false, kPublish, true},    {false, kBad, true},     {false, kConnect, true},
        {false, kBoth, true},       {true, kPublish, false}, {true, kBad, false},
        {true, kConnect, true},     {true, kBoth, true},     {true, kBadConnect, false},
        {false, kHandshake, false},
    };
    for (const Case& row : kCases) {
        bench.settings.meta_connect_deliver_only = row.connect_only;
        bench.send(row.body);
        assert_int_equal(bench.outcome.events_of.has_value(), row.ride);
        if (row.connect_only) {  // ORD-4: callback-polling needs no setting for it
            bench.settings.meta_connect_deliver_only = false;
            bench.transport = broker::Transport::kCallbackPolling;
            bench.send(row.body);
            bench.transport = broker::Transport::kLongPolling;
            assert_int_equal(bench.outcome.events_of.has_value(), row.ride);
        }
    }
}

// EX-3: once for each request, whatever its messages are worth.
void session_when_request_comes_then_lives_on(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.clock.advance(Millis{9000});
    const std::size_t before = bench.store.counts().touches;
    bench.send(R"([{"channel":"/a","clientId":"$1","data":1},{"channel":"bad","clientId":"$1"}])");
    assert_int_equal(bench.store.counts().touches - before, 1);
    assert_true(bench.session(1)->expires_at == bench.clock.now() + Millis{10000});
    bench.clock.advance(Millis{1000});
    bench.send(R"([{"channel":"/meta/connect","clientId":"$1"},{"channel":"/a","clientId":"$1"}])");
    assert_int_equal(bench.store.counts().touches - before, 2);
}

// EX-6, CID-7.
void session_when_expired_then_unknown(void** state) {
    Bench& bench = bench_of(state);
    bench.send(kHandshake);
    bench.clock.advance(Millis{10000});
    bench.store.sweep(ChildIndex{0}, bench.clock.now());
    bench.send(kPublish);
    assert_string_equal(bench.error(), "402::session_unknown");
    assert_string_equal(bench.advice(), "");
}

// DomainId: a clientId is worth nothing elsewhere.
void session_when_of_another_domain_then_unknown(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.domain = DomainId{5};
    bench.send(kPublish);
    assert_string_equal(bench.error(), "402::session_unknown");
}

// A loop asks for what allows() will be asked, and for nothing else.
void may_block_when_messages_vary_then_asks_as_handling_does(void** state) {
    Bench& bench = bench_of(state);
    bench.policy.blocking = {{broker::Operation::kSubscribe, "/slow/**"},
                             {broker::Operation::kCreate, "/new"},
                             {broker::Operation::kPublish, "/said"},
                             {broker::Operation::kPublish, "/service/said"},
                             {broker::Operation::kCreate, "/service/x"},
                             {broker::Operation::kPublish, "/oort/x"},
                             {broker::Operation::kPublish, "/meta/x"},
                             {broker::Operation::kSubscribe, "/meta/connect"}};
    struct Case {
        const char* body;
        bool blocks;
    };
    static const Case kCases[] = {
        {R"([{"channel":"/quick","data":1}])", false},
        {R"([{"channel":"/said","data":1}])", true},
        {R"([{"channel":"/said/","data":1}])", true},
        {R"([{"channel":"/quick","data":1},{"channel":"/said","data":1}])", true},
        {R"([{"channel":"/new","data":1}])", true},
        {R"([{"channel":"/service/said","data":1}])", true},
        {R"([{"channel":"/service/x","data":1}])", false},
        {R"([{"channel":"/oort/x","data":1}])", false},
        {R"([{"channel":"/meta/x","data":1}])", false},
        {R"([{"channel":"/slow/**","data":1}])", false},
        {R"([{"channel":"no name","data":1}])", false},
        {R"([{"channel":"/said","clientId":7,"data":1}])", false},
        {R"([{"channel":"/meta/subscribe","subscription":"/quick"}])", false},
        {R"([{"channel":"/meta/subscribe","subscription":["/quick","/slow/**"]}])", true},
        {R"([{"channel":"/meta/subscribe","subscription":"/new"}])", true},
        {R"([{"channel":"/meta/subscribe","subscription":"/service/x"}])", false},
        {R"([{"channel":"/meta/subscribe","subscription":"/meta/connect"}])", false},
        {R"([{"channel":"/meta/subscribe","subscription":["no name"]}])", false},
        {R"([{"channel":"/meta/subscribe"}])", false},
        {R"([{"channel":"/meta/unsubscribe","subscription":"/slow/**"}])", false},
        {R"([{"channel":"/meta/connect"},{"channel":"/meta/disconnect"}])", false},
        {R"([{"channel":"/said","data":1},{"channel":"/meta/handshake"}])", false},
    };
    for (const Case& row : kCases) {
        if (bench.may_block(row.body) != row.blocks) {
            print_message("%s\n", row.body);
        }
        assert_int_equal(bench.may_block(row.body), row.blocks);
    }
}

// Whatever allows() is asked, may_block() was asked before.
void may_block_when_nothing_blocks_then_asked_for_all_that_is_judged(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.policy.asked.clear();
    static constexpr const char* kBody =
        R"([{"channel":"/meta/subscribe","clientId":"$1","subscription":["/a","/b/*","/service/s"]},
            {"channel":"/c","clientId":"$1","data":1},{"channel":"/service/d","clientId":"$1","data":1}])";
    assert_false(bench.may_block(kBody));
    bench.send(kBody);
    assert_int_equal(bench.policy.asked.size(), 8);
    assert_true(bench.policy.asked == bench.policy.asked_before);
}

class SlowFilter final : public protocol::StringFilter {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "slow"; }
    [[nodiscard]] bool is_quick() const noexcept override { return false; }
    [[nodiscard]] bool apply(std::string& /*text*/, std::size_t /*max_size*/) const override {
        return true;
    }
};

// A search that may take long is no work for a loop, in one message or in many.
void may_block_when_filters_may_take_long_then_for_large_batches(void** state) {
    Bench& bench = bench_of(state);
    protocol::FilterChain slow("/slow");
    slow.add(std::make_unique<SlowFilter>());
    bench.policy.by_channel["/slow"].filters = &slow;
    const std::string small = R"({"channel":"/slow","data":"x"})";
    const std::string large = R"({"channel":"/slow","data":")" + std::string(500, 'x') + R"("})";
    std::string many = "[" + small;
    for (int i = 0; i < 20; ++i) {
        many += "," + small;
    }
    many += "]";
    assert_false(bench.may_block(large));
    bench.settings.slow_filters = true;
    assert_true(bench.may_block(large));
    assert_true(bench.may_block(many));
    assert_false(bench.may_block(small));
    assert_false(
        bench.may_block(R"({"channel":"/quick","data":")" + std::string(999, 'x') + R"("})"));
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(session_when_cookie_varies_then_found_by_rule),
        BENCH_TEST(session_when_stolen_then_victim_untouched),
        BENCH_TEST(batch_when_client_ids_differ_then_402_for_the_others),
        BENCH_TEST(message_when_wrong_in_several_ways_then_first_check_answers),
        BENCH_TEST(message_when_id_is_number_then_echoed_as_it_is),
        BENCH_TEST(batch_when_some_are_bad_then_the_good_are_done),
        BENCH_TEST(events_when_request_varies_then_ride_by_rule),
        BENCH_TEST(session_when_request_comes_then_lives_on),
        BENCH_TEST(session_when_expired_then_unknown),
        BENCH_TEST(session_when_of_another_domain_then_unknown),
        BENCH_TEST(may_block_when_messages_vary_then_asks_as_handling_does),
        BENCH_TEST(may_block_when_nothing_blocks_then_asked_for_all_that_is_judged),
        BENCH_TEST(may_block_when_filters_may_take_long_then_for_large_batches),
    };
    return cmocka_run_group_tests_name("engine", tests, nullptr, nullptr);
}
