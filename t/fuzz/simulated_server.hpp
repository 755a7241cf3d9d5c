// Two children over one segment and their clients: what the loops do with what the engine decides,
// and after each step whether it is what the model says.
#ifndef BAYEUX_T_FUZZ_SIMULATED_SERVER_HPP
#define BAYEUX_T_FUZZ_SIMULATED_SERVER_HPP

#include <array>
#include <span>
#include <string>

#include "fuzz/simulated_client.hpp"
#include "lib/fake_entropy.hpp"
#include "lib/fake_policy.hpp"
#include "loop/park.hpp"

namespace bayeux::test {

inline constexpr DomainId kDomain{77};

class SimulatedServer {
  public:
    static constexpr std::size_t kClients = 6;
    // In how many ways a response may leave: at once, later, or never.
    enum class Leaves : std::uint8_t { kNow, kLater, kNever };

    explicit SimulatedServer(bool mortal)
        : segment_(new_segment()),
          children{SimulatedChild(segment_, ringer, clock, entropy),
                   SimulatedChild(segment_, ringer, clock, entropy)} {
        for (SimulatedChild& child : children) {
            child.start(mortal);
        }
    }

    [[nodiscard]] store::SharedStore& store() { return children[0].store(); }

    // --- what comes of an outcome ---

    void carry_out(Client& client, SimulatedChild& child, broker::Outcome& outcome, Leaves leaves) {
        note_cycle(client, outcome);
        if (outcome.park) {
            hold(client, child, *outcome.park, leaves);
        } else {
            respond(client, child, outcome.events_of, outcome.answered, leaves);
        }
    }
    void carry_out_on_stream(Client& client, broker::Outcome& outcome, Leaves leaves) {
        OpenStream& stream = *client.stream;
        note_cycle(client, outcome);
        static_cast<void>(stream.session.follow(outcome, clock.now()));
        client.note(stream.session.cycle());
        if (outcome.events_of) {
            note_drained(client, stream, stream.session.drain(*outcome.events_of));
        }
        stream.parked.reset();
        write(client, leaves);
    }

    // --- long-polls ---

    void hold(Client& client, SimulatedChild& child, const broker::Park& park, Leaves leaves) {
        Held held{park, &child, false};
        const auto state =
            child.store().park(park.connect.session, park.connect.cycle, child.index(), park.lease);
        if (state == broker::ParkState::kParked) {
            held.parked = true;
            client.model.lives_until = std::max(client.model.lives_until, park.lease);
            client.held.push_back(held);
        } else {
            end(client, held, reason_of(state), leaves);
        }
    }
    void end_held(Client& client, std::size_t which, loop::EndReason reason, Leaves leaves) {
        const Held held = client.held[which];
        client.held.erase(client.held.begin() + static_cast<std::ptrdiff_t>(which));
        end(client, held, reason, leaves);
    }
    // As FastLane::answer_held() and vanish().
    void end(Client& client, const Held& held, loop::EndReason reason, Leaves leaves) {
        const broker::OpenConnect& open = held.park.connect;
        if (reason == loop::EndReason::kGone) {
            respond(client, *held.child, std::nullopt, open, Leaves::kNever);
        } else if (reason == loop::EndReason::kSuperseded || reason == loop::EndReason::kEnded) {
            require(!exact() || reason != loop::EndReason::kEnded || !client.alive ||
                        client.session != open.session,
                    "only sessions that have ended end their connects");
            respond(client, *held.child, std::nullopt, open, leaves);
        } else {
            respond(client, *held.child, open.session, open, leaves);
        }
    }

    // --- responses ---

    void respond(Client& client, SimulatedChild& child, std::optional<SessionHandle> events_of,
                 const std::optional<broker::OpenConnect>& answered, Leaves leaves) {
        Response response{&child, std::nullopt, answered};
        if (events_of) {
            std::string text;
            const broker::Drained drained = child.store().drain(*events_of, child.index(), text);
            check_drained(client, *events_of, text, drained);
            if (drained.in_flight()) {
                response.events_of = events_of;
            }
        }
        if (leaves == Leaves::kLater) {
            client.responses.push_back(response);
        } else {
            settle(client, response, leaves == Leaves::kNow);
        }
    }
    void settle(Client& client, Response& response, bool written) {
        if (response.events_of && client.session == *response.events_of) {
            client.model.delivered(written);
        }
        if (response.answered) {
            shorten(client);
        }
        broker::settle(response.child->store(), response.events_of, response.answered, written,
                       clock.now());
    }
    void settle_first(Client& client, bool written) {
        if (!client.responses.empty()) {
            Response response = client.responses.front();
            client.responses.erase(client.responses.begin());
            settle(client, response, written);
        }
        if (client.stream) {
            write(client, written ? Leaves::kNow : Leaves::kNever);
        }
    }

    // --- streams ---

    void open_event_source(Client& client, SimulatedChild& child) {
        auto stream = std::make_unique<OpenStream>(child, broker::Transport::kEventSource);
        const broker::Bound bound{
            .session = client.session, .client_id = client.id, .deliver_only = client.model.ack};
        if (stream->session.bind(bound)) {
            client.stream = std::move(stream);
            client.note(client.stream->session.cycle());
            look(client);
        }
    }
    void close_stream(Client& client) {
        if (client.stream) {
            write(client, Leaves::kNever);
        }
    }
    // What it has drained and answered leaves.
    void write(Client& client, Leaves leaves) {
        OpenStream& stream = *client.stream;
        if (leaves == Leaves::kLater) {
            return;
        }
        if (std::exchange(stream.in_flight, false)) {
            client.model.delivered(leaves == Leaves::kNow);
        }
        shorten(client);
        if (leaves == Leaves::kNow) {
            stream.session.written(clock.now());
            look(client);
        } else {
            stream.session.broken(clock.now());
            client.stream.reset();
        }
    }
    // As EventLoop::await_events() does.
    void look(Client& client) {
        OpenStream& stream = *client.stream;
        const auto terms = stream.session.waits();
        if (!terms) {
            stream.parked.reset();
            return;
        }
        if (stream.parked && stream.parked->cycle == terms->cycle &&
            stream.parked->session == terms->session && stream.parked->lease == terms->lease) {
            return;
        }
        const auto state = stream.child.store().park(terms->session, terms->cycle,
                                                     stream.child.index(), terms->lease);
        if (state == broker::ParkState::kParked) {
            stream.parked = terms;
        } else {
            stream_due(client, reason_of(state), Leaves::kNow);
        }
    }
    // As WebSocket::on_due() does. What is drained is written by whoever calls write(), or at once.
    void stream_due(Client& client, loop::EndReason reason, Leaves leaves) {
        OpenStream& stream = *client.stream;
        stream.parked.reset();
        if (reason == loop::EndReason::kEvents) {
            if (!stream.session.waits()) {
                return;
            }
            const bool with_reply = stream.session.answers_with_events();
            note_drained(client, stream, stream.session.drain_due(clock.now()));
            if (with_reply) {
                static_cast<void>(stream.session.answer());
            }
        } else {
            shorten(client);
            stream.session.leave(clock.now());
        }
        if (!stream.session.unsettled() && !stream.session.bound()) {
            client.stream.reset();
        } else {
            write(client, leaves);
        }
    }
    void answer_on_stream(Client& client, Leaves leaves) {
        OpenStream& stream = *client.stream;
        if (stream.session.holds() && !stream.session.unsettled()) {
            note_drained(client, stream, stream.session.drain(stream.session.bound()->session));
            static_cast<void>(stream.session.answer());
            stream.parked.reset();
            write(client, leaves);
        }
    }

    // --- what comes to a loop ---

    void serve(SimulatedChild& child, Leaves leaves) {
        ringer.rung.reset(child.index().value);
        std::array<broker::Due, 2> due;
        for (std::size_t count = due.size(); count == due.size();) {
            count = child.store().take_due(child.index(), due);
            for (std::size_t i = 0; i < count; ++i) {
                end_park(child, due[i], leaves);
            }
        }
    }
    void sweep(SimulatedChild& child) {
        child.store().sweep(child.index(), clock.now());
        for (Client& client : clients) {
            give_back(client);
            if (client.alive && !child.store().find_session(kDomain, client.id)) {
                require(!exact() || clock.now() >= client.model.lives_until,
                        "a session lives as long as its client was told");
                client.alive = false;
            }
        }
    }
    // Another one takes its place. Where no place is free, that of a dead one is cleaned up first.
    void start_again(SimulatedChild& child) {
        child.start(true);
        for (Client& client : clients) {
            if (client.in_flight_lost == child.index()) {
                give_back(client);
            }
        }
    }
    void die(SimulatedChild& child) {
        for (Client& client : clients) {
            client.lose(child);
        }
        child.die();
    }

    // --- what holds after each step ---

    void check() {
        const std::string wrong = store().verify();
        require(wrong.empty(), "the segment is sound:", wrong);
        for (const SimulatedChild& child : children) {
            require(bell_lost || !child.has_due() || ringer.rung.test(child.index().value),
                    "a loop that has something to do hears its bell");
        }
        check_nobody_waits_in_vain(false);
    }
    // Whoever waits for events is about to be told of them; `served`: has been.
    void check_nobody_waits_in_vain(bool served) {
        for (const Client& client : clients) {
            const SimulatedChild* const child = client.waits_at();
            require(!exact() || !client.alive || child == nullptr || !client.model.is_urgent() ||
                        (!served && child->has_due()),
                    "who waits for events is told of them");
        }
    }
    // All clients leave, their sessions' time runs out: nothing is left.
    void end_all() {
        for (Client& client : clients) {
            while (!client.responses.empty()) {
                settle_first(client, true);
            }
            while (!client.held.empty()) {
                end_held(client, 0, loop::EndReason::kGone, Leaves::kNow);
            }
            close_stream(client);
        }
        for (SimulatedChild& child : children) {
            if (child.alive()) {
                serve(child, Leaves::kNow);
                child.stop();
            }
        }
        for (int round = 0; round < 2; ++round) {
            clock.advance(std::chrono::hours(3));
            store().sweep(kNoChild, clock.now());
        }
        check();
        const store::StoreStats stats = store().stats();
        for (const store::Kind kind : {store::Kind::kChannel, store::Kind::kDomain}) {
            require(stats.count(kind) <= persistent, "no channel outlives its use");
        }
        require(stats.used_bytes() == 0 || persistent != 0, "nothing is left of what has ended");
        require(stats.count(store::Kind::kSession) == 0 && stats.count(store::Kind::kBlock) == 0,
                "no session outlives its time, and no message its session");
        require(stats.children == 0, "no place is left to a child that has gone");
    }

    // The model says what happens: not with small queues, nor when a child was killed in the
    // middle.
    [[nodiscard]] bool exact() const noexcept { return ample && !unsure; }

  private:
    static std::span<std::byte> new_segment() {
        store::SegmentKeys keys;
        keys.table.fill(7);
        keys.browser.fill(9);
        require(store::Segment::create(segment_memory(), 4, keys).has_value(), "a segment");
        return segment_memory();
    }
    // What a dead child had drained is dropped, so that nothing comes twice.
    static void give_back(Client& client) {
        if (std::exchange(client.in_flight_lost, std::nullopt)) {
            client.model.delivered(true);
        }
    }
    // The expiry clock may have started anew.
    void shorten(Client& client) const {
        client.model.lives_until =
            std::min(client.model.lives_until, clock.now() + settings.max_interval);
    }
    void end_park(SimulatedChild& child, const broker::Due& due, Leaves leaves) {
        for (Client& client : clients) {
            for (std::size_t i = 0; i < client.held.size(); ++i) {
                const broker::OpenConnect& open = client.held[i].park.connect;
                if (open.session == due.session && open.cycle == due.cycle &&
                    client.held[i].child == &child) {
                    return end_held(client, i, reason_of(due.reason), leaves);
                }
            }
            if (client.stream && &client.stream->child == &child && client.stream->parked &&
                client.stream->parked->session == due.session &&
                client.stream->parked->cycle == due.cycle) {
                return stream_due(client, reason_of(due.reason), leaves);
            }
        }
    }
    static void note_cycle(Client& client, const broker::Outcome& outcome) {
        if (outcome.park || outcome.answered) {
            client.note(outcome.park ? outcome.park->connect.cycle : outcome.answered->cycle);
        }
    }
    void note_drained(Client& client, OpenStream& stream, const broker::Drained& drained) {
        check_drained(client, client.session, stream.child.context().events, drained);
        stream.in_flight = stream.in_flight || drained.in_flight();
    }
    // Everything that waits, once, in order; of an ack session again what is not acknowledged.
    void check_drained(Client& client, SessionHandle session, const std::string& text,
                       const broker::Drained& drained) const {
        const std::vector<int> numbers = numbers_in(text);
        ModelSession& model = client.model;
        if (!exact() || !client.alive || session != client.session) {
            return;
        }
        std::vector<int> expected;
        for (const ModelEvent& event : model.queue) {
            if (!model.under_way) {
                expected.push_back(event.number);
            }
        }
        require(numbers == expected, "all that waits comes, once, in order:", text);
        require(drained.batch.has_value() == model.ack, "an ack session's events have a batch");
        if (drained.batch) {
            require(*drained.batch > model.last_batch, "batches count upwards");
            model.last_batch = *drained.batch;
            for (ModelEvent& event : model.queue) {
                event.batch = event.batch == 0 ? *drained.batch : event.batch;
            }
        } else if (drained.in_flight()) {
            model.drain();
        }
    }

    std::span<std::byte> segment_;

  public:
    FakeClock clock;
    FakeEntropy entropy;
    BellRinger ringer;
    FakePolicy policy;
    broker::Settings settings;
    std::array<Client, kClients> clients;
    bool ample = true;             // queues and tables are larger than what a script can fill
    bool unsure = false;           // somebody was killed in the middle of something
    std::uint32_t persistent = 0;  // channels that are kept for ever
    bool bell_lost = false;        // between the lock and the bell
    std::array<SimulatedChild, 2> children;
};

}  // namespace bayeux::test

#endif
