// The part of repair that is about messages: queues, jobs, and which blocks they still need.
#ifndef BAYEUX_STORE_REPAIR_MESSAGES_HPP
#define BAYEUX_STORE_REPAIR_MESSAGES_HPP

namespace bayeux::store {

class Locked;

// Sessions, channels and subscriptions are whole already.
void repair_messages(const Locked& locked) noexcept;

}  // namespace bayeux::store

#endif
