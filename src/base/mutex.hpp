// A mutex that clang's thread-safety analysis sees, which std::mutex is not, and what holds it.
#ifndef BAYEUX_BASE_MUTEX_HPP
#define BAYEUX_BASE_MUTEX_HPP

#include <mutex>

#include "base/annotations.hpp"

namespace bayeux {

class BAYEUX_CAPABILITY("mutex") Mutex {
  public:
    void lock() BAYEUX_ACQUIRE() { mutex_.lock(); }
    void unlock() BAYEUX_RELEASE() { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

// Holds the mutex as long as it lives.
class BAYEUX_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) BAYEUX_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;
    ~MutexLock() BAYEUX_RELEASE() { mutex_.unlock(); }

  private:
    Mutex& mutex_;
};

}  // namespace bayeux

#endif
