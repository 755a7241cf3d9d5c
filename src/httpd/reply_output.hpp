// What httpd's responses pass on their way from an adopted connection: the fast lane learns their
// heads here, and a small one is gathered until it shall leave, in one piece.
#ifndef BAYEUX_HTTPD_REPLY_OUTPUT_HPP
#define BAYEUX_HTTPD_REPLY_OUTPUT_HPP

#include <httpd.h>

#include <util_filter.h>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

class Lane;

// An output filter of the connection. By its owner.
class ReplyOutput {
  public:
    // Puts the filter in its place, for the response to `r` too. Once. `lane` may be nullptr;
    // `transparent`: nothing behind the filter changes what is written.
    void attach(request_rec* r, int fd, bool transparent, Lane* lane);
    // What was gathered leaves, as far as that does not block.
    void flush() noexcept;

  private:
    friend struct ReplyOutputFilter;

    // As much as httpd's core output filter does not write at once by itself.
    static constexpr apr_off_t kSmall = 4096;

    void show(apr_bucket_brigade* bb) noexcept;
    [[nodiscard]] bool may_gather(apr_bucket_brigade* bb) const noexcept;
    // True if it took all of it.
    [[nodiscard]] bool gather(apr_bucket_brigade* bb) noexcept;

    conn_rec* c_ = nullptr;
    int fd_ = -1;
    bool transparent_ = false;
    Lane* lane_ = nullptr;
    ap_filter_t* filter_ = nullptr;
    apr_bucket_brigade* gathered_ = nullptr;
};

void register_reply_output() noexcept;

}  // namespace bayeux::httpd

#endif
