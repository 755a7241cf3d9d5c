// The page for people: all numbers are in it without JavaScript, which only renews it.
#include <algorithm>
#include <string>

#include "httpd/module_hooks.hpp"
#include "httpd/status_assets.hpp"
#include "httpd/status_html.hpp"
#include "httpd/status_tables.hpp"
#include "httpd/status_views.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;
using store::Sample;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="?file=page.css">
<script src="?file=page.js" defer></script>
)";

constexpr std::string_view kMark = R"(<svg viewBox="0 0 32 32" aria-hidden="true">)"
                                   R"(<rect width="32" height="32" rx="8" fill="#0f766e"/>)"
                                   R"(<path d="M6 20h4l3-9 5 13 4-8h4" fill="none" stroke="#fff" )"
                                   R"(stroke-width="2.4" stroke-linecap="round" )"
                                   R"(stroke-linejoin="round"/></svg>)";

constexpr std::string_view kFoot = R"(<footer><span>The plots show the last five minutes.</span>
<a href="?format=json">JSON</a> <a href="?format=prometheus">Prometheus</a></footer>
</body>
</html>
)";

// What of a sample is plotted; with `rate`, how fast it grows in a second.
template <class Number>
std::vector<Point> points_of(const store::StoreStats& stats, Number Sample::*number, bool rate) {
    std::vector<Sample> samples(stats.history().begin(), stats.history().end());
    const Sample now = stats.sample();
    if (samples.empty() || now.at - samples.back().at >= 1000) {
        samples.push_back(now);
    }
    std::vector<Point> points;
    for (std::size_t i = rate ? 1 : 0; i < samples.size(); ++i) {
        const double ago = static_cast<double>(stats.now - samples[i].at) / 1000;
        auto value = static_cast<double>(samples[i].*number);
        if (rate) {
            const auto millis = static_cast<double>(samples[i].at - samples[i - 1].at);
            value = (value - static_cast<double>(samples[i - 1].*number)) * 1000 / millis;
        }
        if (ago <= kPlotSeconds) {
            points.push_back({std::max(ago, 0.0), value});
        }
    }
    return points;
}

struct Tile {
    std::string_view title;
    std::string_view kind;  // of the plot
    std::string now;
    std::vector<Point> points;
    bool rate = false;
};

void show_tile(Html& html, const Tile& tile) {
    const double peak = highest(tile.points);
    const std::string most =
        tile.rate ? shown_rate(peak) : shown_count(static_cast<std::uint64_t>(peak));
    html.begin_card("tile", tile.title).raw("<p class=\"number\">").element("b", "", tile.now);
    html.element("span", "", "peak " + most).raw("</p>\n");
    draw_plot(html, tile.kind,
              std::string(tile.title) + " over the last five minutes, highest " + most,
              tile.points);
    html.end_card();
}

void show_tiles(Html& html, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    const Rates rates = figures.rates();
    const Sample now = stats.sample();
    const Tile tiles[] = {
        {"Sessions", "", shown_count(now.sessions), points_of(stats, &Sample::sessions, false)},
        {"Published a second", "second", shown_rate(rates.published),
         points_of(stats, &Sample::published, true), true},
        {"Delivered a second", "", shown_rate(rates.delivered),
         points_of(stats, &Sample::delivered, true), true},
        {"Messages waiting", "second", shown_count(now.waiting),
         points_of(stats, &Sample::waiting, false)},
    };
    for (const Tile& tile : tiles) {
        show_tile(html, tile);
    }
}

std::string shown_clock(WallTime wall) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch());
    const auto time = std::time_t{seconds.count()};
    std::tm parts{};
    std::array<char, 64> text{};
    if (gmtime_r(&time, &parts) == nullptr) {
        return {};
    }
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace

std::string status_page(const StatusView& view) {
    const StatusFigures& figures = view.figures;
    const std::uint64_t sessions = figures.store.count(Kind::kSession);
    Html html;
    html.raw(kHead).raw("<title>").text(shown_count(sessions));
    html.raw(sessions == 1 ? " session" : " sessions").raw(" \xc2\xb7 mod_bayeux</title>\n");
    html.raw("</head>\n<body>\n<header><h1>").raw(kMark).raw("mod_bayeux</h1>\n");
    html.raw("<p id=\"state\" role=\"status\"><span>as of now</span></p>\n");
    html.raw("<p id=\"when\">version ")
        .text(module_version())
        .raw(", ")
        .text(shown_clock(view.wall));
    html.raw("</p></header>\n<main>\n");
    show_tiles(html, figures);
    html.raw("<div class=\"w5\">\n");
    show_transports(html, figures);
    show_times(html, figures);
    html.raw("</div>\n");
    show_totals(html, figures);
    show_refusals(html, figures);
    show_memory(html, figures);
    show_children(html, figures);
    show_channels(html, view.survey);
    show_slow_sessions(html, view.survey);
    html.raw("</main>\n").raw(kFoot);
    return html.take();
}

}  // namespace bayeux::httpd
