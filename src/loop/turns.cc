#include "loop/turns.hpp"

#include "loop/connection.hpp"

namespace bayeux::loop {
namespace {

// What may keep its worker for long.
bool is_request(const Connection& connection) noexcept {
    return connection.task == Task::kServe || connection.task == Task::kStream;
}

}  // namespace

void Turns::Queue::push(Connection& connection) noexcept {
    connection.queued_ = nullptr;
    (first == nullptr ? first : last->queued_) = &connection;
    last = &connection;
    ++count;
}

Connection* Turns::Queue::pop() noexcept {
    Connection* connection = first;
    if (connection != nullptr) {
        first = connection->queued_;
        connection->queued_ = nullptr;
        --count;
    }
    return connection;
}

bool Turns::claim_turn(TimePoint now) noexcept {
    if (seen_ != popped_) {
        seen_ = popped_;
        moved_at_ = now;
    }
    const bool late = now - moved_at_ >= kStall;
    const std::size_t waiting = others_.count + (may_serve() ? requests_.count : 0);
    if (here_ || waiting == 0 || turns_ > cap_ ||
        (turns_ != 0 && waiting <= turns_ * kPerTurn && !late)) {
        return false;
    }
    ++turns_;
    moved_at_ = now;  // the new turn gets its time to begin
    return true;
}

Connection* Turns::pop() noexcept {
    const bool can_serve = requests_.count != 0 && may_serve();
    const bool serve = can_serve && (request_next_ || others_.count == 0);
    Connection* connection = serve ? requests_.pop() : others_.pop();
    if (connection != nullptr) {
        request_next_ = !serve;
        ++popped_;
    }
    return connection;
}

bool Turns::start_claimed() noexcept {
    if (starter_.start_turn()) {
        return true;
    }
    const MutexLock guard(mutex_);
    --turns_;
    return false;
}

void Turns::assign(Connection& connection) noexcept {
    const MutexLock guard(mutex_);
    (is_request(connection) ? requests_ : others_).push(connection);
}

void Turns::start_turns(TimePoint now) noexcept {
    for (;;) {
        Connection* mine = nullptr;
        bool claimed = false;
        {
            const MutexLock guard(mutex_);
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
    const MutexLock guard(mutex_);
    return turns_ != 0 || requests_.count != 0 || others_.count != 0;
}

void Turns::perform_here() noexcept {
    const MutexLock guard(mutex_);
    here_ = true;
}

void Turns::run_turn() noexcept {
    bool serves = false;
    for (;;) {
        Connection* connection = nullptr;
        {
            const MutexLock guard(mutex_);
            serving_ -= serves ? 1 : 0;
            connection = pop();
            if (connection == nullptr) {
                --turns_;
                return;
            }
            serves = is_request(*connection);
            serving_ += serves ? 1 : 0;
        }
        connection->perform();
    }
}

}  // namespace bayeux::loop
