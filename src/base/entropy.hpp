// Random bytes from the kernel, passed in so that tests can foresee them. Nothing is kept between
// calls: two children can never share the state of a generator (S10).
#ifndef BAYEUX_BASE_ENTROPY_HPP
#define BAYEUX_BASE_ENTROPY_HPP

#include <cstddef>
#include <span>

namespace bayeux {

class Entropy {
  public:
    Entropy() = default;
    Entropy(const Entropy&) = delete;
    Entropy& operator=(const Entropy&) = delete;
    virtual ~Entropy() = default;
    // Fills all of `out`, or returns false and leaves it unspecified. Any thread.
    [[nodiscard]] virtual bool fill(std::span<std::byte> out) noexcept = 0;
};

// getrandom(2).
class KernelEntropy final : public Entropy {
  public:
    [[nodiscard]] bool fill(std::span<std::byte> out) noexcept override;
};

}  // namespace bayeux

#endif
