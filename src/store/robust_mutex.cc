#include "store/robust_mutex.hpp"

#include <cerrno>
#include <cstdlib>
#include <pthread.h>

namespace bayeux::store {

namespace {

// Together about as long as the store is held by those who hold it longest, a few microseconds.
constexpr int kTries = 40;
constexpr int kPauses = 8;

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

static_assert(sizeof(pthread_mutex_t) <= sizeof(MutexCell) &&
              alignof(pthread_mutex_t) <= alignof(MutexCell));

pthread_mutex_t* mutex_of(MutexCell& cell) noexcept {
    return reinterpret_cast<pthread_mutex_t*>(&cell);
}

Acquired settle(int result, pthread_mutex_t* mutex) noexcept {
    if (result == 0) {
        return Acquired::kYes;
    }
    if (result == EBUSY) {
        return Acquired::kBusy;
    }
    // Made consistent before anything is repaired: if this process dies over the repair, the writer
    // mark is still set and the next owner starts again.
    if (result == EOWNERDEAD && pthread_mutex_consistent(mutex) == 0) {
        return Acquired::kOwnerDied;
    }
    std::abort();
}

}  // namespace

bool init_mutex(MutexCell& cell) noexcept {
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return false;
    }
    const bool made = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
                      pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
                      pthread_mutex_init(mutex_of(cell), &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return made;
}

Acquired lock_mutex(MutexCell& cell) noexcept {
    // Who holds it is done sooner than the kernel could put this thread to sleep and wake it.
    for (int tries = 0; tries < kTries; ++tries) {
        const Acquired acquired = try_lock_mutex(cell);
        if (acquired != Acquired::kBusy) {
            return acquired;
        }
        for (int i = 0; i < kPauses; ++i) {
            pause();
        }
    }
    return settle(pthread_mutex_lock(mutex_of(cell)), mutex_of(cell));
}

Acquired try_lock_mutex(MutexCell& cell) noexcept {
    return settle(pthread_mutex_trylock(mutex_of(cell)), mutex_of(cell));
}

void unlock_mutex(MutexCell& cell) noexcept {
    pthread_mutex_unlock(mutex_of(cell));
}

}  // namespace bayeux::store
