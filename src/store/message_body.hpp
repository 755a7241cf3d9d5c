// Message bodies: stored once, shared by reference. The text lies in a chain of blocks.
#ifndef BAYEUX_STORE_MESSAGE_BODY_HPP
#define BAYEUX_STORE_MESSAGE_BODY_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] constexpr std::uint32_t blocks_for(std::size_t length) noexcept {
    return length == 0 ? 1 : static_cast<std::uint32_t>((length + Block::kData - 1) / Block::kData);
}

// Pages that would have to come from the pool to queue one more message of that length for so many
// sessions.
[[nodiscard]] std::uint64_t pages_needed(const Locked& locked, std::uint64_t sessions,
                                         std::size_t length) noexcept;
// With one reference, the caller's. Nothing if memory is full.
[[nodiscard]] BlockIndex store_message(const Locked& locked, std::string_view text) noexcept;
inline void add_reference(const Locked& locked, BlockIndex message) noexcept {
    ++locked.cell(message).references;
}
// The last one frees the message.
void drop_reference(const Locked& locked, BlockIndex message) noexcept;
// Writes the whole text to `out`, which has room for `length` bytes of it, and returns its end.
char* copy_message(const Locked& locked, BlockIndex message, char* out) noexcept;

}  // namespace bayeux::store

#endif
