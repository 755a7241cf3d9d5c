// Memory: pages of 4 KB that are handed to kinds of cells on demand and return to the pool when
// wholly free, so that any kind may use all memory. Every function takes constant time.
#ifndef BAYEUX_STORE_SLAB_HPP
#define BAYEUX_STORE_SLAB_HPP

#include <algorithm>
#include <cstdint>

#include "store/store_lock.hpp"

namespace bayeux::store {

// So many pages only messages and queues may take. A 32nd, and no more than a crowd needs for a
// message or two.
[[nodiscard]] constexpr std::uint32_t reserved_pages(const Geometry& geometry) noexcept {
    return std::min(geometry.page_count / 32, std::uint32_t{256});
}

// A cell that is not live yet; its bytes behind the live word are those of an earlier life. kNone
// if memory is full, for this kind.
[[nodiscard]] std::uint32_t allocate_cell(const Locked& locked, Kind kind) noexcept;
// The cell is not live (any more) and nothing refers to it.
void release_cell(const Locked& locked, Kind kind, std::uint32_t index) noexcept;
// Pages that would have to come from the pool for `count` more cells of the kind.
[[nodiscard]] std::uint32_t pages_for(const Locked& locked, Kind kind,
                                      std::uint64_t count) noexcept;

template <class T>
[[nodiscard]] Index<T> allocate(const Locked& locked) noexcept {
    return Index<T>(allocate_cell(locked, T::kKind));
}

template <class T>
void release(const Locked& locked, Index<T> index) noexcept {
    release_cell(locked, T::kKind, index.value);
}

template <class T>
void publish_cell(T& cell) noexcept {
    store_in_order(cell.live, kCellLive);
}

template <class T>
void retire_cell(T& cell) noexcept {
    store_in_order(cell.live, kCellFree);
}

// --- for repair ---

// Forgets all lists and counts of pages.
void reset_pages(const Locked& locked) noexcept;
// Takes the page up again: its live cells are used, all others free.
void rebuild_page(const Locked& locked, std::uint32_t page) noexcept;

}  // namespace bayeux::store

#endif
