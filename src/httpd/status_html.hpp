// What the status page is written with: markup of the server's own, text that is escaped, numbers
// as people read them, and plots.
#ifndef BAYEUX_HTTPD_STATUS_HTML_HPP
#define BAYEUX_HTTPD_STATUS_HTML_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bayeux::httpd {

class Html {
  public:
    // Markup, never anything that a client has chosen.
    Html& raw(std::string_view markup) {
        out_ += markup;
        return *this;
    }
    // Anything, as text between tags or in an attribute's double quotes.
    Html& text(std::string_view any);

    // <tag class="kind">text</tag>
    Html& element(std::string_view tag, std::string_view kind, std::string_view content);
    // A cell of a table; what is nothing is shown in a soft colour.
    Html& number(std::uint64_t value);
    Html& cell(std::string_view content) { return element("td", "", content); }
    Html& begin_card(std::string_view width, std::string_view title, std::string_view note = {});
    Html& end_card() { return raw("</section>\n"); }
    // With the names of its columns; what is in quotes is a row header.
    Html& begin_table(const std::vector<std::string_view>& columns);
    Html& end_table() { return raw("</tbody></table></div>\n"); }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

// 1,234,567
[[nodiscard]] std::string shown_count(std::uint64_t number);
// 0.3, 12.4, 1,234: what happens in a second
[[nodiscard]] std::string shown_rate(double rate);
// 812 B, 1.4 MB
[[nodiscard]] std::string shown_bytes(std::uint64_t bytes);
// 80 ns, 5.1 µs, 12 ms
[[nodiscard]] std::string shown_time(std::uint64_t ns);

// A value so many seconds ago. The oldest first.
struct Point {
    double ago;
    double value;
};
inline constexpr double kPlotSeconds = 300;

// An SVG of the last five minutes, from 0 to the highest value.
void draw_plot(Html& html, std::string_view kind, std::string_view label,
               const std::vector<Point>& points);
[[nodiscard]] double highest(const std::vector<Point>& points) noexcept;

}  // namespace bayeux::httpd

#endif
