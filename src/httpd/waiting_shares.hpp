// How many calls of each session wait, so that no session fills all places. All memory is taken at
// the beginning: nothing is allocated with the lock held that guards it. Constant time.
#ifndef BAYEUX_HTTPD_WAITING_SHARES_HPP
#define BAYEUX_HTTPD_WAITING_SHARES_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/strong_id.hpp"

namespace bayeux::httpd {

class WaitingShares {
  public:
    // For so many calls that wait at once, of whatever sessions.
    explicit WaitingShares(std::uint32_t most);

    [[nodiscard]] std::uint32_t of(SessionHandle session) const noexcept;
    void add(SessionHandle session) noexcept;
    // Of one that was added.
    void remove(SessionHandle session) noexcept;

  private:
    static constexpr std::uint32_t kNoShare = 0xffffffff;

    struct Share {
        SessionHandle session;
        std::uint32_t calls = 0;
        std::uint32_t next = kNoShare;  // in its bucket, or among the free ones
    };

    [[nodiscard]] std::size_t bucket_of(SessionHandle session) const noexcept;
    [[nodiscard]] std::uint32_t find(SessionHandle session) const noexcept;

    std::vector<std::uint32_t> buckets_;  // a power of two of them
    std::vector<Share> shares_;
    std::uint32_t free_ = kNoShare;
};

}  // namespace bayeux::httpd

#endif
