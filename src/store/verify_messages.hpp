// The checks of verify() that are about messages.
#ifndef BAYEUX_STORE_VERIFY_MESSAGES_HPP
#define BAYEUX_STORE_VERIFY_MESSAGES_HPP

#include <string>

#include "store/store_lock.hpp"

namespace bayeux::store {

[[nodiscard]] std::string check_V7_queues(const Locked& locked);
[[nodiscard]] std::string check_V8_messages(const Locked& locked);
[[nodiscard]] std::string check_V14_jobs(const Locked& locked);
[[nodiscard]] std::string check_V16_sent(const Locked& locked);
[[nodiscard]] std::string check_V17_urgency(const Locked& locked);

}  // namespace bayeux::store

#endif
