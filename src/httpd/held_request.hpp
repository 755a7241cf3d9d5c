// A request whose answer the broker has decided, or put off: what is needed to write it, by whoever
// will. Lives in the request's pool.
#ifndef BAYEUX_HTTPD_HELD_REQUEST_HPP
#define BAYEUX_HTTPD_HELD_REQUEST_HPP

#include "broker/outcome.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/receipt.hpp"
#include "loop/park.hpp"

namespace bayeux::httpd {

struct HeldRequest {
    request_rec* r = nullptr;
    broker::Outcome outcome;
    int duplicate_status = 408;  // BayeuxDuplicateConnectStatus
    // Of a parked connect: made when it is parked, so that the store hears of its end in any case.
    Receipt* receipt = nullptr;
    // JP-1: the client's function that the response calls; nullptr: the response is plain JSON.
    const char* callback = nullptr;

    [[nodiscard]] loop::ParkTerms terms() const noexcept {
        return {.session = outcome.park->connect.session,
                .cycle = outcome.park->connect.cycle,
                .transport = callback != nullptr ? broker::Transport::kCallbackPolling
                                                 : broker::Transport::kLongPolling,
                .deadline = outcome.park->deadline,
                .lease = outcome.park->lease};
    }
};

// Writes the response: what the broker replied, or for a parked connect what its end calls for. The
// thread that owns the request; may block in httpd's output filters.
void write_reply(HeldRequest& held) noexcept;
void write_end_of_park(HeldRequest& held, loop::EndReason reason) noexcept;

}  // namespace bayeux::httpd

#endif
