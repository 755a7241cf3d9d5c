#include "loop/turns.hpp"

#include "loop/connection.hpp"

namespace bayeux::loop {

bool Turns::claim_turn() noexcept {
    if (here_ || turns_ >= cap_ || queued_ <= (turns_ - serving_) * kPerTurn) {
        return false;
    }
    ++turns_;
    return true;
}

Connection* Turns::pop() noexcept {
    Connection* connection = first_;
    if (connection != nullptr) {
        first_ = connection->queued_;
        connection->queued_ = nullptr;
        --queued_;
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

void Turns::start_turns() noexcept {
    for (;;) {
        Connection* mine = nullptr;
        bool claimed = false;
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            claimed = claim_turn();
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

void Turns::perform_here() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    here_ = true;
}

void Turns::run_turn() noexcept {
    for (;;) {
        Connection* connection = nullptr;
        bool slow = false;
        bool claimed = false;
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            connection = pop();
            if (connection == nullptr) {
                --turns_;
                return;
            }
            slow = connection->task == Task::kServe;
            if (slow) {
                ++serving_;
                claimed = claim_turn();
            }
        }
        if (claimed) {
            start_claimed();
        }
        connection->perform();
        if (slow) {
            const std::lock_guard<std::mutex> guard(mutex_);
            --serving_;
        }
    }
}

}  // namespace bayeux::loop
