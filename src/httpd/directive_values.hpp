// How the values of directives are written: times, sizes, numbers, switches. While the
// configuration is read, one thread.
#ifndef BAYEUX_HTTPD_DIRECTIVE_VALUES_HPP
#define BAYEUX_HTTPD_DIRECTIVE_VALUES_HPP

#include <cstdint>

#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// The parsers return false, and leave `out` alone, if the text is not wholly of their form.

// `500ms`, `30s`, `5min` (`mi`, `m`), `1h`; a bare number is seconds. Milliseconds, not negative.
[[nodiscard]] bool parse_time(const char* text, std::int64_t& ms) noexcept;
// A number of bytes with an optional K, M or G (powers of 1024).
[[nodiscard]] bool parse_size(const char* text, std::uint64_t& bytes) noexcept;
// Decimal digits only, within the bounds.
[[nodiscard]] bool parse_count(const char* text, std::uint32_t least, std::uint32_t most,
                               std::uint32_t& out) noexcept;
// On or Off, in any letter case.
[[nodiscard]] bool parse_switch(const char* text, bool& on) noexcept;
[[nodiscard]] bool is_cookie_name(const char* text) noexcept;
// Words behind a directive, copied into the configuration.
[[nodiscard]] Words copy_words(apr_pool_t* pool, int argc, char* const argv[]) noexcept;
// One attribute behind a cookie's name.
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
