// Logging without knowing the server: the layers below httpd write here, whoever runs the process
// plugs in where it goes. Without a sink nothing is written.
//
// set_sink() belongs to the start of a process (or of a test), before other threads log; the other
// functions may be called on any thread. A sink is called on the thread that logs, without any lock
// of this file, possibly by several threads at once.
#ifndef BAYEUX_BASE_LOG_HPP
#define BAYEUX_BASE_LOG_HPP

#include <cstdint>
#include <string_view>

namespace bayeux::log {

// The numbers are those of httpd's APLOG_ levels.
enum class Level : std::uint8_t {
    kEmerg = 0,
    kAlert = 1,
    kCrit = 2,
    kError = 3,
    kWarning = 4,
    kNotice = 5,
    kInfo = 6,
    kDebug = 7,
    kTrace = 8,
};

struct Sink {
    // True if a line of this level would be kept.
    bool (*enabled)(void* baton, Level level) noexcept = nullptr;
    // `id` names the line in the table of ids ("BX0001"), or is "" below kWarning. Never a secret.
    void (*write)(void* baton, Level level, const char* id,
                  std::string_view text) noexcept = nullptr;
    void* baton = nullptr;
};

// `sink` must stay as it is until another takes its place; nullptr for none. Both functions of a
// sink are set.
void set_sink(const Sink* sink) noexcept;

// Ask before a text is put together at a level that is normally off.
[[nodiscard]] bool enabled(Level level) noexcept;

// Does nothing unless enabled(level).
void write(Level level, const char* id, std::string_view text) noexcept;

}  // namespace bayeux::log

#endif
