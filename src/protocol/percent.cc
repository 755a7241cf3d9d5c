#include "protocol/percent.hpp"

#include <cstddef>

namespace bayeux::protocol {

std::optional<std::string> decode_component(std::string_view encoded) {
    std::string out;
    out.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const char c = encoded[i];
        if (c != '%') {
            out += c == '+' ? ' ' : c;
            continue;
        }
        const int byte = escaped_byte(encoded.substr(i));
        if (byte < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

}  // namespace bayeux::protocol
