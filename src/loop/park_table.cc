#include "loop/park_table.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/prefetch.hpp"

namespace bayeux::loop {
namespace {

constexpr std::size_t kFewest = 64;

// Places in the store lie close together and at even distances: their low bits alone would fill a
// few buckets.
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15U;

}  // namespace

std::size_t ParkTable::bucket_of(std::uint32_t session) const noexcept {
    return ((session * kSpread) >> 32U) & (buckets_.size() - 1);
}

void ParkTable::expect(std::uint32_t session) const noexcept {
    if (!buckets_.empty()) {
        prefetch(&buckets_[bucket_of(session)], sizeof(Park*));
    }
}

Park* ParkTable::find(std::uint32_t session) const noexcept {
    if (buckets_.empty()) {
        return nullptr;
    }
    Park* park = buckets_[bucket_of(session)];
    while (park != nullptr && park->terms.session.index != session) {
        park = park->next_in_table_;
    }
    return park;
}

void ParkTable::grow() {
    std::vector<Park*> old(buckets_.empty() ? kFewest : 2 * buckets_.size());
    old.swap(buckets_);
    none_before_ = 0;
    for (Park* park : old) {
        while (park != nullptr) {
            Park*& bucket = buckets_[bucket_of(park->terms.session.index)];
            Park* const next = std::exchange(park->next_in_table_, bucket);
            bucket = std::exchange(park, next);
        }
    }
}

bool ParkTable::insert(Park& park) noexcept {
    if (size_ == buckets_.size()) {
        try {
            grow();
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    const std::size_t bucket = bucket_of(park.terms.session.index);
    park.next_in_table_ = std::exchange(buckets_[bucket], &park);
    none_before_ = std::min(none_before_, bucket);
    ++size_;
    return true;
}

void ParkTable::remove(Park& park) noexcept {
    if (buckets_.empty()) {
        return;
    }
    Park** link = &buckets_[bucket_of(park.terms.session.index)];
    while (*link != nullptr && *link != &park) {
        link = &(*link)->next_in_table_;
    }
    if (*link != nullptr) {
        *link = std::exchange(park.next_in_table_, nullptr);
        --size_;
    }
}

Park& ParkTable::any() noexcept {
    while (buckets_[none_before_] == nullptr) {
        ++none_before_;
    }
    return *buckets_[none_before_];
}

}  // namespace bayeux::loop
