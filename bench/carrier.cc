#include "bench/carrier.hpp"

#include <utility>

namespace bayeux::bench {
namespace {

// A POST for each; more than one at a time are pipelined.
class PollingCarrier final : public Carrier, private HttpConnection::User {
  public:
    PollingCarrier(Reactor& reactor, const Endpoint& server, Carrier::User& user,
                   std::uint32_t place)
        : connection_(reactor, server, *this, place), server_(server), user_(user) {
        build_head();
    }

    void send(std::string_view messages) override {
        std::string request;
        request.reserve(head_.size() + 16 + messages.size());
        request += head_;
        request += std::to_string(messages.size());
        request += "\r\n\r\n";
        request += messages;
        connection_.send(request);
    }
    void close() noexcept override { connection_.close(); }

  private:
    void build_head() {
        head_ = "POST " + server_.path + " HTTP/1.1\r\nHost: " + server_.authority +
                "\r\nUser-Agent: bayeux-bench\r\nContent-Type: application/json;charset=UTF-8\r\n";
        if (!cookies_.empty()) {
            head_ += "Cookie: " + cookies_ + "\r\n";
        }
        head_ += "Content-Length: ";
    }

    void keep_cookies(const Response& response) {
        std::size_t from = 0;
        for (;;) {
            const std::string_view cookie = response.field("Set-Cookie", from);
            if (cookie.empty()) {
                break;
            }
            cookies_ += cookies_.empty() ? "" : "; ";
            cookies_ += cookie.substr(0, cookie.find(';'));
        }
        build_head();
    }

    void on_response(const Response& response) override {
        if (response.status != 200) {
            user_.on_lost("HTTP status " + std::to_string(response.status));
            return;
        }
        if (!std::exchange(acquainted_, true)) {
            keep_cookies(response);
        }
        user_.on_text(response.body);
    }
    void on_lost(std::string_view why) override { user_.on_lost(why); }

    HttpConnection connection_;
    const Endpoint& server_;
    Carrier::User& user_;
    std::string cookies_;
    std::string head_;  // of each request, up to the length
    bool acquainted_ = false;
};

class SocketCarrier final : public Carrier, private WebSocket::User {
  public:
    SocketCarrier(Reactor& reactor, const Endpoint& server, Carrier::User& user,
                  std::uint32_t place)
        : socket_(reactor, server, *this, place), user_(user) {}

    void send(std::string_view messages) override { socket_.send(messages); }
    void close() noexcept override { socket_.close(); }

  private:
    void on_opened() override {}
    void on_text(std::string_view text) override { user_.on_text(text); }
    void on_lost(std::string_view why) override { user_.on_lost(why); }

    WebSocket socket_;
    Carrier::User& user_;
};

}  // namespace

std::unique_ptr<Carrier> make_carrier(Reactor& reactor, const Target& target, Carrier::User& user,
                                      std::uint32_t place) {
    if (target.transport == Transport::kWebSocket) {
        return std::make_unique<SocketCarrier>(reactor, target.server, user, place);
    }
    return std::make_unique<PollingCarrier>(reactor, target.server, user, place);
}

}  // namespace bayeux::bench
