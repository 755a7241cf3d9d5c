// A connection's bytes in memory; only its edges are the kernel's.
#ifndef BAYEUX_T_COST_MEMORY_STREAM_HPP
#define BAYEUX_T_COST_MEMORY_STREAM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

#include "loop/byte_stream.hpp"

namespace bayeux::cost {

// What all clients have under way.
struct Traffic {
    std::size_t unread = 0;            // requests that the server has not read
    std::vector<std::size_t> written;  // who got something, in order
};

class MemoryStream final : public loop::ByteStream {
  public:
    MemoryStream(Traffic& traffic, std::size_t client) noexcept
        : fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), traffic_(traffic), client_(client) {}
    ~MemoryStream() override { ::close(fd); }
    MemoryStream(const MemoryStream&) = delete;
    MemoryStream& operator=(const MemoryStream&) = delete;

    // --- the client ---
    void say(std::string_view request) {
        incoming_ = request;
        ++traffic_.unread;
        const std::uint64_t edge = 1;
        [[maybe_unused]] const ssize_t n = ::write(fd, &edge, sizeof edge);
    }
    std::string heard;

    // --- the server ---
    Result read(std::span<char> into) noexcept override {
        if (incoming_.empty()) {
            return {Status::kLater, 0};
        }
        const std::size_t n = std::min(into.size(), incoming_.size());
        std::memcpy(into.data(), incoming_.data(), n);
        incoming_.remove_prefix(n);
        traffic_.unread -= incoming_.empty() ? 1U : 0U;
        return {Status::kDone, n};
    }
    Result write(std::span<const char> from) noexcept override {
        heard.append(from.data(), from.size());
        traffic_.written.push_back(client_);
        return {Status::kDone, from.size()};
    }

    const int fd;

  private:
    Traffic& traffic_;
    const std::size_t client_;
    std::string_view incoming_;  // the client keeps it
};

}  // namespace bayeux::cost

#endif
