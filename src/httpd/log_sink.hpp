// base/log.hpp into httpd's error log.
#ifndef BAYEUX_HTTPD_LOG_SINK_HPP
#define BAYEUX_HTTPD_LOG_SINK_HPP

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Once per process, before other threads log.
void plug_in_log_sink(server_rec* s) noexcept;

}  // namespace bayeux::httpd

#endif
