// That the death of an owner is told is tested with processes, in t/process/test_store_kills.cc.
#include <memory>
#include <thread>

#include "lib/cmocka.hpp"
#include "store/robust_mutex.hpp"

namespace bayeux::test {
namespace {

using store::Acquired;

Acquired try_elsewhere(store::MutexCell& cell) {
    Acquired result = Acquired::kYes;
    std::thread([&] {
        result = store::try_lock_mutex(cell);
        if (result != Acquired::kBusy) {
            store::unlock_mutex(cell);
        }
    }).join();
    return result;
}

Acquired after_owner_ended(store::MutexCell& cell) {
    std::thread([&] { static_cast<void>(store::lock_mutex(cell)); }).join();
    const Acquired result = store::lock_mutex(cell);
    store::unlock_mutex(cell);
    return result;
}

void mutex_when_held_then_busy_for_others(void**) {
    static store::MutexCell cell;
    assert_true(store::init_mutex(cell));
    assert_true(store::lock_mutex(cell) == Acquired::kYes);
    const Acquired held = try_elsewhere(cell);
    const Acquired again = store::try_lock_mutex(cell);
    store::unlock_mutex(cell);
    assert_true(held == Acquired::kBusy);
    assert_true(again == Acquired::kBusy);
    assert_true(try_elsewhere(cell) == Acquired::kYes);
}

void mutex_when_owner_ended_then_said_once(void**) {
    static store::MutexCell cell;
    assert_true(store::init_mutex(cell));
    assert_true(after_owner_ended(cell) == Acquired::kOwnerDied);
    assert_true(try_elsewhere(cell) == Acquired::kYes);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(mutex_when_held_then_busy_for_others),
        cmocka_unit_test(mutex_when_owner_ended_then_said_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
