// Checks every invariant of layout.hpp. For tests and for hunting bugs: it looks at the whole
// segment under the lock and uses heap memory.
#ifndef BAYEUX_STORE_VERIFY_HPP
#define BAYEUX_STORE_VERIFY_HPP

#include <string>

#include "store/store_lock.hpp"

namespace bayeux::store {

// Empty if all is well, else the first violation, with the number of its invariant.
[[nodiscard]] std::string verify(const Locked& locked);

}  // namespace bayeux::store

#endif
