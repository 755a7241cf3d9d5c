#include "lib/cmocka.hpp"
#include "process/store_world.hpp"
#include "store/message_body.hpp"

namespace bayeux::test {
namespace {

std::string text_of(std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        text += static_cast<char>('a' + i % 23);
    }
    return text;
}

// The text after a way through the segment; what is left in it afterwards goes to `left`.
std::string there_and_back(StoreWorld& world, const std::string& text, std::uint32_t& left) {
    std::string back(text.size(), '?');
    world.locked([&](const store::Locked& locked) {
        const store::BlockIndex message = store::store_message(locked, text);
        store::add_reference(locked, message);
        store::drop_reference(locked, message);
        store::copy_message(locked, message, back.data());
        store::drop_reference(locked, message);
        left = locked.header().kinds[static_cast<std::size_t>(store::Kind::kBlock)].used;
    });
    return back;
}

void message_when_stored_then_read_back(void** state) {
    for (const std::size_t length : {0U, 1U, 239U, 240U, 241U, 480U, 481U, 65536U, 300000U}) {
        std::uint32_t left = 1;
        const std::string text = text_of(length);
        assert_true(there_and_back(world_of(state), text, left) == text);
        assert_int_equal(left, 0);
    }
}

void store_when_memory_is_full_then_nothing_is_kept(void** state) {
    StoreWorld& world = world_of(state);
    const std::string large = text_of(world.bytes().size());
    world.locked([&](const store::Locked& locked) {
        assert_false(static_cast<bool>(store::store_message(locked, large)));
    });
    assert_int_equal(world.store().stats().used_bytes(), 0);
    assert_string_equal(world.wrong().c_str(), "");
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        WORLD_TEST(message_when_stored_then_read_back),
        WORLD_TEST(store_when_memory_is_full_then_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
