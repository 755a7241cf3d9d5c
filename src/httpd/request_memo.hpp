// What is kept of a request of which nothing is needed any more but its line in the access log: a
// stream may live for weeks, and a request_rec with its pool takes 12 KB.
#ifndef BAYEUX_HTTPD_REQUEST_MEMO_HPP
#define BAYEUX_HTTPD_REQUEST_MEMO_HPP

#include <memory>
#include <string>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

class RequestMemo {
  public:
    // nullptr if some module has left something with the request that cannot be told from here:
    // a note, which may be no text at all, or a state of its own.
    [[nodiscard]] static std::unique_ptr<const RequestMemo> of(const request_rec* r);

    // The request as the hooks of the log shall see it, in a pool of its own below that of `c`.
    [[nodiscard]] request_rec* revive(conn_rec* c) const;

  private:
    RequestMemo() = default;

    std::string texts_;  // of the fields and tables, in the order of request_memo.cc
    server_rec* server_ = nullptr;
    apr_time_t time_ = 0;
    apr_off_t bytes_sent_ = 0;
    int method_number_ = 0;
    int proto_num_ = 0;
    int status_ = 0;
};

}  // namespace bayeux::httpd

#endif
