#include "bench/bayeux_session.hpp"
#include "bench/publisher.hpp"
#include "bench/rooms.hpp"

namespace bayeux::bench {
namespace {

// A session of its own, which never connects.
class BayeuxPublisher final : public Publisher, private BayeuxSession::User {
  public:
    BayeuxPublisher(Reactor& reactor, const Target& target, const Payload& payload, Editor& editor,
                    Desk desk)
        : Publisher(payload, editor, desk), session_(reactor, target, *this, desk.place) {}

    void join() override { session_.handshake(); }
    void leave() override {
        end();
        session_.add_disconnect();
        session_.send();
    }

  private:
    void add_message(std::uint32_t room, std::uint64_t number) override {
        payload().append(session_.begin_publish(Rooms::channel(room)), index(), room, number);
        session_.end_publish();
    }
    void send_messages() override { session_.send(); }

    void on_handshaken() override { begin(); }
    void on_messages(std::string_view /*messages*/, std::uint32_t replies) override {
        if (ready()) {
            accepted(replies);
        } else if (replies > 0) {
            left();
            session_.close();
        }
    }
    void on_broken(std::string_view why) override {
        session_.close();
        fail(why);
    }

    BayeuxSession session_;
};

}  // namespace

std::unique_ptr<Publisher> make_bayeux_publisher(Reactor& reactor, const Target& target,
                                                 const Payload& payload, Publisher::Editor& editor,
                                                 Publisher::Desk desk) {
    return std::make_unique<BayeuxPublisher>(reactor, target, payload, editor, desk);
}

}  // namespace bayeux::bench
