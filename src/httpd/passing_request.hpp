// A request that others may write to and allocate from, and that goes when they have answered: what
// they leave behind would otherwise stay as long as the request does, which may be a stream's.
#ifndef BAYEUX_HTTPD_PASSING_REQUEST_HPP
#define BAYEUX_HTTPD_PASSING_REQUEST_HPP

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// By the owner of the request.
class PassingRequest {
  public:
    explicit PassingRequest(request_rec* r) noexcept;
    PassingRequest(const PassingRequest&) = delete;
    PassingRequest& operator=(const PassingRequest&) = delete;
    ~PassingRequest() { apr_pool_destroy(pool_); }

    [[nodiscard]] request_rec* get() noexcept { return &copy_; }

  private:
    request_rec copy_;
    apr_pool_t* pool_ = nullptr;
};

}  // namespace bayeux::httpd

#endif
