// The cards of the status page that are tables.
#ifndef BAYEUX_HTTPD_STATUS_TABLES_HPP
#define BAYEUX_HTTPD_STATUS_TABLES_HPP

#include "httpd/status_figures.hpp"
#include "httpd/status_html.hpp"
#include "store/survey.hpp"

namespace bayeux::httpd {

void show_transports(Html& html, const StatusFigures& figures);
void show_totals(Html& html, const StatusFigures& figures);
void show_refusals(Html& html, const StatusFigures& figures);
void show_memory(Html& html, const StatusFigures& figures);
void show_times(Html& html, const StatusFigures& figures);
void show_children(Html& html, const StatusFigures& figures);
void show_channels(Html& html, const store::Survey& survey);
void show_slow_sessions(Html& html, const store::Survey& survey);

}  // namespace bayeux::httpd

#endif
