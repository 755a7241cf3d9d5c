// The free memory that the pools of one connection keep from one request to the next.
//
// A connection that is served keeps some, so that not every request asks the kernel for memory (APR
// maps and unmaps it). One that waits, maybe for minutes, keeps none.
#ifndef BAYEUX_HTTPD_FREE_MEMORY_HPP
#define BAYEUX_HTTPD_FREE_MEMORY_HPP

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// By the connection's owner.
class FreeMemory {
  public:
    explicit FreeMemory(apr_pool_t* pool) noexcept : allocator_(apr_pool_allocator_get(pool)) {}

    // What is freed from now on is kept, up to that many bytes.
    void keep(apr_size_t bytes) noexcept;
    // All that is freed from now on goes.
    void keep_nothing() noexcept { keep(1); }
    // What is kept goes. keep() still holds for what is freed later.
    void release() noexcept;

  private:
    apr_allocator_t* const allocator_;
    apr_size_t kept_ = 1;
};

}  // namespace bayeux::httpd

#endif
