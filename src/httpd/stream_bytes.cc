#include "httpd/stream_bytes.hpp"

namespace bayeux::httpd {

loop::ByteStream::Result StreamBytes::read(std::span<char> into) noexcept {
    if (emptied_) {
        return socket_.read(into);
    }
    const Result result = filters_.read(into);
    emptied_ = transparent_ && result.status == Status::kLater;
    return result;
}

loop::ByteStream::Result StreamBytes::write(std::span<const char> from) noexcept {
    const Result result = transparent_ ? socket_.write(from) : filters_.write(from);
    if (result.status == Status::kDone) {
        sent_ += static_cast<apr_off_t>(result.bytes);
    }
    return result;
}

bool StreamBytes::flushed() const noexcept {
    return transparent_ || filters_.flushed();
}

}  // namespace bayeux::httpd
