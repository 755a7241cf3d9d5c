// The part of verify() that looks at who is present.
#ifndef BAYEUX_STORE_VERIFY_MEMBERS_HPP
#define BAYEUX_STORE_VERIFY_MEMBERS_HPP

#include <string>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] std::string check_V19_members(const Locked& locked);

}  // namespace bayeux::store

#endif
