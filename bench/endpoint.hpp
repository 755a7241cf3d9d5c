// Where a server is: http://HOST:PORT/PATH.
#ifndef BAYEUX_BENCH_ENDPOINT_HPP
#define BAYEUX_BENCH_ENDPOINT_HPP

#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>

namespace bayeux::bench {

struct Endpoint {
    sockaddr_in address{};
    std::string authority;  // of the Host field
    std::string path;

    [[nodiscard]] static std::optional<Endpoint> parse(std::string_view url);

    // The same server, another path.
    [[nodiscard]] Endpoint at(std::string_view other_path) const;
};

// The whole body of a page, fetched on a connection of its own; blocks. Nothing if there was none.
[[nodiscard]] std::optional<std::string> fetch_page(const Endpoint& page);

}  // namespace bayeux::bench

#endif
