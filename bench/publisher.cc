#include "bench/publisher.hpp"

#include <algorithm>
#include <utility>

namespace bayeux::bench {

void Publisher::add(std::uint32_t room, std::uint64_t number) {
    add_message(room, number);
    ++added_;
}

void Publisher::send(TimePoint since) {
    requests_.push_back({since, std::exchange(added_, 0)});
    send_messages();
}

void Publisher::begin() {
    ready_ = true;
    editor_.on_idle(*this);
}

void Publisher::accepted(std::uint32_t messages) {
    while (messages > 0 && !requests_.empty()) {
        Request& oldest = requests_.front();
        const TimePoint since = oldest.since;
        const std::uint32_t count = std::min(messages, oldest.messages);
        messages -= count;
        oldest.messages -= count;
        if (oldest.messages == 0) {
            requests_.pop_front();
            answered_ = true;
        }
        editor_.on_accepted(since, count);
    }
    if (idle()) {
        editor_.on_idle(*this);
    }
}

void Publisher::end() noexcept {
    ready_ = false;
}

void Publisher::left() noexcept {
    gone_ = true;
}

void Publisher::fail(std::string_view why) {
    ready_ = false;
    gone_ = true;
    editor_.on_broken(*this, why);
}

}  // namespace bayeux::bench
