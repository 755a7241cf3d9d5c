#include "base/entropy.hpp"

#include <cerrno>
#include <sys/random.h>

namespace bayeux {

bool KernelEntropy::fill(std::span<std::byte> out) noexcept {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got >= 0) {
            // More than 256 bytes may come in parts when a signal arrives.
            out = out.subspan(static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace bayeux
