// One epoll set and one timer: everything happens on the thread that calls poll().
//
// A source may forget its descriptor at any time, also while events are handed out, but lives as
// long as the reactor is polled: a late event finds it closed.
#ifndef BAYEUX_BENCH_REACTOR_HPP
#define BAYEUX_BENCH_REACTOR_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/time.hpp"

namespace bayeux::bench {

class Reactor {
  public:
    class Source {
      public:
        virtual void on_ready(std::uint32_t events) = 0;

      protected:
        ~Source() = default;
    };

    Reactor() noexcept;
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    // False if the kernel refused the descriptors; errno says why.
    [[nodiscard]] bool good() const noexcept { return epoll_ >= 0 && timer_ >= 0; }

    [[nodiscard]] bool watch(int fd, std::uint32_t events, Source& source) noexcept;
    void change(int fd, std::uint32_t events, Source& source) noexcept;

    // Waits for events, at the latest until the given time, and hands them out.
    void poll(TimePoint until) noexcept;

    // Where whoever is being served may read to.
    [[nodiscard]] std::span<char> scratch() noexcept { return scratch_; }

  private:
    void arm(TimePoint until) noexcept;

    int epoll_;
    int timer_;
    TimePoint armed_{};
    std::array<char, std::size_t{256} * 1024> scratch_;
};

}  // namespace bayeux::bench

#endif
