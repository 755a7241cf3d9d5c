// A process-shared, robust mutex in a MutexCell: when its owner dies, the next one to lock it is
// told. Every function here may be called by any process that maps the segment.
#ifndef BAYEUX_STORE_ROBUST_MUTEX_HPP
#define BAYEUX_STORE_ROBUST_MUTEX_HPP

#include "store/layout.hpp"

namespace bayeux::store {

enum class Acquired { kYes, kOwnerDied, kBusy };

// Once, by the creator of the segment. False if the system has no such mutexes.
[[nodiscard]] bool init_mutex(MutexCell& cell) noexcept;
// kYes or kOwnerDied; in both cases the caller holds it, and it is usable again. Aborts if the
// memory is no mutex any more: nothing can go on then.
[[nodiscard]] Acquired lock_mutex(MutexCell& cell) noexcept;
// Does not wait.
[[nodiscard]] Acquired try_lock_mutex(MutexCell& cell) noexcept;
// By the thread that locked it.
void unlock_mutex(MutexCell& cell) noexcept;

}  // namespace bayeux::store

#endif
