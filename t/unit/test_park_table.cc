#include <cstdint>
#include <deque>
#include <random>
#include <unordered_map>

#include "lib/cmocka.hpp"
#include "loop/park_table.hpp"

namespace bayeux::loop {
namespace {

struct TestPark final : Park {
    explicit TestPark(std::uint32_t session) { terms.session = {session, 1}; }
    void end(EndReason /*reason*/) noexcept override {}
};

void table_when_empty_then_nothing_is_found(void** /*state*/) {
    ParkTable table;
    TestPark park(7);
    assert_null(table.find(7));
    table.remove(park);
    assert_true(table.empty());
}

void table_when_a_park_is_taken_out_then_the_others_stay(void** /*state*/) {
    ParkTable table;
    TestPark a(1);
    TestPark b(2);
    assert_true(table.insert(a) && table.insert(b));
    assert_ptr_equal(table.find(1), &a);
    table.remove(a);
    table.remove(a);
    assert_null(table.find(1));
    assert_ptr_equal(table.find(2), &b);
    assert_int_equal(table.size(), 1);
    assert_ptr_equal(&table.any(), &b);
}

// Another park of the same session, which is not in the table, does not take the first one out.
void remove_when_another_of_the_session_is_there_then_that_one_stays(void** /*state*/) {
    ParkTable table;
    TestPark a(5);
    TestPark other(5);
    assert_true(table.insert(a));
    table.remove(other);
    assert_ptr_equal(table.find(5), &a);
}

void table_when_used_at_random_then_like_a_map(void** /*state*/) {
    std::mt19937 random(4711);
    ParkTable table;
    std::deque<TestPark> parks;
    for (std::uint32_t i = 0; i < 3000; ++i) {
        parks.emplace_back(i * 12);  // as cells of a page lie
    }
    std::unordered_map<std::uint32_t, Park*> model;
    for (int step = 0; step < 100'000; ++step) {
        TestPark& park = parks[random() % parks.size()];
        const std::uint32_t session = park.terms.session.index;
        if (model.contains(session)) {
            assert_ptr_equal(table.find(session), &park);
            table.remove(park);
            model.erase(session);
        } else {
            assert_null(table.find(session));
            assert_true(table.insert(park));
            model[session] = &park;
        }
        assert_int_equal(table.size(), model.size());
    }
    while (!table.empty()) {
        Park& park = table.any();
        assert_int_equal(model.erase(park.terms.session.index), 1);
        table.remove(park);
    }
    assert_true(model.empty());
}

}  // namespace
}  // namespace bayeux::loop

int main() {
    using namespace bayeux::loop;
    const CMUnitTest tests[] = {
        cmocka_unit_test(table_when_empty_then_nothing_is_found),
        cmocka_unit_test(table_when_a_park_is_taken_out_then_the_others_stay),
        cmocka_unit_test(remove_when_another_of_the_session_is_there_then_that_one_stays),
        cmocka_unit_test(table_when_used_at_random_then_like_a_map),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
