// Typed positions inside the segment. Nothing in it is a pointer: a position is checked against the
// segment's size each time it is followed, and means the same in every process.
#ifndef BAYEUX_STORE_OFFSET_HPP
#define BAYEUX_STORE_OFFSET_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace bayeux::store {

inline constexpr std::uint32_t kNone = 0xffffffff;

// The place of a cell of type T: its page, and its slot in that page.
template <class T>
struct Index {
    std::uint32_t value = kNone;

    constexpr Index() noexcept = default;
    constexpr explicit Index(std::uint32_t v) noexcept : value(v) {}
    constexpr Index(std::uint32_t page, std::uint32_t slot) noexcept : value(page << 8U | slot) {}

    [[nodiscard]] constexpr std::uint32_t page() const noexcept { return value >> 8U; }
    [[nodiscard]] constexpr std::uint32_t slot() const noexcept { return value & 0xffU; }
    constexpr explicit operator bool() const noexcept { return value != kNone; }
    friend constexpr bool operator==(const Index&, const Index&) noexcept = default;
};

// What may lie in the segment: bytes that mean the same to every process, without padding.
template <class T>
concept ShmType = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
    std::has_unique_object_representations_v<T>;

// Bytes of the segment as what lies there; the caller knows that they are aligned.
template <class T>
[[nodiscard]] T* view_as(std::byte* bytes) noexcept {
    return static_cast<T*>(static_cast<void*>(bytes));
}

// A store that stays between the stores before and after it, also for someone who finds the memory
// after this process was killed in between. The processor keeps the order of a dead process's
// stores (they reach memory before the kernel gives up the lock), so only the compiler has to be
// told.
template <class T>
void store_in_order(T& word, T value) noexcept {
    static_assert(std::atomic_ref<T>::is_always_lock_free);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace bayeux::store

#endif
