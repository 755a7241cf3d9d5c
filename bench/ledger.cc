#include "bench/ledger.hpp"

#include <utility>

namespace bayeux::bench {
namespace {

constexpr std::size_t kFaultsKept = 5;

std::string name(std::uint32_t subscriber) {
    return "subscriber " + std::to_string(subscriber);
}

}  // namespace

Ledger::Ledger(const Rooms& rooms, std::uint32_t publishers)
    : rooms_(rooms),
      publishers_(publishers),
      sent_(std::size_t{publishers} * rooms.rooms),
      next_(std::size_t{rooms.subscribers} * rooms.each * publishers) {
    for (std::uint32_t room = 0; room < rooms.rooms; ++room) {
        sizes_.push_back(rooms.size_of(room));
    }
}

std::uint64_t Ledger::publish(std::uint32_t publisher, std::uint32_t room, TimePoint since) {
    std::vector<Sent>& messages = sent_by(publisher, room);
    messages.push_back({since, sizes_[room]});
    ++published_;
    expected_ += sizes_[room];
    return messages.size() - 1;
}

void Ledger::acknowledge(std::uint32_t messages, TimePoint since, TimePoint now) {
    acknowledged_ += messages;
    if (rooms_.subscribers == 0) {
        complete_ += messages;
        time(since, now, messages);
    }
}

bool Ledger::has_all_in(std::uint32_t subscriber, std::uint32_t seat) const noexcept {
    const std::uint32_t room = rooms_.room_of(subscriber, seat);
    const std::uint64_t* next = next_.data() + row_of(subscriber, seat);
    for (std::uint32_t publisher = 0; publisher < publishers_; ++publisher) {
        if (next[publisher] < sent_[std::size_t{publisher} * rooms_.rooms + room].size()) {
            return false;
        }
    }
    return true;
}

bool Ledger::has_all(std::uint32_t subscriber) const noexcept {
    for (std::uint32_t seat = 0; seat < rooms_.each; ++seat) {
        if (!has_all_in(subscriber, seat)) {
            return false;
        }
    }
    return true;
}

void Ledger::add_fault(std::string text) {
    ++fault_count_;
    if (faults_.size() < kFaultsKept) {
        faults_.push_back(std::move(text));
    }
}

void Ledger::deliver(std::uint32_t subscriber, const PayloadFound& payload, TimePoint now) {
    if (payload.kind != PayloadFound::Kind::kGood || payload.publisher >= publishers_ ||
        payload.room >= rooms_.rooms ||
        payload.number >= sent_by(payload.publisher, payload.room).size()) {
        add_fault(name(subscriber) + " got a damaged message");
        return;
    }
    const std::uint32_t seat = rooms_.seat_in(subscriber, payload.room);
    if (seat >= rooms_.each) {
        add_fault(name(subscriber) + " got a message of room " + std::to_string(payload.room));
        return;
    }
    std::uint64_t& next = next_[row_of(subscriber, seat) + payload.publisher];
    if (payload.number < next) {
        add_fault(name(subscriber) + " got message " + std::to_string(payload.number) +
                  " twice or late");
        return;
    }
    if (payload.number > next) {
        add_fault(name(subscriber) + " got message " + std::to_string(payload.number) +
                  " but not " + std::to_string(next));
    }
    next = payload.number + 1;
    Sent& sent = sent_by(payload.publisher, payload.room)[payload.number];
    time(sent.since, now, 1);
    ++delivered_;
    if (--sent.missing == 0) {
        ++complete_;
    }
}

}  // namespace bayeux::bench
