// Child processes of a test. They report by their exit status only: an assertion belongs to the
// parent.
#ifndef BAYEUX_T_PROCESS_FORKED_HPP
#define BAYEUX_T_PROCESS_FORKED_HPP

#include <csignal>
#include <cstdint>
#include <sys/wait.h>
#include <unistd.h>

namespace bayeux::test {

// `body` returns the exit status; 0 is well.
template <class Body>
pid_t in_child(Body&& body) {
    const pid_t pid = fork();
    if (pid == 0) {
        // No test outlives its deadline, nor its parent's patience.
        alarm(120);
        _exit(body());
    }
    return pid;
}

// The exit status, or 1000 + the signal that ended it.
inline int outcome_of(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

inline int kill_and_wait(pid_t pid) {
    kill(pid, SIGKILL);
    return outcome_of(pid);
}

// Numbers that a failing run can be repeated with.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}
    std::uint32_t below(std::uint32_t limit) {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return static_cast<std::uint32_t>(state_ >> 20U) % limit;
    }

  private:
    std::uint64_t state_;
};

}  // namespace bayeux::test

#endif
