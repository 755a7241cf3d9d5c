#include "bench/publisher.hpp"

namespace bayeux::bench {

Publisher::Publisher(Reactor& reactor, const Endpoint& server, const Payload& payload,
                     std::string_view channel, Editor& editor, std::uint32_t index,
                     std::uint32_t place)
    : session_(reactor, server, *this, place),
      payload_(payload),
      channel_(channel),
      editor_(editor),
      index_(index) {}

void Publisher::add(std::uint64_t number) {
    payload_.append(session_.begin_publish(channel_), index_, number);
    session_.end_publish();
}

void Publisher::leave() {
    ready_ = false;
    session_.add_disconnect();
    session_.send();
}

void Publisher::on_handshaken() {
    ready_ = true;
    editor_.on_idle(*this);
}

void Publisher::on_batch(std::string_view /*batch*/) {
    if (ready_) {
        editor_.on_idle(*this);
    } else {
        gone_ = true;
        session_.close();
    }
}

void Publisher::on_broken(std::string_view why) {
    ready_ = false;
    gone_ = true;
    session_.close();
    editor_.on_broken(*this, why);
}

}  // namespace bayeux::bench
