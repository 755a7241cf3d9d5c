// Nchan's subscribers: a GET that is answered with the next message and its position, or a
// WebSocket with a message in each frame.
#include <string>

#include "bench/http_connection.hpp"
#include "bench/subscriber.hpp"
#include "bench/websocket.hpp"

namespace bayeux::bench {
namespace {

// SERVER/1,2,3
Endpoint rooms_url(const Target& target, Seat seat) {
    std::string path = target.server.path;
    for (std::uint32_t i = 0; i < seat.rooms.each; ++i) {
        path += i == 0 ? "" : ",";
        path += std::to_string(seat.rooms.room_of(seat.subscriber, i));
    }
    return target.server.at(path);
}

class NchanPoller final : public Subscriber, private HttpConnection::User {
  public:
    NchanPoller(Reactor& reactor, const Target& target, const Payload& payload, Audience& audience,
                Seat seat)
        : Subscriber(payload, audience, seat.subscriber),
          page_(rooms_url(target, seat)),
          connection_(reactor, page_, *this, seat.subscriber),
          door_(target.publish.path + std::to_string(seat.rooms.room_of(seat.subscriber, 0))) {}

    // A request that is answered at once, so that those who join do not all connect at once.
    void join() override {
        enter(State::kJoining);
        connection_.send(get(door_));
    }

  private:
    [[nodiscard]] std::string get(const std::string& path) const {
        return "GET " + path + " HTTP/1.1\r\nHost: " + page_.authority +
               "\r\nUser-Agent: bayeux-bench\r\n" + position_ + "\r\n";
    }
    void ask() { connection_.send(get(page_.path)); }

    void on_response(const Response& response) override {
        if (state() == State::kJoining) {
            enter(State::kListening);
            ask();
            audience().on_joined(*this);
            return;
        }
        if (response.status != 200) {
            on_lost("HTTP status " + std::to_string(response.status));
            return;
        }
        std::size_t from = 0;
        position_ = "If-Modified-Since: " + std::string(response.field("Last-Modified", from));
        from = 0;
        position_ += "\r\nIf-None-Match: " + std::string(response.field("Etag", from)) + "\r\n";
        const std::uint32_t events = take_events(response.body, false);
        if (audience().on_received(*this, {events, true}) == Then::kGoOn) {
            ask();
            return;
        }
        enter(State::kGone);
        connection_.close();
        audience().on_left(*this);
    }

    void on_lost(std::string_view why) override {
        enter(State::kBroken);
        connection_.close();
        audience().on_broken(*this, why);
    }

    const Endpoint page_;
    HttpConnection connection_;
    const std::string door_;
    std::string position_;  // in the channel, as fields of the request
};

class NchanListener final : public Subscriber, private WebSocket::User {
  public:
    NchanListener(Reactor& reactor, const Target& target, const Payload& payload,
                  Audience& audience, Seat seat)
        : Subscriber(payload, audience, seat.subscriber),
          page_(rooms_url(target, seat)),
          socket_(reactor, page_, *this, seat.subscriber) {}

    void join() override {
        enter(State::kJoining);
        socket_.open();
    }

  private:
    void on_opened() override {
        enter(State::kListening);
        audience().on_joined(*this);
    }

    void on_text(std::string_view text) override {
        const std::uint32_t events = take_events(text, false);
        if (audience().on_received(*this, {events, false}) == Then::kLeave) {
            enter(State::kGone);
            socket_.close();
            audience().on_left(*this);
        }
    }

    void on_lost(std::string_view why) override {
        enter(State::kBroken);
        audience().on_broken(*this, why);
    }

    const Endpoint page_;
    WebSocket socket_;
};

}  // namespace

std::unique_ptr<Subscriber> make_nchan_subscriber(Reactor& reactor, const Target& target,
                                                  const Payload& payload,
                                                  Subscriber::Audience& audience, Seat seat) {
    if (target.transport == Transport::kWebSocket) {
        return std::make_unique<NchanListener>(reactor, target, payload, audience, seat);
    }
    return std::make_unique<NchanPoller>(reactor, target, payload, audience, seat);
}

}  // namespace bayeux::bench
