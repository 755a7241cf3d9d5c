#include <cstring>
#include <vector>

#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/segment.hpp"

namespace bayeux::test {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20U;

bool can_create(std::size_t size, std::uint32_t children) {
    std::vector<std::byte> memory(size);
    return store::Segment::create(memory, children, {}).has_value();
}

void create_when_one_megabyte_then_made(void**) {
    assert_true(can_create(kMegabyte, 64));
    assert_false(can_create(kMegabyte - 1, 1));
}

void create_when_children_out_of_range_then_refused(void**) {
    assert_false(can_create(kMegabyte, 0));
    assert_false(can_create(8 * kMegabyte, 1025));
    assert_true(can_create(8 * kMegabyte, 1024));
}

void create_when_too_small_for_children_then_not_overrun(void**) {
    // ASan watches the end of the vector.
    assert_true(can_create(kMegabyte, 1024));
    assert_true(can_create(kMegabyte + 4095, 1024));
}

// Bytes of `memory` that attach() accepts after `change`.
template <class Change>
bool attaches_after(Change&& change) {
    StoreWorld world(kMegabyte);
    change(world.store().segment().header());
    const bool attaches = store::Segment::attach(world.bytes()).has_value();
    return attaches;
}

void attach_when_same_then_accepted(void**) {
    assert_true(attaches_after([](store::Header&) {}));
}

void attach_when_another_layout_then_refused(void**) {
    assert_false(attaches_after([](store::Header& h) { ++h.magic; }));
    assert_false(attaches_after([](store::Header& h) { ++h.layout_version; }));
    assert_false(attaches_after([](store::Header& h) { ++h.header_size; }));
    assert_false(attaches_after([](store::Header& h) { ++h.size; }));
    assert_false(attaches_after([](store::Header& h) { ++h.geometry.page_count; }));
    assert_false(attaches_after([](store::Header& h) { h.geometry.child_capacity = 1U << 30U; }));
}

bool attaches_to(std::size_t size) {
    std::vector<std::byte> memory(size);
    return store::Segment::attach(memory).has_value();
}

void attach_when_nothing_there_then_refused(void**) {
    assert_false(attaches_to(0));
    assert_false(attaches_to(100));
    assert_false(attaches_to(kMegabyte));
}

// apr_shm hands out addresses a few bytes behind a page.
bool works_off_a_page() {
    std::vector<std::byte> memory(2 * kMegabyte);
    const std::span<std::byte> bytes = std::span(memory).subspan(16);
    return store::Segment::create(bytes, 4, {}).has_value() &&
           store::Segment::attach(bytes).has_value();
}

void segment_when_not_on_a_page_then_works(void**) {
    assert_true(works_off_a_page());
}

void cell_when_index_is_wild_then_within_the_segment(void** state) {
    const store::Segment& segment = world_of(state).store().segment();
    const auto bytes = world_of(state).bytes();
    for (const std::uint32_t wild : {0xffffffffU, 0xfffffffeU, 0x00ffffffU, 255U, 0x7fffff00U}) {
        const auto* const at =
            reinterpret_cast<const std::byte*>(&segment.cell(store::ChannelIndex(wild)));
        assert_true(at >= bytes.data());
        assert_true(at + sizeof(store::Channel) <= bytes.data() + bytes.size());
        assert_null(segment.at(store::ChannelIndex(wild)));
    }
}

// S24: what the keys are for must not be guessable from outside, so they are the caller's.
void header_when_created_then_has_the_callers_keys(void** state) {
    assert_int_equal(world_of(state).store().browser_key()[0], 9);
    assert_int_equal(world_of(state).store().segment().header().table_key[0], 7);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(create_when_one_megabyte_then_made),
        cmocka_unit_test(create_when_children_out_of_range_then_refused),
        cmocka_unit_test(create_when_too_small_for_children_then_not_overrun),
        cmocka_unit_test(attach_when_same_then_accepted),
        cmocka_unit_test(attach_when_another_layout_then_refused),
        cmocka_unit_test(attach_when_nothing_there_then_refused),
        cmocka_unit_test(segment_when_not_on_a_page_then_works),
        WORLD_TEST(cell_when_index_is_wild_then_within_the_segment),
        WORLD_TEST(header_when_created_then_has_the_callers_keys),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
