#include "bench/ledger.hpp"

#include <utility>

namespace bayeux::bench {
namespace {

constexpr std::size_t kFaultsKept = 5;

std::string name(std::uint32_t subscriber) {
    return "subscriber " + std::to_string(subscriber);
}

}  // namespace

Ledger::Ledger(std::uint32_t subscribers, std::uint32_t publishers)
    : subscribers_(subscribers), sent_(publishers), next_(std::size_t{subscribers} * publishers) {}

std::uint64_t Ledger::publish(std::uint32_t publisher, TimePoint since) {
    std::vector<Sent>& messages = sent_[publisher];
    messages.push_back({since, subscribers_});
    ++published_;
    return messages.size() - 1;
}

bool Ledger::has_all(std::uint32_t subscriber) const noexcept {
    for (std::size_t publisher = 0; publisher < sent_.size(); ++publisher) {
        if (next_[std::size_t{subscriber} * sent_.size() + publisher] < sent_[publisher].size()) {
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
    if (payload.kind != PayloadFound::Kind::kGood || payload.publisher >= sent_.size() ||
        payload.number >= sent_[payload.publisher].size()) {
        add_fault(name(subscriber) + " got a damaged message");
        return;
    }
    std::uint64_t& next = next_[std::size_t{subscriber} * sent_.size() + payload.publisher];
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
    Sent& sent = sent_[payload.publisher][payload.number];
    latency_.record(now - sent.since);
    ++delivered_;
    if (--sent.missing == 0) {
        ++complete_;
    }
}

}  // namespace bayeux::bench
