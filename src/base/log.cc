#include "base/log.hpp"

#include <atomic>

namespace bayeux::log {

namespace {

// Atomic only so that a thread that starts to log early sees a whole sink or none.
std::atomic<const Sink*> current_sink{nullptr};

}  // namespace

void set_sink(const Sink* sink) noexcept {
    current_sink.store(sink, std::memory_order_release);
}

bool enabled(Level level) noexcept {
    const Sink* sink = current_sink.load(std::memory_order_acquire);
    return sink != nullptr && sink->enabled(sink->baton, level);
}

void write(Level level, const char* id, std::string_view text) noexcept {
    const Sink* sink = current_sink.load(std::memory_order_acquire);
    if (sink != nullptr && sink->enabled(sink->baton, level)) {
        sink->write(sink->baton, level, id, text);
    }
}

}  // namespace bayeux::log
