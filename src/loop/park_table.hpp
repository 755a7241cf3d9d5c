// The parks of a loop by the session's place in the store. One session has at most one here: a
// newer connect ends the older one.
//
// Parks are linked into their buckets by a member of their own: a stream is taken out and put back
// with each event, which shall cost no heap. Loop thread only.
#ifndef BAYEUX_LOOP_PARK_TABLE_HPP
#define BAYEUX_LOOP_PARK_TABLE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "loop/park.hpp"

namespace bayeux::loop {

class ParkTable {
  public:
    // find() will be asked soon.
    void expect(std::uint32_t session) const noexcept;
    // nullptr if there is none.
    [[nodiscard]] Park* find(std::uint32_t session) const noexcept;
    // By park.terms.session, of which there is none here. False if there is no memory.
    [[nodiscard]] bool insert(Park& park) noexcept;
    // Nothing happens if it is not here. park.terms.session is what it was at insert().
    void remove(Park& park) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    // Any of them; not if it is empty. Taking all out one after the other looks at each bucket
    // once.
    [[nodiscard]] Park& any() noexcept;

  private:
    [[nodiscard]] std::size_t bucket_of(std::uint32_t session) const noexcept;
    void grow();

    std::vector<Park*> buckets_;  // a power of two of them, or none yet
    std::size_t size_ = 0;
    std::size_t none_before_ = 0;  // buckets below this are empty
};

}  // namespace bayeux::loop

#endif
