// What the fast lane sees of a pass: the head of the response on its way out.
#ifndef BAYEUX_HTTPD_LANE_FILTER_HPP
#define BAYEUX_HTTPD_LANE_FILTER_HPP

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

class Lane;

// Puts a filter in front of the connection's others, TLS too, that shows the lane what httpd
// writes. Once; the lane lives as long as the connection.
void watch_replies(conn_rec* c, Lane& lane);

// At start.
void register_lane_filter() noexcept;

}  // namespace bayeux::httpd

#endif
