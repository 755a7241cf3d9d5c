// The figures of a status page as texts. Pure functions, any thread.
#ifndef BAYEUX_HTTPD_STATUS_VIEWS_HPP
#define BAYEUX_HTTPD_STATUS_VIEWS_HPP

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "httpd/status_figures.hpp"
#include "store/survey.hpp"

namespace bayeux::httpd {

// What all of `SetHandler bayeux-status` show: docs/monitoring.md says what each figure means.
struct StatusView {
    StatusFigures figures;
    store::Survey survey;
    WallTime wall;
};

// For people.
[[nodiscard]] std::string status_page(const StatusView& view);
[[nodiscard]] std::string status_json(const StatusView& view);
// The text format of Prometheus, version 0.0.4. No label tells of a channel or a session.
[[nodiscard]] std::string status_metrics(const StatusFigures& figures);

}  // namespace bayeux::httpd

#endif
