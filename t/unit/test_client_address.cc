#include <array>

#include "base/client_address.hpp"
#include "cmocka.hpp"

namespace bayeux::test {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 4> kFour{192, 0, 2, 1};
constexpr Bytes kSix{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8};

bool says(const ClientAddress& address, const char* text) {
    return address.text() == text;
}

void ipv4_when_made_then_its_text(void**) {
    assert_true(says(ClientAddress::of_ipv4(kFour), "192.0.2.1"));
    assert_true(says(ClientAddress::of_ipv4(std::array<std::uint8_t, 4>{}), "0.0.0.0"));
    assert_true(says({}, "an unknown address"));
}

void ipv6_when_made_then_its_64(void**) {
    assert_true(says(ClientAddress::of_ipv6(kSix), "2001:db8:0:1::/64"));
    Bytes neighbour = kSix;
    neighbour[15] = 99;
    assert_true(ClientAddress::of_ipv6(kSix) == ClientAddress::of_ipv6(neighbour));
    Bytes other = kSix;
    other[7] = 2;
    assert_false(ClientAddress::of_ipv6(kSix) == ClientAddress::of_ipv6(other));
}

void ipv6_when_it_stands_for_ipv4_then_the_same(void**) {
    const Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    assert_true(ClientAddress::of_ipv6(mapped) == ClientAddress::of_ipv4(kFour));
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_when_made_then_its_text),
        cmocka_unit_test(ipv6_when_made_then_its_64),
        cmocka_unit_test(ipv6_when_it_stands_for_ipv4_then_the_same),
    };
    return cmocka_run_group_tests_name("client_address", tests, nullptr, nullptr);
}
