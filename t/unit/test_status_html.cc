#include "cmocka.hpp"
#include "httpd/status_html.hpp"

namespace bayeux::test {
namespace {

using httpd::Html;

void text_when_hostile_then_no_markup_and_no_attribute_ends(void**) {
    Html html;
    html.raw("<p title=\"").text("\" onload='x' <b>&amp;</b>").raw("\">");
    assert_string_equal(html.take().c_str(),
                        "<p title=\"&quot; onload=&#39;x&#39; &lt;b&gt;&amp;amp;&lt;/b&gt;\">");
}

void element_when_hostile_then_its_content_is_text(void**) {
    Html html;
    html.element("td", "name", "</td><script>");
    assert_string_equal(html.take().c_str(), "<td class=\"name\">&lt;/td&gt;&lt;script&gt;</td>");
}

void shown_when_small_or_large_then_short(void**) {
    assert_string_equal(httpd::shown_count(0).c_str(), "0");
    assert_string_equal(httpd::shown_count(999).c_str(), "999");
    assert_string_equal(httpd::shown_count(1234567).c_str(), "1,234,567");
    assert_string_equal(httpd::shown_rate(0.04).c_str(), "0.0");
    assert_string_equal(httpd::shown_rate(12.34).c_str(), "12.3");
    assert_string_equal(httpd::shown_rate(4321.5).c_str(), "4,322");
    assert_string_equal(httpd::shown_bytes(1023).c_str(), "1023 B");
    assert_string_equal(httpd::shown_bytes(1536).c_str(), "1.5 KB");
    assert_string_equal(httpd::shown_bytes(std::uint64_t{64} << 20U).c_str(), "64 MB");
    assert_string_equal(httpd::shown_time(999).c_str(), "999 ns");
    assert_string_equal(httpd::shown_time(12345678).c_str(), "12 ms");
    assert_string_equal(httpd::shown_time(90'000'000'000).c_str(), "90 s");
}

void plot_when_values_then_from_old_to_new_and_the_highest_on_top(void**) {
    Html html;
    httpd::draw_plot(html, "", "a \"b\"", {{300, 0}, {150, 10}, {0, 5}});
    const std::string text = html.take();
    assert_true(text.find("d=\"M0.0 39.0L150.0 2.0L300.0 20.5\"") != std::string::npos);
    assert_true(text.find("aria-label=\"a &quot;b&quot;\"") != std::string::npos);
}

void plot_when_empty_then_no_curve(void**) {
    Html html;
    httpd::draw_plot(html, "", "x", {});
    assert_true(html.take().find("curve") == std::string::npos);
}

}  // namespace
}  // namespace bayeux::test

int main() {
    using namespace bayeux::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_when_hostile_then_no_markup_and_no_attribute_ends),
        cmocka_unit_test(element_when_hostile_then_its_content_is_text),
        cmocka_unit_test(shown_when_small_or_large_then_short),
        cmocka_unit_test(plot_when_values_then_from_old_to_new_and_the_highest_on_top),
        cmocka_unit_test(plot_when_empty_then_no_curve),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
