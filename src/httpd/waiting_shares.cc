#include "httpd/waiting_shares.hpp"

#include <bit>

namespace bayeux::httpd {

WaitingShares::WaitingShares(std::uint32_t most)
    : buckets_(std::bit_ceil(std::size_t{most} + 1), kNoShare), shares_(most) {
    for (std::uint32_t i = most; i-- > 0;) {
        shares_[i].next = free_;
        free_ = i;
    }
}

// Sessions that were made one after the other have cells and generations side by side.
std::size_t WaitingShares::bucket_of(SessionHandle session) const noexcept {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    const std::uint64_t both = std::uint64_t{session.generation} << 32U | session.index;
    return (both * kSpread >> 32U) & (buckets_.size() - 1);
}

std::uint32_t WaitingShares::find(SessionHandle session) const noexcept {
    std::uint32_t at = buckets_[bucket_of(session)];
    while (at != kNoShare && shares_[at].session != session) {
        at = shares_[at].next;
    }
    return at;
}

std::uint32_t WaitingShares::of(SessionHandle session) const noexcept {
    const std::uint32_t found = find(session);
    return found == kNoShare ? 0 : shares_[found].calls;
}

void WaitingShares::add(SessionHandle session) noexcept {
    std::uint32_t found = find(session);
    if (found == kNoShare) {
        if (free_ == kNoShare) {
            return;
        }
        found = free_;
        std::uint32_t& bucket = buckets_[bucket_of(session)];
        free_ = shares_[found].next;
        shares_[found] = {session, 0, bucket};
        bucket = found;
    }
    ++shares_[found].calls;
}

void WaitingShares::remove(SessionHandle session) noexcept {
    const std::uint32_t found = find(session);
    if (found == kNoShare || --shares_[found].calls != 0) {
        return;
    }
    std::uint32_t* link = &buckets_[bucket_of(session)];
    while (*link != found) {
        link = &shares_[*link].next;
    }
    *link = shares_[found].next;
    shares_[found].next = free_;
    free_ = found;
}

}  // namespace bayeux::httpd
