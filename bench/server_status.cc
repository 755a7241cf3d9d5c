#include "bench/server_status.hpp"

#include <charconv>

namespace bayeux::bench {

std::optional<ServerStatus> ServerStatus::fetch(const Endpoint& page) {
    auto text = fetch_page(page);
    if (!text) {
        return std::nullopt;
    }
    return ServerStatus('\n' + *text);
}

std::optional<std::uint64_t> ServerStatus::number(std::string_view name) const {
    const std::string wanted = '\n' + std::string(name) + ": ";
    const std::size_t at = text_.find(wanted);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const char* first = text_.data() + at + wanted.size();
    if (std::from_chars(first, text_.data() + text_.size(), value).ec != std::errc()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace bayeux::bench
