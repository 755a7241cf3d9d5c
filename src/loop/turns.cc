#include "loop/turns.hpp"

#include "loop/connection.hpp"

namespace bayeux::loop {

bool Turns::claim_turn(TimePoint now) noexcept {
    if (seen_ != popped_) {
        seen_ = popped_;
        moved_at_ = now;
    }
    const bool late = now - moved_at_ >= kStall;
    if (here_ || queued_ == 0 || turns_ >= cap_ ||
        (turns_ != 0 && queued_ <= turns_ * kPerTurn && !late)) {
        return false;
    }
    ++turns_;
    moved_at_ = now;  // the new turn gets its time to begin
    return true;
}

Connection* Turns::pop() noexcept {
    Connection* connection = first_;
    if (connection != nullptr) {
        first_ = connection->queued_;
        connection->queued_ = nullptr;
        --queued_;
        ++popped_;
    }
    return connection;
}

bool Turns::start_claimed() noexcept {
    if (starter_.start_turn()) {
        return true;
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    --turns_;
    return false;
}

void Turns::assign(Connection& connection) noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    connection.queued_ = nullptr;
    if (first_ == nullptr) {
        first_ = &connection;
    } else {
        last_->queued_ = &connection;
    }
    last_ = &connection;
    ++queued_;
}

void Turns::start_turns(TimePoint now) noexcept {
    for (;;) {
        Connection* mine = nullptr;
        bool claimed = false;
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            claimed = claim_turn(now);
            if (here_) {
                mine = pop();
            }
        }
        if (mine != nullptr) {
            mine->perform();
        } else if (!claimed || !start_claimed()) {
            return;
        }
    }
}

bool Turns::busy() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    return turns_ != 0 || queued_ != 0;
}

void Turns::perform_here() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    here_ = true;
}

void Turns::run_turn() noexcept {
    for (;;) {
        Connection* connection = nullptr;
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            connection = pop();
            if (connection == nullptr) {
                --turns_;
                return;
            }
        }
        connection->perform();
    }
}

}  // namespace bayeux::loop
