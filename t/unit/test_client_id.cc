#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/entropy.hpp"
#include "cmocka.hpp"
#include "fake_entropy.hpp"
#include "protocol/client_id.hpp"

namespace {

using bayeux::KernelEntropy;
using bayeux::protocol::BrowserId;
using bayeux::protocol::ClientId;
using bayeux::protocol::SecretKey;
using bayeux::test::FakeEntropy;

constexpr std::string_view kText = "000102030405060708090a0b0c0d0e0f10111213";

ClientId counting_id() {
    std::array<std::uint8_t, ClientId::kBytes> bytes{};
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return ClientId::from_bytes(bytes);
}

BrowserId counting_browser() {
    std::array<std::uint8_t, BrowserId::kBytes> bytes{};
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return BrowserId::from_bytes(bytes);
}

SecretKey key_of(std::uint8_t last) {
    SecretKey key{};
    key.back() = last;
    return key;
}

std::string replaced(std::string_view text, std::size_t at, char c) {
    std::string out(text);
    out[at] = c;
    return out;
}

// CID-1.
void client_id_when_written_then_40_hexadecimal_digits(void** /*state*/) {
    assert_string_equal(counting_id().text().c_str(), "000102030405060708090a0b0c0d0e0f10111213");
}

// S19.
void client_id_when_logged_then_6_digits_only(void** /*state*/) {
    assert_string_equal(counting_id().short_form().c_str(), "000102");
}

void client_id_when_parsed_then_the_id_that_was_written(void** /*state*/) {
    assert_true(ClientId::parse(kText) == counting_id());
}

void client_id_when_text_is_not_exactly_an_id_then_nothing(void** /*state*/) {
    assert_false(ClientId::parse("").has_value());
    assert_false(ClientId::parse(kText.substr(1)).has_value());
    assert_false(ClientId::parse(std::string(kText) + "0").has_value());
    assert_false(ClientId::parse(replaced(kText, 25, 'B')).has_value());
    assert_false(ClientId::parse(replaced(kText, 39, 'g')).has_value());
    assert_false(ClientId::parse(replaced(kText, 0, ' ')).has_value());
    assert_false(ClientId::parse(replaced(kText, 7, '\0')).has_value());
}

int count_ids_equal_to_a_changed_one() {
    int count = 0;
    for (std::size_t at = 0; at < ClientId::kBytes; ++at) {
        auto bytes = counting_id().bytes();
        bytes[at] ^= 0x80U;
        count += ClientId::from_bytes(bytes) == counting_id() ? 1 : 0;
    }
    return count;
}

void client_id_when_any_byte_differs_then_not_equal(void** /*state*/) {
    assert_int_equal(count_ids_equal_to_a_changed_one(), 0);
}

bool makes_ids(bool exhausted) {
    FakeEntropy entropy;
    entropy.exhausted = exhausted;
    return ClientId::make(entropy).has_value() || BrowserId::make(entropy).has_value();
}

void ids_when_there_is_no_randomness_then_none_are_made(void** /*state*/) {
    assert_true(makes_ids(false));
    assert_false(makes_ids(true));
}

std::size_t count_distinct(std::size_t made) {
    KernelEntropy entropy;
    std::set<std::string> texts;
    for (std::size_t i = 0; i < made; ++i) {
        texts.insert(ClientId::make(entropy)->text());
    }
    return texts.size();
}

// The share of set bits, in percent, over many ids, at the worst of the 160 places.
int worst_percent_of_set_bits() {
    constexpr int kIds = 2000;
    KernelEntropy entropy;
    std::array<int, 8 * ClientId::kBytes> set{};
    for (int i = 0; i < kIds; ++i) {
        const auto bytes = ClientId::make(entropy)->bytes();
        for (std::size_t bit = 0; bit < set.size(); ++bit) {
            set[bit] += (bytes[bit / 8] >> (bit % 8)) & 1;
        }
    }
    int worst = 50;
    for (const int count : set) {
        const int percent = count * 100 / kIds;
        worst = std::abs(percent - 50) > std::abs(worst - 50) ? percent : worst;
    }
    return worst;
}

// S10.
void client_id_when_made_by_the_kernel_then_unique_and_even(void** /*state*/) {
    assert_int_equal(count_distinct(10000), 10000);
    assert_in_range(worst_percent_of_set_bits(), 40, 60);
}

// BR-2: the tag is SipHash-2-4 of the id, little endian; the value is the reference vector's.
void browser_id_when_written_then_id_and_tag(void** /*state*/) {
    SecretKey key{};
    std::iota(key.begin(), key.end(), std::uint8_t{0});
    assert_string_equal(counting_browser().cookie(key).c_str(),
                        "000102030405060708090a0b0c0d0e0fdb9bc2577fcc2a3f");
}

void browser_id_when_this_server_issued_it_then_parsed(void** /*state*/) {
    const std::string cookie = counting_browser().cookie(key_of(1));
    assert_int_equal(cookie.size(), 48);
    assert_true(BrowserId::parse(cookie, key_of(1)) == counting_browser());
}

// BR-2, S4.
void browser_id_when_the_key_is_another_then_nothing(void** /*state*/) {
    assert_false(BrowserId::parse(counting_browser().cookie(key_of(1)), key_of(2)).has_value());
}

int count_accepted_forgeries() {
    const std::string cookie = counting_browser().cookie(key_of(1));
    int count = 0;
    for (std::size_t at = 0; at < cookie.size(); ++at) {
        const char other = cookie[at] == '7' ? '8' : '7';
        count += BrowserId::parse(replaced(cookie, at, other), key_of(1)) ? 1 : 0;
    }
    return count;
}

void browser_id_when_any_digit_was_changed_then_nothing(void** /*state*/) {
    assert_int_equal(count_accepted_forgeries(), 0);
}

void browser_id_when_cookie_has_another_form_then_nothing(void** /*state*/) {
    const std::string cookie = counting_browser().cookie(key_of(1));
    assert_false(BrowserId::parse("", key_of(1)).has_value());
    assert_false(BrowserId::parse(cookie.substr(0, 47), key_of(1)).has_value());
    assert_false(BrowserId::parse(cookie.substr(0, 32), key_of(1)).has_value());
    assert_false(BrowserId::parse(cookie + "0", key_of(1)).has_value());
    assert_false(BrowserId::parse(replaced(cookie, 21, 'A'), key_of(1)).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(client_id_when_written_then_40_hexadecimal_digits),
        cmocka_unit_test(client_id_when_logged_then_6_digits_only),
        cmocka_unit_test(client_id_when_parsed_then_the_id_that_was_written),
        cmocka_unit_test(client_id_when_text_is_not_exactly_an_id_then_nothing),
        cmocka_unit_test(client_id_when_any_byte_differs_then_not_equal),
        cmocka_unit_test(ids_when_there_is_no_randomness_then_none_are_made),
        cmocka_unit_test(client_id_when_made_by_the_kernel_then_unique_and_even),
        cmocka_unit_test(browser_id_when_written_then_id_and_tag),
        cmocka_unit_test(browser_id_when_this_server_issued_it_then_parsed),
        cmocka_unit_test(browser_id_when_the_key_is_another_then_nothing),
        cmocka_unit_test(browser_id_when_any_digit_was_changed_then_nothing),
        cmocka_unit_test(browser_id_when_cookie_has_another_form_then_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
