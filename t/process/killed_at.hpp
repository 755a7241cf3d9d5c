// A process that dies at a chosen kill point of the store.
//
// For programs built with BAYEUX_KILL_POINTS, the store's sources included.
#ifndef BAYEUX_T_PROCESS_KILLED_AT_HPP
#define BAYEUX_T_PROCESS_KILLED_AT_HPP

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "store/kill_point.hpp"

#ifndef BAYEUX_KILL_POINTS
#error "this test needs the store's kill points"
#endif

namespace bayeux::test {

inline long points_left = 0;

inline void count_down(const char* /*name*/) {
    if (points_left-- == 0) {
        raise(SIGKILL);
    }
}

// Runs `act` in a child that is killed at its n-th point. True if it was killed.
template <class Act>
bool killed_at(long n, Act&& act) {
    const pid_t pid = fork();
    if (pid == 0) {
        points_left = n;
        store::kill_point_hook = count_down;
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace bayeux::test

#endif
