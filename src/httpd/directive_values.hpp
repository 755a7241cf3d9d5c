// What setters of directives have in common. While the configuration is read, one thread.
#ifndef BAYEUX_HTTPD_DIRECTIVE_VALUES_HPP
#define BAYEUX_HTTPD_DIRECTIVE_VALUES_HPP

#include <cstdint>

#include "base/config_value.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// The parsers of single values, for the setters' C names.
using bayeux::is_cookie_name;
using bayeux::parse_count;
using bayeux::parse_size;
using bayeux::parse_switch;
using bayeux::parse_time;

// Words behind a directive, copied into the configuration.
[[nodiscard]] Words copy_words(apr_pool_t* pool, int argc, char* const argv[]) noexcept;
// One attribute behind a cookie's name; false if it is none.
[[nodiscard]] bool parse_cookie_attribute(apr_pool_t* pool, const char* text,
                                          CookieTerms& terms) noexcept;

// `BayeuxTimeout: "soon" is not a valid value; allowed: a time from 0 to 24h, such as 30s`
[[nodiscard]] const char* refusal(cmd_parms* cmd, const char* value, const char* allowed) noexcept;

// The section that is being read, and what is said where there is none (channel_directives.cc).
[[nodiscard]] ChannelSection* open_section_of(void* dir) noexcept;
[[nodiscard]] const char* only_in_section(cmd_parms* cmd) noexcept;

// BayeuxBroadcastToPublisher inside a <BayeuxChannel> section (channel_sections.cc).
[[nodiscard]] const char* set_section_broadcast(ChannelSection& section, bool on) noexcept;

}  // namespace bayeux::httpd

#endif
