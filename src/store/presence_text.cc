#include "store/presence_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "protocol/presence_channel.hpp"
#include "protocol/utf8.hpp"

namespace bayeux::store {

void PresenceText::put(std::string_view part) noexcept {
    const std::size_t length = std::min(part.size(), room_.size() - size_);
    std::memcpy(room_.data() + size_, part.data(), length);
    size_ += length;
}

void PresenceText::put_number(std::uint32_t number) noexcept {
    std::array<char, 12> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void PresenceText::begin(std::string_view channel) noexcept {
    put(R"({"channel":")");
    put(protocol::kPresencePrefix);
    put(channel);
    put(R"(","data":{)");
}

void PresenceText::begin_list(std::string_view key) noexcept {
    put("\"");
    put(key);
    put("\":[");
    first_in_list_ = true;
}

void PresenceText::add_name(std::string_view name) noexcept {
    put(first_in_list_ ? "\"" : ",\"");
    first_in_list_ = false;
    const char* const end = name.data() + name.size();
    for (const char* at = name.data(); at < end;) {
        const std::size_t length = protocol::utf8_length(at, end);
        const auto byte = static_cast<unsigned char>(*at);
        if (length == 0) {
            put("\xef\xbf\xbd");
        } else if (byte < 0x20) {
            put("\\u00");
            put({&"0123456789abcdef"[byte >> 4U], 1});
            put({&"0123456789abcdef"[byte & 0xfU], 1});
        } else {
            put(byte == '"' || byte == '\\' ? "\\" : "");
            put({at, length});
        }
        at += std::max<std::size_t>(length, 1);
    }
    put("\"");
}

void PresenceText::end_list() noexcept {
    put("],");
}

void PresenceText::end(std::uint32_t count, bool partial) noexcept {
    put(R"("count":)");
    put_number(count);
    put(partial ? R"(,"partial":true}})" : "}}");
}

}  // namespace bayeux::store
