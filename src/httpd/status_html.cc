#include "httpd/status_html.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace bayeux::httpd {
namespace {

// Of a plot's box; the curve keeps a little away from its upper and lower edge.
constexpr double kHeight = 40;
constexpr double kGround = 39;
constexpr double kReach = 37;

std::string fixed(double value, int digits) {
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::fixed, digits);
    return end.ec == std::errc() ? std::string(text.data(), end.ptr) : std::string();
}

// "12.3 45.6": a place in a plot.
std::string place(double x, double y) {
    return fixed(x, 1) + ' ' + fixed(y, 1);
}

// With two digits or three, as many as mean something.
std::string scaled(double value, const char* unit) {
    return fixed(value, value < 9.95 ? 1 : 0) + ' ' + unit;
}

}  // namespace

Html& Html::text(std::string_view any) {
    for (const char c : any) {
        switch (c) {
            case '&':
                out_ += "&amp;";
                break;
            case '<':
                out_ += "&lt;";
                break;
            case '>':
                out_ += "&gt;";
                break;
            case '"':
                out_ += "&quot;";
                break;
            case '\'':
                out_ += "&#39;";
                break;
            default:
                out_ += c;
        }
    }
    return *this;
}

Html& Html::element(std::string_view tag, std::string_view kind, std::string_view content) {
    raw("<").raw(tag);
    if (!kind.empty()) {
        raw(" class=\"").raw(kind).raw("\"");
    }
    return raw(">").text(content).raw("</").raw(tag).raw(">");
}

Html& Html::number(std::uint64_t value) {
    return element("td", value == 0 ? "zero" : "", shown_count(value));
}

Html& Html::begin_card(std::string_view width, std::string_view title, std::string_view note) {
    raw("<section class=\"").raw(width).raw("\"><h2>").text(title);
    if (!note.empty()) {
        raw(" ").element("small", "", note);
    }
    return raw("</h2>\n");
}

Html& Html::begin_table(const std::vector<std::string_view>& columns) {
    raw("<div class=\"scroll\"><table><thead><tr>");
    for (const std::string_view column : columns) {
        raw("<th scope=\"col\">").text(column).raw("</th>");
    }
    return raw("</tr></thead><tbody>\n");
}

std::string shown_count(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, 1, ',');
    }
    return text;
}

std::string shown_rate(double rate) {
    return rate < 99.95 ? fixed(rate, 1)
                        : shown_count(static_cast<std::uint64_t>(std::llround(rate)));
}

std::string shown_bytes(std::uint64_t bytes) {
    constexpr std::array<const char*, 4> kUnits = {"KB", "MB", "GB", "TB"};
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) {
        value /= 1024;
    }
    return scaled(value, kUnits[unit]);
}

std::string shown_time(std::uint64_t ns) {
    constexpr std::array<const char*, 3> kUnits = {"\xc2\xb5s", "ms", "s"};
    if (ns < 1000) {
        return std::to_string(ns) + " ns";
    }
    double value = static_cast<double>(ns) / 1000;
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) {
        value /= 1000;
    }
    return scaled(value, kUnits[unit]);
}

double highest(const std::vector<Point>& points) noexcept {
    double most = 0;
    for (const Point& point : points) {
        most = std::max(most, point.value);
    }
    return most;
}

void draw_plot(Html& html, std::string_view kind, std::string_view label,
               const std::vector<Point>& points) {
    html.raw("<svg class=\"plot ").raw(kind).raw("\" viewBox=\"0 0 300 40\"");
    html.raw(" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"").text(label);
    html.raw("\"><path class=\"ground\" d=\"M0 40H300\"/>");
    const double most = std::max(highest(points), 1e-9);
    std::string curve;
    for (const Point& point : points) {
        const double x = kPlotSeconds - std::clamp(point.ago, 0.0, kPlotSeconds);
        const double y = kGround - kReach * point.value / most;
        curve += (curve.empty() ? "" : "L") + place(x, y);
    }
    if (points.size() > 1) {
        const double first = kPlotSeconds - std::clamp(points.front().ago, 0.0, kPlotSeconds);
        const double last = kPlotSeconds - std::clamp(points.back().ago, 0.0, kPlotSeconds);
        html.raw("<path class=\"area\" d=\"M").raw(curve);
        html.raw("L").raw(place(last, kHeight)).raw("L").raw(place(first, kHeight)).raw("z\"/>");
        html.raw("<path class=\"curve\" d=\"M").raw(curve).raw("\"/>");
    }
    html.raw("</svg>\n");
}

}  // namespace bayeux::httpd
