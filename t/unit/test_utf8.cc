#include <array>
#include <cstddef>
#include <cstdint>

#include "cmocka.hpp"
#include "protocol/utf8.hpp"

namespace {

using bayeux::protocol::utf8_length;

using Bytes = std::array<std::uint8_t, 4>;

// The definition, from the other end: decode by the lead byte's pattern, then ask whether the code
// point is one and whether it needs that many bytes.
std::size_t naive_length(const Bytes& bytes, std::size_t size) {
    const std::uint32_t lead = bytes[0];
    std::size_t length = 0;
    std::uint32_t point = 0;
    if (lead < 0x80) {
        length = 1;
        point = lead;
    } else if ((lead & 0xe0U) == 0xc0) {
        length = 2;
        point = lead & 0x1fU;
    } else if ((lead & 0xf0U) == 0xe0) {
        length = 3;
        point = lead & 0x0fU;
    } else if ((lead & 0xf8U) == 0xf0) {
        length = 4;
        point = lead & 0x07U;
    }
    if (length == 0 || length > size) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((bytes[i] & 0xc0U) != 0x80) {
            return 0;
        }
        point = (point << 6U) | (bytes[i] & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point >= kLeast[length] && point <= 0x10ffff && !surrogate ? length : 0;
}

bool agrees(const Bytes& bytes, std::size_t size) {
    const auto* at = reinterpret_cast<const char*>(bytes.data());
    return utf8_length(at, at + size) == naive_length(bytes, size);
}

// Bytes on both sides of every limit in the definition.
constexpr std::array<std::uint8_t, 12> kEdges = {0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90,
                                                 0x9f, 0xa0, 0xbf, 0xc0, 0xed, 0xff};

int count_disagreements() {
    int count = 0;
    for (unsigned lead = 0; lead < 256; ++lead) {
        for (unsigned second = 0; second < 256; ++second) {
            for (const std::uint8_t third : kEdges) {
                for (const std::uint8_t fourth : kEdges) {
                    for (std::size_t size = 1; size <= 4; ++size) {
                        const Bytes bytes = {static_cast<std::uint8_t>(lead),
                                             static_cast<std::uint8_t>(second), third, fourth};
                        count += agrees(bytes, size) ? 0 : 1;
                    }
                }
            }
        }
    }
    return count;
}

void utf8_length_when_compared_with_the_definition_then_agrees(void** /*state*/) {
    assert_int_equal(count_disagreements(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(utf8_length_when_compared_with_the_definition_then_agrees),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
