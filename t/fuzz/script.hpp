// The bytes of a fuzzer's input as a script: each decides about one thing, and behind the end all
// are 0.
#ifndef BAYEUX_T_FUZZ_SCRIPT_HPP
#define BAYEUX_T_FUZZ_SCRIPT_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace bayeux::test {

// What a target promises; where it does not hold the fuzzer has found something.
inline void require(bool holds, const char* what, const std::string& more = {}) {
    if (!holds) {
        static_cast<void>(std::fprintf(stderr, "not true: %s %s\n", what, more.c_str()));
        std::abort();
    }
}

class Script {
  public:
    Script(const std::uint8_t* bytes, std::size_t size) noexcept : at_(bytes), end_(bytes + size) {}

    [[nodiscard]] bool done() const noexcept { return at_ == end_; }
    std::uint8_t next() noexcept { return done() ? std::uint8_t{0} : *at_++; }
    // Less than `limit`, which is not 0.
    std::uint32_t below(std::uint32_t limit) noexcept { return next() % limit; }
    // Once in so many times.
    bool one_in(std::uint32_t times) noexcept { return below(times) == times - 1; }

  private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

}  // namespace bayeux::test

#endif
