// A body of any type, as a form and as what its Content-Type makes of it. The first line is the
// type.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/batch.hpp"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        out += {'%', kHex[byte >> 4U], kHex[byte & 0xfU]};
    }
    return out;
}

// Whatever is encoded comes back, in order.
void check_round_trip(std::string_view text) {
    const std::string field = "message=" + encoded(text);
    const auto decoded = bayeux::protocol::decode_form(field + "&x=1&" + field + "%21");
    require(decoded.has_value() && decoded.value().size() == 2);
    require(decoded.value()[0] == text && decoded.value()[1] == std::string(text) + "!");
}

void check_charset(std::string_view type) {
    const std::string charset = bayeux::protocol::charset_of(type);
    require(charset.size() <= type.size());
    require(
        std::none_of(charset.begin(), charset.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t line = std::min(input.find('\n'), size);
    const std::string_view type = input.substr(0, line);
    const std::string_view body = input.substr(std::min(line + 1, size));

    check_charset(type);
    static_cast<void>(bayeux::protocol::is_json_body(type, body));
    check_round_trip(body);
    if (const auto messages = bayeux::protocol::decode_form(body)) {
        require(!messages.value().empty());
        std::size_t total = 0;
        for (const std::string& message : messages.value()) {
            total += message.size();
            static_cast<void>(bayeux::protocol::decode_batch(message, {}));
        }
        require(total < body.size());
    }
    return 0;
}
