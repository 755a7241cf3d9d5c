#include "httpd/free_memory.hpp"

#include <utility>

#include <httpd.h>

#include <apr_thread_mutex.h>

namespace bayeux::httpd {
namespace {

// Near the largest that an allocator keeps in order of their size.
constexpr apr_size_t kMarkerSize = 72U << 10U;
constexpr int kMostNodes = 64;
// What a response takes: its head is one, and whether a request is behind it is read into another.
// With them and the request's own two, what is kept is full.
constexpr int kBorrowed = 2;

// Belongs to one thread, and is put into an allocator's free list behind all that is smaller: when
// it is handed out again, nothing smaller is left. APR has no other way to tell.
class Marker {
  public:
    Marker() noexcept { apr_allocator_create(&allocator_); }
    Marker(const Marker&) = delete;
    Marker& operator=(const Marker&) = delete;
    ~Marker() {
        if (node_ != nullptr) {
            apr_allocator_free(allocator_, node_);
        }
        if (allocator_ != nullptr) {
            apr_allocator_destroy(allocator_);
        }
    }

    [[nodiscard]] apr_memnode_t* take() noexcept {
        if (node_ == nullptr && allocator_ != nullptr) {
            return apr_allocator_alloc(allocator_, kMarkerSize);
        }
        return std::exchange(node_, nullptr);
    }
    void put_back(apr_memnode_t* node) noexcept { node_ = node; }

  private:
    apr_allocator_t* allocator_ = nullptr;
    apr_memnode_t* node_ = nullptr;
};

thread_local Marker marker;

}  // namespace

SpareMemory::SpareMemory(apr_pool_t* pool) noexcept {
    // Without the mutex it would not be for any thread: then there is none, and nothing is lent.
    apr_thread_mutex_t* mutex = nullptr;
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool) == APR_SUCCESS &&
        apr_allocator_create(&allocator_) == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator_, mutex);
        apr_allocator_max_free_set(allocator_, kMost);
    }
}

SpareMemory::~SpareMemory() {
    if (allocator_ != nullptr) {
        apr_allocator_destroy(allocator_);
    }
}

apr_memnode_t* SpareMemory::take() noexcept {
    return allocator_ != nullptr ? apr_allocator_alloc(allocator_, 1) : nullptr;
}

bool SpareMemory::give(apr_memnode_t* nodes) noexcept {
    if (allocator_ == nullptr) {
        return false;
    }
    apr_allocator_free(allocator_, nodes);
    return true;
}

void FreeMemory::keep(apr_size_t bytes) noexcept {
    kept_ = bytes;
    apr_allocator_max_free_set(allocator_, bytes);
}

void FreeMemory::release(SpareMemory& spare) noexcept {
    apr_memnode_t* const last = marker.take();
    if (last == nullptr) {
        return;
    }
    apr_allocator_max_free_set(allocator_, APR_ALLOCATOR_MAX_FREE_UNLIMITED);
    apr_allocator_free(allocator_, last);
    apr_memnode_t* kept = nullptr;
    for (int i = 0; i < kMostNodes; ++i) {
        apr_memnode_t* node = apr_allocator_alloc(allocator_, 1);
        if (node == last) {
            marker.put_back(last);
            break;
        }
        if (node == nullptr) {
            break;
        }
        node->next = std::exchange(kept, node);
    }
    apr_allocator_max_free_set(allocator_, kNothing);
    if (kept != nullptr && (kept_ == kNothing || !spare.give(kept))) {
        apr_allocator_free(allocator_, kept);
    }
    apr_allocator_max_free_set(allocator_, kept_);
}

void FreeMemory::borrow(SpareMemory& spare) noexcept {
    if (kept_ == kNothing) {
        return;
    }
    for (int i = 0; i < kBorrowed; ++i) {
        if (apr_memnode_t* node = spare.take()) {
            apr_allocator_free(allocator_, node);
        }
    }
}

}  // namespace bayeux::httpd
