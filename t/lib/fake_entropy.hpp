// Bytes that count upwards, so that a test can foresee every id and no two are alike.
#ifndef BAYEUX_T_LIB_FAKE_ENTROPY_HPP
#define BAYEUX_T_LIB_FAKE_ENTROPY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/entropy.hpp"

namespace bayeux::test {

class FakeEntropy final : public Entropy {
  public:
    // The n-th call ends in the bytes of n, the rest is zero.
    [[nodiscard]] bool fill(std::span<std::byte> out) noexcept override {
        if (exhausted) {
            return false;
        }
        ++calls_;
        std::fill(out.begin(), out.end(), std::byte{0});
        std::uint32_t rest = calls_;
        for (auto at = out.rbegin(); at != out.rend() && rest != 0; ++at, rest >>= 8U) {
            *at = std::byte(rest & 0xffU);
        }
        return true;
    }

    bool exhausted = false;

  private:
    std::uint32_t calls_ = 0;
};

}  // namespace bayeux::test

#endif
