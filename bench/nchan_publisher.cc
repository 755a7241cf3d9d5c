// Nchan's publishers: a POST for each message, or a WebSocket for each room with a message in each
// frame. It knows no batches.
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/http_connection.hpp"
#include "bench/publisher.hpp"
#include "bench/websocket.hpp"

namespace bayeux::bench {
namespace {

class NchanPoster final : public Publisher, private HttpConnection::User {
  public:
    NchanPoster(Reactor& reactor, const Target& target, const Payload& payload, Editor& editor,
                Desk desk)
        : Publisher(payload, editor, desk),
          page_(target.publish),
          connection_(reactor, page_, *this, desk.place) {}

    void join() override { begin(); }
    void leave() override {
        end();
        left();
        connection_.close();
    }

  private:
    void add_message(std::uint32_t room, std::uint64_t number) override {
        std::string body;
        payload().append(body, index(), room, number);
        waiting_.push_back(
            "POST " + page_.path + std::to_string(room) + " HTTP/1.1\r\nHost: " + page_.authority +
            "\r\nUser-Agent: bayeux-bench\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
    }
    void send_messages() override { post(); }
    void post() {
        const std::string request = std::move(waiting_.front());
        waiting_.pop_front();
        connection_.send(request);
    }

    void on_response(const Response& response) override {
        if (response.status < 200 || response.status > 299) {
            on_lost("HTTP status " + std::to_string(response.status));
            return;
        }
        if (!waiting_.empty()) {
            post();
        }
        accepted(1);
    }
    void on_lost(std::string_view why) override {
        connection_.close();
        fail(why);
    }

    const Endpoint page_;
    HttpConnection connection_;
    std::deque<std::string> waiting_;
};

// Sockets are opened when their rooms are first published to.
class NchanSpeaker final : public Publisher {
  public:
    NchanSpeaker(Reactor& reactor, const Target& target, const Payload& payload, Editor& editor,
                 Desk desk)
        : Publisher(payload, editor, desk),
          reactor_(reactor),
          target_(target),
          place_(desk.place) {}

    void join() override { begin(); }
    void leave() override {
        end();
        left();
        sockets_.clear();
    }

  private:
    class Socket final : private WebSocket::User {
      public:
        Socket(NchanSpeaker& owner, std::uint32_t room)
            : owner_(owner),
              page_(owner.target_.publish.at(owner.target_.publish.path + std::to_string(room))),
              socket_(owner.reactor_, page_, *this, owner.place_) {}

        void send(std::string_view message) { socket_.send(message); }

      private:
        void on_opened() override {}
        // What it says of the channel, for each message that it has taken.
        void on_text(std::string_view /*text*/) override { owner_.accepted(1); }
        void on_lost(std::string_view why) override { owner_.fail(why); }

        NchanSpeaker& owner_;
        const Endpoint page_;
        WebSocket socket_;
    };

    void add_message(std::uint32_t room, std::uint64_t number) override {
        std::string message;
        payload().append(message, index(), room, number);
        waiting_.emplace_back(room, std::move(message));
    }
    void send_messages() override {
        for (const auto& [room, message] : std::exchange(waiting_, {})) {
            sockets_.try_emplace(room, *this, room).first->second.send(message);
        }
    }

    Reactor& reactor_;
    const Target& target_;
    const std::uint32_t place_;
    std::map<std::uint32_t, Socket> sockets_;
    std::vector<std::pair<std::uint32_t, std::string>> waiting_;
};

}  // namespace

std::unique_ptr<Publisher> make_nchan_publisher(Reactor& reactor, const Target& target,
                                                const Payload& payload, Publisher::Editor& editor,
                                                Publisher::Desk desk) {
    if (target.transport == Transport::kWebSocket) {
        return std::make_unique<NchanSpeaker>(reactor, target, payload, editor, desk);
    }
    return std::make_unique<NchanPoster>(reactor, target, payload, editor, desk);
}

}  // namespace bayeux::bench
