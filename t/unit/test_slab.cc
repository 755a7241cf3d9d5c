#include <set>
#include <vector>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/slab.hpp"

namespace bayeux::test {
namespace {

// Takes cells until memory is full; live, so that verify() accepts them as used.
template <class T>
std::vector<store::Index<T>> take_all(const store::Locked& locked) {
    std::vector<store::Index<T>> all;
    while (const auto index = store::allocate<T>(locked)) {
        store::publish_cell(locked.cell(index));
        all.push_back(index);
    }
    return all;
}

template <class T>
void give_back(const store::Locked& locked, store::Index<T> index) {
    store::retire_cell(locked.cell(index));
    store::release(locked, index);
}

template <class T>
bool fills_and_empties(StoreWorld& world, bool all_of_it) {
    bool good = true;
    world.locked([&](const store::Locked& locked) {
        const std::uint32_t left =
            all_of_it ? 0 : store::reserved_pages(locked.segment().geometry());
        const std::uint32_t pages = locked.header().free_pages;
        const auto all = take_all<T>(locked);
        std::set<std::uint32_t> distinct;
        for (const auto index : all) {
            distinct.insert(index.value);
        }
        good = all.size() == std::size_t{pages - left} * store::kCellsPerPage<T> &&
               distinct.size() == all.size() && locked.header().free_pages == left;
        for (std::size_t i = 0; i < all.size(); ++i) {
            give_back(locked, all[(i * 7919) % all.size()]);
        }
        good = good && locked.header().free_pages == pages;
    });
    return good && world.wrong().empty();
}

// Any kind may use all memory, one after the other, but for the pages that are kept for messages.
void slab_when_filled_and_emptied_then_all_pages_are_back(void** state) {
    assert_true(fills_and_empties<store::Session>(world_of(state), false));
    assert_true(fills_and_empties<store::QueueEntry>(world_of(state), true));
    assert_true(fills_and_empties<store::Block>(world_of(state), true));
    assert_true(fills_and_empties<store::Domain>(world_of(state), false));
    assert_true(fills_and_empties<store::Subscription>(world_of(state), false));
}

void allocate_when_cell_was_freed_then_it_is_used_again(void** state) {
    world_of(state).locked([&](const store::Locked& locked) {
        const auto first = store::allocate<store::Job>(locked);
        const auto second = store::allocate<store::Job>(locked);
        store::publish_cell(locked.cell(second));
        give_back(locked, first);
        assert_true(store::allocate<store::Job>(locked) == first);
        assert_int_equal(locked.cell(first).live, store::kCellFree);
    });
}

void pages_for_when_cells_are_spare_then_counts_them(void** state) {
    world_of(state).locked([&](const store::Locked& locked) {
        assert_int_equal(store::pages_for(locked, store::Kind::kBlock, 0), 0);
        assert_int_equal(store::pages_for(locked, store::Kind::kBlock, 16), 1);
        assert_int_equal(store::pages_for(locked, store::Kind::kBlock, 17), 2);
        static_cast<void>(store::allocate<store::Block>(locked));
        assert_int_equal(store::pages_for(locked, store::Kind::kBlock, 15), 0);
        assert_int_equal(store::pages_for(locked, store::Kind::kBlock, 16), 1);
    });
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(slab_when_filled_and_emptied_then_all_pages_are_back),
        WORLD_TEST(allocate_when_cell_was_freed_then_it_is_used_again),
        WORLD_TEST(pages_for_when_cells_are_spare_then_counts_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
