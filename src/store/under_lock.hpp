// How the facade runs a piece of work under the store's lock: SharedStore's own template, in a
// header because its functions are spread over several sources.
#ifndef BAYEUX_STORE_UNDER_LOCK_HPP
#define BAYEUX_STORE_UNDER_LOCK_HPP

#include <utility>

#include "store/farewells.hpp"
#include "store/shared_store.hpp"

namespace bayeux::store {

// Made before the lock is taken, so that it goes when that has been released.
class SharedStore::Aftermath {
  public:
    explicit Aftermath(broker::Ringer& ringer) noexcept : ringer_(ringer) {}
    Aftermath(const Aftermath&) = delete;
    Aftermath& operator=(const Aftermath&) = delete;
    ~Aftermath() {
        if (wake.any()) {
            ringer_.ring(wake);
        }
    }

    broker::WakeSet wake;

  private:
    broker::Ringer& ringer_;
};

template <class Body>
auto SharedStore::under_lock_at(Operation operation, TimePoint now, Body&& body) {
    if (listener_ != nullptr) {
        return under_lock_told(operation, now, std::forward<Body>(body));
    }
    Aftermath after(ringer_);
    const Locked locked(segment_, operation, now, after.wake);
    return body(locked);
}

// Apart, as what it keeps on the stack is large.
template <class Body>
[[gnu::noinline]] auto SharedStore::under_lock_told(Operation operation, TimePoint now,
                                                    Body&& body) {
    struct Telling {
        Farewells farewells;
        EndListener& listener;
        ~Telling() { farewells.tell(listener); }
    };
    Telling telling{{}, *listener_};
    Aftermath after(ringer_);
    const Locked locked(segment_, operation, now, after.wake, &telling.farewells);
    return body(locked);
}

template <class Body>
auto SharedStore::under_lock(Operation operation, Body&& body) {
    return under_lock_at(operation, clock_.recent(), std::forward<Body>(body));
}

}  // namespace bayeux::store

#endif
