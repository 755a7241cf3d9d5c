// The free memory that the pools of one connection keep from one request to the next.
//
// A connection that is served keeps some, so that not every request asks the kernel for memory (APR
// maps and unmaps it, while all other threads wait). One that waits, maybe for minutes, keeps none:
// what it had is lent to those that are served.
#ifndef BAYEUX_HTTPD_FREE_MEMORY_HPP
#define BAYEUX_HTTPD_FREE_MEMORY_HPP

#include <cstddef>

#include <httpd.h>

#include <apr_allocator.h>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Free memory of a child, for connections that are served. Any thread.
class SpareMemory {
  public:
    explicit SpareMemory(apr_pool_t* pool) noexcept;
    SpareMemory(const SpareMemory&) = delete;
    SpareMemory& operator=(const SpareMemory&) = delete;
    ~SpareMemory();

    // A small piece; nullptr without memory.
    [[nodiscard]] apr_memnode_t* take() noexcept;
    // False if it does not take them.
    [[nodiscard]] bool give(apr_memnode_t* nodes) noexcept;

  private:
    static constexpr apr_size_t kMost = std::size_t{4} << 20U;

    apr_allocator_t* allocator_ = nullptr;
};

// By the connection's owner.
class FreeMemory {
  public:
    explicit FreeMemory(apr_pool_t* pool) noexcept : allocator_(apr_pool_allocator_get(pool)) {}

    // What is freed from now on is kept, up to that many bytes.
    void keep(apr_size_t bytes) noexcept;
    // All that is freed from now on goes.
    void keep_nothing() noexcept { keep(kNothing); }
    // What is kept goes. keep() still holds for what is freed later.
    void release(SpareMemory& spare) noexcept;
    // It is served again, by httpd.
    void borrow(SpareMemory& spare) noexcept;

  private:
    static constexpr apr_size_t kNothing = 1;  // to APR, 0 is without limit

    apr_allocator_t* const allocator_;
    apr_size_t kept_ = kNothing;
};

}  // namespace bayeux::httpd

#endif
