// The children that serve this segment, of however many generations of httpd.
//
// A child's place is alive as long as the thread that claimed it lives: that thread holds the
// place's robust mutex, so that the kernel tells of its death whatever killed it. No process id is
// trusted. Claim from a thread that lives as long as the process serves (httpd: the child's main
// thread, or the loop's), and release from the same thread. The C library lists the robust mutexes
// that a thread holds by address: a process must not unmap the segment while it holds a place.
//
// Lock order: a place's mutex, then the store's lock; never the other way round.
#ifndef BAYEUX_STORE_CHILD_TABLE_HPP
#define BAYEUX_STORE_CHILD_TABLE_HPP

#include <cstdint>
#include <optional>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] bool is_claimed(const Locked& locked, ChildIndex child) noexcept;

// --- without the store's lock ---

// Holds the mutex of a free place; nothing if there is none.
[[nodiscard]] std::optional<ChildIndex> hold_free_place(const Segment& segment) noexcept;
// Holds the mutex of a claimed place whose child has died; nothing if there is none.
[[nodiscard]] std::optional<ChildIndex> hold_dead_place(const Segment& segment) noexcept;
void let_go(const Segment& segment, ChildIndex child) noexcept;

// --- with it, and with the place's mutex ---

// False if somebody was faster.
[[nodiscard]] bool claim(const Locked& locked, ChildIndex child, std::uint32_t pid) noexcept;
// The child is dead, or done: what it held is given back by give_back().
void leave(const Locked& locked, ChildIndex child) noexcept;

// One bounded share of giving back what gone children held: their parks and streams are forgotten
// (the sessions live on until their lease), what they drained and did not write is dropped, so that
// nothing is delivered twice. False if there is nothing (more) to give back.
bool give_back(const Locked& locked) noexcept;

}  // namespace bayeux::store

#endif
