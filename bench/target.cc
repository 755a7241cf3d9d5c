#include "bench/target.hpp"

namespace bayeux::bench {

Target Target::take(Arguments& arguments) {
    const Endpoint server = arguments.endpoint("--url");
    return {.server = server,
            .publish = arguments.endpoint("--publish-url", server),
            .dialect = arguments.choice("--dialect", {"bayeux", "nchan"}) == 0 ? Dialect::kBayeux
                                                                               : Dialect::kNchan,
            .transport = arguments.choice("--transport", {"long-polling", "websocket"}) == 0
                             ? Transport::kLongPolling
                             : Transport::kWebSocket,
            .pid = arguments.count("--server-pid", 0, 1, 1U << 22U)};
}

}  // namespace bayeux::bench
