// Places at which a test kills the process, between any two steps of a change to the segment. In a
// normal build they are nothing; with BAYEUX_KILL_POINTS each calls the test's hook.
#ifndef BAYEUX_STORE_KILL_POINT_HPP
#define BAYEUX_STORE_KILL_POINT_HPP

#ifdef BAYEUX_KILL_POINTS
namespace bayeux::store {
using KillPointHook = void (*)(const char* name);
inline KillPointHook kill_point_hook = nullptr;
}  // namespace bayeux::store
#define BAYEUX_KILL_POINT(name)                     \
    do {                                            \
        if (::bayeux::store::kill_point_hook) {     \
            ::bayeux::store::kill_point_hook(name); \
        }                                           \
    } while (false)
#else
#define BAYEUX_KILL_POINT(name) static_cast<void>(0)
#endif

#endif
