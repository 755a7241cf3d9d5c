#include "httpd/log_sink.hpp"

#include "base/log.hpp"

namespace bayeux::httpd {
namespace {

bool is_enabled(void* server, log::Level level) noexcept {
    return APLOG_IS_LEVEL(static_cast<server_rec*>(server), static_cast<int>(level));
}

void write_line(void* server, log::Level level, const char* id, std::string_view text) noexcept {
    ap_log_error(APLOG_MARK, static_cast<int>(level), 0, static_cast<server_rec*>(server),
                 "%s%s%.*s", id, *id != '\0' ? ": " : "", static_cast<int>(text.size()),
                 text.data());
}

log::Sink sink{is_enabled, write_line, nullptr};

}  // namespace

void plug_in_log_sink(server_rec* s) noexcept {
    sink.baton = s;
    log::set_sink(&sink);
}

}  // namespace bayeux::httpd
