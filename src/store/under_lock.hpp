// How the facade runs a piece of work under the store's lock: SharedStore's own template, in a
// header because its functions are spread over several sources.
#ifndef BAYEUX_STORE_UNDER_LOCK_HPP
#define BAYEUX_STORE_UNDER_LOCK_HPP

#include <type_traits>

#include "store/shared_store.hpp"

namespace bayeux::store {

template <class Body>
auto SharedStore::under_lock_at(Operation operation, TimePoint now, Body&& body) {
    broker::WakeSet wake;
    const auto locked_body = [&] {
        const Locked locked(segment_, operation, now, wake);
        return body(locked);
    };
    if constexpr (std::is_void_v<decltype(locked_body())>) {
        locked_body();
        if (wake.any()) {
            ringer_.ring(wake);
        }
    } else {
        auto result = locked_body();
        if (wake.any()) {
            ringer_.ring(wake);
        }
        return result;
    }
}

template <class Body>
auto SharedStore::under_lock(Operation operation, Body&& body) {
    return under_lock_at(operation, clock_.recent(), std::forward<Body>(body));
}

}  // namespace bayeux::store

#endif
