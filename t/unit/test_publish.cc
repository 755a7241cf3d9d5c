#include "broker/engine.hpp"
#include "lib/broker_bench.hpp"
#include "lib/cmocka.hpp"

namespace bayeux::test {
namespace {

using broker::Operation;

Bench& publish(Bench& bench, const char* channel, const char* rest = R"(,"data":1)") {
    return bench.send(std::string(R"([{"channel":")") + channel + R"(","id":"p","clientId":"$1")" +
                      rest + "}]");
}

void subscribe(Bench& bench, char session, const char* channel) {
    bench.send(std::string(R"([{"channel":"/meta/subscribe","clientId":"$)") + session +
               R"(","subscription":")" + channel + R"("}])");
}

// PB-2, PB-3, PB-5, PB-6: the ack, and the publisher's own event before it.
void publish_when_subscribed_then_event_and_ack(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/a/*");
    publish(bench, "/a/b", R"(,"data":{"n":12345678901234567890},"ext":{"x":1})");
    assert_int_equal(bench.replies(), 1);
    assert_string_equal(bench.text(0, "channel"), "/a/b");
    assert_string_equal(bench.text(0, "id"), "p");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.json(0, "data"), "");
    assert_string_equal(bench.json(0, "clientId"), "");
    assert_string_equal(bench.advice(), "");
    assert_true(bench.outcome.events_of == Bench::handle(1));
    assert_string_equal(bench.events(),
                        R"({"channel":"/a/b","data":{"n":12345678901234567890},"ext":{"x":1}})");
}

// ENV-6..ENV-8, CH-3, CH-13, PB-4, PB-8, PB-9, S1, S2: one error each, nothing is distributed.
void publish_when_refused_then_error(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    subscribe(bench, '2', "/**");
    bench.policy.forbidden = {{Operation::kCreate, "/nocreate"},
                              {Operation::kPublish, "/nopublish"},
                              {Operation::kPublish, "/service/nopublish"}};
    static constexpr const char* kInvalid = "405::channel_invalid";
    static constexpr const char* kNoMeta = "403:denied_by_security_policy:channel_create_denied";
    static constexpr const char* kInternal = "403:denied_by_security_policy:publish_denied";
    struct Case {
        const char* channel;
        const char* rest;
        const char* error;
    };
    static const Case kCases[] = {
        {"a", R"(,"data":1)", kInvalid},
        {"/", R"(,"data":1)", kInvalid},
        {"/a//b", R"(,"data":1)", kInvalid},
        {"/a/*", R"(,"data":1)", kInvalid},
        {"/**", R"(,"data":1)", kInvalid},
        {"/service/*", R"(,"data":1)", kInvalid},
        {"/meta/*", R"(,"data":1)", kInvalid},
        {"/a%2fb", R"(,"data":1)", kInvalid},
        {"/a\\u0000", R"(,"data":1)", kInvalid},
        {"/meta/handshake/", R"(,"data":1)", kInvalid},
        {"/Meta/handshake", R"(,"data":1)", kInvalid},
        {"//meta/subscribe", R"(,"data":1)", kInvalid},
        {"/meta", R"(,"data":1)", kInvalid},
        {"/service", R"(,"data":1)", kInvalid},
        {"/meta/x", R"(,"data":1)", kNoMeta},
        {"/meta/subscribe/x", R"(,"data":1)", kNoMeta},
        {"/bayeux/a", R"(,"data":1)", kInternal},
        {"/oort/cloud", R"(,"data":1)", kInternal},
        {"/seti/all", R"(,"data":1)", kInternal},
        {"/a", "", "400::data_missing"},
        {"/service/a", "", "400::data_missing"},
        {"/nocreate", R"(,"data":1)", "403:denied_by_not_granting:channel_create_denied"},
        {"/nopublish", R"(,"data":1)", "403:denied_by_not_granting:publish_denied"},
        {"/service/nopublish", R"(,"data":1)", "403:denied_by_not_granting:publish_denied"},
        {"/nopublish", "", "403:denied_by_not_granting:publish_denied"},
    };
    for (const Case& row : kCases) {
        publish(bench, row.channel, row.rest);
        assert_int_equal(bench.replies(), 1);
        assert_string_equal(bench.error(), row.error);
        assert_string_equal(bench.successful(), "false");
        assert_string_equal(bench.advice(), "");
        assert_int_equal(bench.session(2)->queued, 0);
    }
}

// PB-4, CH-4.
void publish_when_data_is_any_value_then_distributed(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/a");
    publish(bench, "/a", R"(,"data":null)");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":null})");
    publish(bench, "/a/", R"(,"data":[])");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":[]})");
}

// PB-11, CH-14.
void publish_when_service_then_acknowledged_and_not_distributed(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/**");
    subscribe(bench, '1', "/service/x");
    bench.asked();
    bench.store.full = true;
    publish(bench, "/service/x");
    assert_string_equal(bench.successful(), "true");
    assert_int_equal(bench.session(1)->queued, 0);
    assert_string_equal(bench.asked(), "publish /service/x");
}

// SB-11, DomainId: one copy each, in this domain only.
void publish_when_patterns_overlap_then_one_copy(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    bench.settings.domain = DomainId{2};
    bench.connect_session('3');
    subscribe(bench, '3', "/**");
    bench.settings.domain = DomainId{};
    subscribe(bench, '2', "/a");
    subscribe(bench, '2', "/*");
    subscribe(bench, '2', "/**");
    publish(bench, "/a");
    assert_string_equal(bench.queue_of(2), R"({"channel":"/a","data":1})");
    assert_int_equal(bench.session(3)->queued, 0);
}

// PB-5: any Off suppresses.
void publish_when_not_to_publisher_then_others_only(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.connect_session('2');
    subscribe(bench, '1', "/**");
    subscribe(bench, '2', "/**");
    bench.policy.by_channel["/off"].broadcast_to_publisher = false;
    publish(bench, "/off");
    assert_int_equal(bench.session(1)->queued, 0);
    assert_int_equal(bench.session(2)->queued, 1);
    publish(bench, "/on");
    assert_int_equal(bench.session(1)->queued, 1);
    assert_int_equal(bench.session(2)->queued, 2);
    bench.settings.broadcast_to_publisher = false;
    publish(bench, "/on");
    assert_int_equal(bench.session(1)->queued, 1);
    assert_int_equal(bench.session(2)->queued, 3);
}

// PB-6, ORD-3: who is woken. The sender's own connect only if its events may not ride here.
void publish_when_connects_are_held_then_wakes(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.holds_per_browser = broker::kUnlimited;
    for (const char session : {'1', '2'}) {
        bench.connect_session(session);
        subscribe(bench, session, "/a");
        bench.send(std::string(R"([{"channel":"/meta/connect","clientId":"$)") + session +
                   R"("}])");
        bench.park();
    }
    broker::Due due[4];
    publish(bench, "/a");
    assert_int_equal(bench.store.take_due(ChildIndex{0}, due), 1);
    assert_true(due[0].session == Bench::handle(2));
    assert_true(bench.session(1)->parked);
    bench.settings.meta_connect_deliver_only = true;
    publish(bench, "/a");
    assert_false(bench.outcome.events_of.has_value());
    assert_int_equal(bench.store.take_due(ChildIndex{0}, due), 1);
    assert_true(due[0].session == Bench::handle(1));
}

// PB-10: only where allowed, only if nobody is named, and by the policy all the same.
void publish_when_unconnected_then_by_setting(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/**");
    static constexpr const char* kAnonymous = R"([{"channel":"/a","data":1}])";
    bench.send(kAnonymous);
    assert_string_equal(bench.error(), "402::session_unknown");
    bench.settings.unconnected_publish = true;
    bench.send(kAnonymous);
    assert_string_equal(bench.successful(), "true");
    assert_int_equal(bench.session(1)->queued, 1);
    assert_false(bench.outcome.events_of.has_value());
    bench.policy.forbidden = {{Operation::kPublish, "/a"}};
    bench.send(kAnonymous);
    assert_string_equal(bench.error(), "403:denied_by_not_granting:publish_denied");
    bench.send(R"([{"channel":"/oort/a","data":1}])");
    assert_string_equal(bench.error(), "403:denied_by_security_policy:publish_denied");
    bench.send(R"([{"channel":"/b","data":1,"clientId":"$9"}])");
    assert_string_equal(bench.error(), "402::session_unknown");
    bench.send(
        R"([{"channel":"/b","data":1},{"channel":"/b","data":1,"clientId":"$1"},
            {"channel":"/meta/subscribe","subscription":"/b"},{"channel":"/b","data":1}])");
    assert_string_equal(bench.successful(0), "true");
    assert_string_equal(bench.error(1), "402::session_unknown");
    assert_string_equal(bench.error(2), "402::session_unknown");
    assert_string_equal(bench.successful(3), "true");
}

// design.md 8.
void publish_when_store_full_then_503(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.max_channels = 1;
    publish(bench, "/a");
    assert_string_equal(bench.successful(), "true");
    publish(bench, "/b");
    assert_string_equal(bench.error(), "503::server_full");
    bench.store.full = true;
    publish(bench, "/a");
    assert_string_equal(bench.error(), "503::server_full");
}

// CH-15, and the memory that a batch has of its last channel: asked once for each run of messages.
void publish_when_batch_then_policy_is_asked_once_for_a_run(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/**");
    bench.asked();
    bench.send(
        R"([{"channel":"/a","clientId":"$1","data":1},{"channel":"/a","clientId":"$1","data":2},
            {"channel":"/b","clientId":"$1","data":3},{"channel":"/a","clientId":"$1","data":4},
            {"channel":"/*","clientId":"$1","data":5},{"channel":"/*","clientId":"$1","data":6},
            {"channel":"/b","clientId":"$1","data":7}])");
    assert_string_equal(bench.asked(),
                        "create /a publish /a create /b publish /b publish /a publish /b");
    assert_string_equal(bench.error(4), "405::channel_invalid");
    assert_string_equal(bench.error(5), "405::channel_invalid");
    assert_string_equal(
        bench.events(),
        R"({"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/b","data":3},)"
        R"({"channel":"/a","data":4},{"channel":"/b","data":7})");
}

// CID-3, S5.
void publish_when_delivered_then_nothing_of_the_publisher(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/a");
    publish(bench, "/a", R"(,"data":1,"ext":{"authentication":{"token":"secret"},"k":2})");
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1,"ext":{"k":2}})");
}

// ORD-8, CN-11: a lazy event wakes nobody, and holds up no connect; it leaves with the next one
// that is not lazy, or when its time has come.
void publish_when_channel_is_lazy_then_event_waits_for_company(void** state) {
    Bench& bench = bench_of(state);
    bench.settings.holds_per_browser = broker::kUnlimited;
    bench.connect_session('1');
    bench.connect_session('2');
    subscribe(bench, '2', "/**");
    static constexpr const char* kConnect = R"([{"channel":"/meta/connect","clientId":"$2"}])";
    bench.policy.by_channel["/lazy"].lazy = Millis{5000};
    publish(bench, "/lazy");
    bench.send(kConnect);
    assert_true(bench.outcome.park.has_value());
    assert_true(bench.park() == broker::ParkState::kParked);
    publish(bench, "/lazy", R"(,"data":2)");
    assert_string_equal(bench.due(), "");
    publish(bench, "/eager", R"(,"data":3)");
    assert_string_equal(bench.due(), "events");
    assert_string_equal(bench.queue_of(2),
                        R"({"channel":"/lazy","data":1},{"channel":"/lazy","data":2},)"
                        R"({"channel":"/eager","data":3})");
    bench.send(kConnect);
    bench.park();
    publish(bench, "/lazy");
    bench.clock.advance(Millis{5000});
    bench.store.sweep(ChildIndex{0}, bench.clock.now());
    assert_string_equal(bench.due(), "events");
}

// X-TS: one time for all who get it, not the publisher's.
void publish_when_timestamp_is_on_then_events_have_it(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    subscribe(bench, '1', "/a");
    static constexpr const char* kClaim = R"(,"data":1,"timestamp":"yesterday")";
    publish(bench, "/a", kClaim);
    assert_string_equal(bench.events(), R"({"channel":"/a","data":1,"timestamp":"yesterday"})");
    bench.settings.extensions.timestamp = true;
    publish(bench, "/a", kClaim);
    assert_string_equal(bench.events(),
                        R"({"channel":"/a","data":1,"timestamp":"Tue Nov 14 22:30:00 GMT 2023"})");
}

// BayeuxPersistent reaches the store.
void publish_when_channel_is_persistent_then_it_outlives_sweeps(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.policy.by_channel["/kept"].persistent = true;
    publish(bench, "/kept");
    publish(bench, "/swept");
    for (int i = 0; i < 4; ++i) {
        bench.store.sweep(ChildIndex{0}, bench.clock.now());
    }
    bench.asked();
    publish(bench, "/kept");
    publish(bench, "/swept");
    assert_string_equal(bench.asked(), "publish /kept create /swept publish /swept");
}

// PB-11, PB-15: a value for whoever has the request at hand; the acknowledgement does not wait.
void publish_when_channel_has_a_service_then_call_and_ack(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.policy.by_channel["/service/echo"].service = true;
    bench.send(R"([{"channel":"/service/echo/","id":"7","clientId":"$1","data":{"n":1e400}},
                   {"channel":"/service/other","id":"8","clientId":"$1","data":1},
                   {"channel":"/service/echo","clientId":"$1","data":[ ]}])");
    assert_string_equal(bench.successful(0), "true");
    assert_string_equal(bench.successful(1), "true");
    assert_string_equal(bench.successful(2), "true");
    assert_int_equal(bench.outcome.calls.size(), 2);
    const broker::ServiceCall& first = bench.outcome.calls[0];
    assert_true(first.session == Bench::handle(1));
    assert_string_equal(first.client_id.c_str(), bench.client_id('1'));
    assert_string_equal(first.channel.text().c_str(), "/service/echo");
    assert_string_equal(first.id.c_str(), R"("7")");
    assert_string_equal(first.data.c_str(), R"({"n":1e400})");
    assert_string_equal(bench.outcome.calls[1].id.c_str(), "");
    assert_string_equal(bench.outcome.calls[1].data.c_str(), "[ ]");
}

// Nothing that is refused is called; nor is anything without a session, which could not be
// answered.
void publish_when_refused_or_unconnected_then_no_call(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.settings.unconnected_publish = true;
    bench.policy.by_channel["/service/a"].service = true;
    bench.policy.by_channel["/service/b"].service = true;
    bench.policy.forbidden = {{Operation::kPublish, "/service/b"}};
    publish(bench, "/service/b");
    assert_string_equal(bench.error(), "403:denied_by_not_granting:publish_denied");
    assert_int_equal(bench.outcome.calls.size(), 0);
    publish(bench, "/service/a", "");
    assert_int_equal(bench.outcome.calls.size(), 0);
    bench.send(R"([{"channel":"/service/a","id":"1","data":1}])");
    assert_string_equal(bench.successful(), "true");
    assert_int_equal(bench.outcome.calls.size(), 0);
}

// The loop has no request that a call could be made for.
void publish_when_channel_has_a_service_then_may_block(void** state) {
    Bench& bench = bench_of(state);
    bench.connect_session('1');
    bench.policy.by_channel["/service/echo"].service = true;
    assert_true(bench.may_block(R"([{"channel":"/service/echo","clientId":"$1","data":1}])"));
    assert_false(bench.may_block(R"([{"channel":"/service/other","clientId":"$1","data":1}])"));
}

// BayeuxFilter: before anybody gets it, for service channels too; what is not changed is verbatim.
void publish_when_channel_has_filters_then_data_is_filtered(void** state) {
    Bench& bench = bench_of(state);
    protocol::FilterChain chain("/f/**");
    chain.add(protocol::make_size_filter(5));
    chain.add(protocol::make_escape_filter());
    bench.connect_session('1');
    subscribe(bench, '1', "/**");
    bench.policy.by_channel["/f/a"].filters = &chain;
    bench.policy.by_channel["/service/f"].filters = &chain;
    publish(bench, "/f/a", R"(,"data":{"a":"<","b": 1.0},"other":"<")");
    assert_string_equal(bench.successful(), "true");
    assert_string_equal(bench.events(),
                        R"({"channel":"/f/a","data":{"a":"&lt;","b": 1.0},"other":"<"})");
    publish(bench, "/f/a", R"(,"data":["\u0041"])");
    assert_string_equal(bench.events(), R"({"channel":"/f/a","data":["\u0041"]})");
    for (const char* channel : {"/f/a", "/service/f"}) {
        publish(bench, channel, R"(,"data":["123456"])");
        assert_string_equal(bench.error(), "403:max-size,/f/**:refused_by_filter");
        assert_int_equal(bench.session(1)->queued, 0);
    }
    publish(bench, "/service/f", R"(,"data":"<")");
    assert_string_equal(bench.successful(), "true");
    publish(bench, "/other", R"(,"data":"<123456")");
    assert_string_equal(bench.events(), R"({"channel":"/other","data":"<123456"})");
    bench.settings.max_message_size = 7;
    publish(bench, "/f/a", R"(,"data":["<"])");
    assert_string_equal(bench.error(), "403:escape-markup,/f/**:refused_by_filter");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        BENCH_TEST(publish_when_subscribed_then_event_and_ack),
        BENCH_TEST(publish_when_refused_then_error),
        BENCH_TEST(publish_when_data_is_any_value_then_distributed),
        BENCH_TEST(publish_when_service_then_acknowledged_and_not_distributed),
        BENCH_TEST(publish_when_patterns_overlap_then_one_copy),
        BENCH_TEST(publish_when_not_to_publisher_then_others_only),
        BENCH_TEST(publish_when_connects_are_held_then_wakes),
        BENCH_TEST(publish_when_unconnected_then_by_setting),
        BENCH_TEST(publish_when_store_full_then_503),
        BENCH_TEST(publish_when_batch_then_policy_is_asked_once_for_a_run),
        BENCH_TEST(publish_when_delivered_then_nothing_of_the_publisher),
        BENCH_TEST(publish_when_channel_is_lazy_then_event_waits_for_company),
        BENCH_TEST(publish_when_timestamp_is_on_then_events_have_it),
        BENCH_TEST(publish_when_channel_is_persistent_then_it_outlives_sweeps),
        BENCH_TEST(publish_when_channel_has_a_service_then_call_and_ack),
        BENCH_TEST(publish_when_refused_or_unconnected_then_no_call),
        BENCH_TEST(publish_when_channel_has_a_service_then_may_block),
        BENCH_TEST(publish_when_channel_has_filters_then_data_is_filtered),
    };
    return cmocka_run_group_tests_name("publish", tests, nullptr, nullptr);
}
