// Asks for memory that is needed soon. Of thousands of sessions hardly one is in a cache when its
// turn comes: what is asked for together comes together, what is come across one after the other
// is waited for each time.
#ifndef BAYEUX_BASE_PREFETCH_HPP
#define BAYEUX_BASE_PREFETCH_HPP

#include <cstddef>

namespace bayeux {

inline constexpr std::size_t kCacheLine = 64;

// `size` bytes from there on, to be written to. No address does harm.
inline void prefetch(const void* object, std::size_t size) noexcept {
    const char* const begin = static_cast<const char*>(object);
    for (std::size_t at = 0; at < size; at += kCacheLine) {
        __builtin_prefetch(begin + at, 1);
    }
}

}  // namespace bayeux

#endif
