// The checks of verify() that are about memory.
#ifndef BAYEUX_STORE_VERIFY_PAGES_HPP
#define BAYEUX_STORE_VERIFY_PAGES_HPP

#include <string>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] std::string check_V2_pages(const Locked& locked);
[[nodiscard]] std::string check_V3_page_lists(const Locked& locked);

}  // namespace bayeux::store

#endif
