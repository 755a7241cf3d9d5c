// The part of verify() that looks at users.
#ifndef BAYEUX_STORE_VERIFY_USERS_HPP
#define BAYEUX_STORE_VERIFY_USERS_HPP

#include <string>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] std::string check_V18_users(const Locked& locked);

}  // namespace bayeux::store

#endif
