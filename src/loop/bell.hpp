// One bell for each place in the child table: an eventfd, made in the parent before the first fork,
// so that every child inherits all of them and they stay the same across restarts.
#ifndef BAYEUX_LOOP_BELL_HPP
#define BAYEUX_LOOP_BELL_HPP

#include <cstddef>
#include <span>

#include "base/strong_id.hpp"
#include "broker/session_store.hpp"

namespace bayeux::loop {

// Fills `fds` with new bells, closed on exec so that no CGI program inherits them. On failure
// closes what it made and returns errno; else 0.
[[nodiscard]] int make_bells(std::span<int> fds) noexcept;
void close_bells(std::span<const int> fds) noexcept;

// Rings and silences bells that somebody else made and keeps open. Any thread.
class Bells final : public broker::Ringer {
  public:
    explicit Bells(std::span<const int> fds) noexcept : fds_(fds) {}

    void ring(const broker::WakeSet& children) noexcept override;
    void ring_one(ChildIndex child) noexcept;
    // After this the bell is silent until it is rung again. The child's loop thread only.
    void silence(ChildIndex child) noexcept;
    [[nodiscard]] int fd(ChildIndex child) const noexcept;

    // What this thread rings while one of these lives is rung when it goes: messages that came
    // together then wake another child once, which finds all of them and writes them at once. Not
    // within another one.
    class Together {
      public:
        explicit Together(Bells& bells) noexcept;
        Together(const Together&) = delete;
        Together& operator=(const Together&) = delete;
        ~Together();

      private:
        Bells& bells_;
        broker::WakeSet children_;
    };

  private:
    std::span<const int> fds_;
};

}  // namespace bayeux::loop

#endif
