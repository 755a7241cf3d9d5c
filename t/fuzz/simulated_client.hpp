// A client of a server with two children: its session, what it holds open, and the answers that are
// on their way to it.
#ifndef BAYEUX_T_FUZZ_SIMULATED_CLIENT_HPP
#define BAYEUX_T_FUZZ_SIMULATED_CLIENT_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/settlement.hpp"
#include "fuzz/broker_model.hpp"
#include "fuzz/simulated_child.hpp"
#include "loop/park.hpp"
#include "loop/session_stream.hpp"

namespace bayeux::test {

inline loop::EndReason reason_of(broker::ParkState state) {
    switch (state) {
        case broker::ParkState::kDue:
            return loop::EndReason::kEvents;
        case broker::ParkState::kSuperseded:
            return loop::EndReason::kSuperseded;
        case broker::ParkState::kEnded:
        case broker::ParkState::kParked:
            break;
    }
    return loop::EndReason::kEnded;
}
inline loop::EndReason reason_of(broker::DueReason reason) {
    return reason == broker::DueReason::kEvents       ? loop::EndReason::kEvents
           : reason == broker::DueReason::kSuperseded ? loop::EndReason::kSuperseded
                                                      : loop::EndReason::kEnded;
}

// An HTTP response that has not left yet.
struct Response {
    SimulatedChild* child = nullptr;
    std::optional<SessionHandle> events_of;  // drained for it, in flight
    std::optional<broker::OpenConnect> answered;
};

// A connect that one of the children holds.
struct Held {
    broker::Park park;
    SimulatedChild* child = nullptr;
    bool parked = false;  // in the store; else it was told why not
};

// A WebSocket or an event source at one of the children.
struct OpenStream {
    OpenStream(SimulatedChild& at, broker::Transport of)
        : child(at), transport(of), session(at.context(), of) {}

    SimulatedChild& child;
    broker::Transport transport;
    loop::SessionStream session;
    std::optional<loop::ParkTerms> parked;
    bool in_flight = false;  // it has drained events and not yet written them
};

struct Client {
    bool alive = false;  // as far as the model knows
    protocol::ClientId id;
    SessionHandle session;
    ConnectCycle cycle;  // the newest of the session
    ModelSession model;
    std::optional<protocol::BrowserId> browser;
    std::vector<Held> held;
    std::vector<Response> responses;
    std::unique_ptr<OpenStream> stream;
    std::optional<ChildIndex> in_flight_lost;  // with the child that had this place

    // Nothing of an earlier session is left.
    [[nodiscard]] bool idle() const noexcept {
        return !alive && held.empty() && !stream && responses.empty();
    }
    [[nodiscard]] bool has_socket() const noexcept {
        return stream && stream->transport == broker::Transport::kWebSocket;
    }
    void note(ConnectCycle begun) noexcept { cycle = std::max(cycle, begun); }
    // The child that waits for the session's events and is to be told of them; nullptr: none. An
    // older park is told at most that it was superseded, and may have to wait for its deadline.
    [[nodiscard]] const SimulatedChild* waits_at() const noexcept {
        for (const Held& one : held) {
            if (one.parked && one.park.connect.cycle == cycle) {
                return one.child;
            }
        }
        const bool streams = stream && stream->parked && stream->parked->cycle == cycle;
        return streams && stream->session.waits() ? &stream->child : nullptr;
    }
    // What it had at a child that has died is gone.
    void lose(const SimulatedChild& child) {
        std::erase_if(held, [&](const Held& one) { return one.child == &child; });
        if (stream && &stream->child == &child) {
            if (stream->in_flight) {
                in_flight_lost = child.index();
            }
            stream.reset();
        }
        std::erase_if(responses, [&](const Response& response) {
            const bool here = response.child == &child;
            if (here && response.events_of) {
                in_flight_lost = child.index();
            }
            return here;
        });
    }
};

}  // namespace bayeux::test

#endif
