// Sessions that have ended, for whoever wants to be told: noted under the lock, told when it has
// been released.
#ifndef BAYEUX_STORE_FAREWELLS_HPP
#define BAYEUX_STORE_FAREWELLS_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/strong_id.hpp"
#include "protocol/client_id.hpp"

namespace bayeux::store {

class EndListener {
  public:
    EndListener() = default;
    EndListener(const EndListener&) = delete;
    EndListener& operator=(const EndListener&) = delete;
    virtual ~EndListener() = default;

    // A session of this domain has ended. Any thread, without the lock; does not block.
    virtual void ended(DomainId domain, const protocol::ClientId& session) noexcept = 0;
};

// Of one hold. What one hold ends is bounded by its steps, so there is room for all of it; were
// there not, the rest would not be told of.
class Farewells {
  public:
    Farewells() noexcept {}  // NOLINT(modernize-use-equals-default): that would fill the array
    static constexpr std::size_t kMax = 256;
    using Id = std::array<std::uint8_t, protocol::ClientId::kBytes>;

    void note(std::uint64_t domain, const Id& id) noexcept {
        if (count_ < kMax) {
            all_[count_++] = {domain, id};
        }
    }
    void tell(EndListener& listener) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            listener.ended(DomainId{all_[i].domain}, protocol::ClientId::from_bytes(all_[i].id));
        }
    }

  private:
    struct One {
        std::uint64_t domain;
        Id id;
    };
    std::size_t count_ = 0;
    std::array<One, kMax> all_;  // not filled before it is needed
};

}  // namespace bayeux::store

#endif
