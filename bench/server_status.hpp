// Numbers of mod_status' machine-readable page.
#ifndef BAYEUX_BENCH_SERVER_STATUS_HPP
#define BAYEUX_BENCH_SERVER_STATUS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/endpoint.hpp"

namespace bayeux::bench {

class ServerStatus {
  public:
    // Blocks for as long as the server takes.
    [[nodiscard]] static std::optional<ServerStatus> fetch(const Endpoint& page);

    // Nothing if the page has no line of this name.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;

  private:
    explicit ServerStatus(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

}  // namespace bayeux::bench

#endif
