// The domains that have sessions or channels, and how many, for the caps. A domain comes with its
// first use and goes with its last.
#ifndef BAYEUX_STORE_DOMAIN_TABLE_HPP
#define BAYEUX_STORE_DOMAIN_TABLE_HPP

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] DomainIndex find_domain(const Locked& locked, std::uint64_t id) noexcept;
// Nothing if memory is full. What is not used afterwards goes by release_unused_domain().
[[nodiscard]] DomainIndex find_or_create_domain(const Locked& locked, std::uint64_t id) noexcept;
void release_unused_domain(const Locked& locked, DomainIndex index) noexcept;

void link_domain(const Locked& locked, DomainIndex index) noexcept;

}  // namespace bayeux::store

#endif
