// The one place where exceptions end. Whatever httpd calls has a guard() around its body: an
// exception that passed through httpd's C frames would leave its locks held.
#ifndef BAYEUX_HTTPD_BOUNDARY_HPP
#define BAYEUX_HTTPD_BOUNDARY_HPP

#include <new>
#include <type_traits>
#include <utility>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Logs that a caught exception ended `where`. Any thread.
void log_exception(const char* where, const char* what) noexcept;

// body(), or `fallback` when it ran out of memory or met anything else that is thrown.
template <class Body, class Value>
Value guard(const char* where, Value fallback, Body&& body) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (const std::bad_alloc&) {
        log_exception(where, "out of memory");
    } catch (...) {
        log_exception(where, "an unexpected exception");
    }
    return fallback;
}

template <class Body>
void guard(const char* where, Body&& body) noexcept {
    guard(where, 0, [&] {
        std::forward<Body>(body)();
        return 0;
    });
}

// An object that lives as long as the pool; its destructor runs when the pool goes.
template <class T, class... Args>
T* pool_new(apr_pool_t* pool, Args&&... args) {
    void* memory = apr_palloc(pool, sizeof(T));
    T* object = new (memory) T(std::forward<Args>(args)...);
    if constexpr (!std::is_trivially_destructible_v<T>) {
        apr_pool_cleanup_register(
            pool, object,
            [](void* o) noexcept -> apr_status_t {
                static_cast<T*>(o)->~T();
                return APR_SUCCESS;
            },
            apr_pool_cleanup_null);
    }
    return object;
}

}  // namespace bayeux::httpd

#endif
