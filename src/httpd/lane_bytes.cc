#include "httpd/lane_bytes.hpp"

#include <httpd.h>

namespace bayeux::httpd {

void LaneBytes::enter() {
    emptied_ = false;
    apr_socket_t* socket = ap_get_conn_socket(c_);
    apr_socket_timeout_get(socket, &timeout_);
    if (filters_) {
        apr_socket_timeout_set(socket, 0);
    } else {
        filters_.emplace(c_, connection_.fd());
    }
}

void LaneBytes::leave() noexcept {
    apr_socket_timeout_set(ap_get_conn_socket(c_), timeout_);
}

loop::ByteStream::Result LaneBytes::read(std::span<char> into) noexcept {
    if (emptied_) {
        return socket_.read(into);
    }
    const Result result = filters_->read(into);
    emptied_ = connection_.transparent() && result.status == Status::kLater;
    return result;
}

loop::ByteStream::Result LaneBytes::write(std::span<const char> from) noexcept {
    return connection_.transparent() ? socket_.write(from) : filters_->write(from);
}

bool LaneBytes::flushed() const noexcept {
    return connection_.transparent() || filters_->flushed();
}

}  // namespace bayeux::httpd
