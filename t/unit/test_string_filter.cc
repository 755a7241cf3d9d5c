#include <memory>
#include <string>
#include <string_view>

#include "cmocka.hpp"
#include "protocol/string_filter.hpp"

namespace {

using bayeux::protocol::FilterChain;
using bayeux::protocol::Filtered;
using bayeux::protocol::StringFilter;

// Doubles each text; slow, as searches are.
class Doubling final : public StringFilter {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "doubling"; }
    [[nodiscard]] bool is_quick() const noexcept override { return false; }
    [[nodiscard]] bool apply(std::string& text, std::size_t max_size) const override {
        text += text;
        return text.size() <= max_size;
    }
};

// The data after it, "refused: " and the error, or "same".
std::string outcome(const FilterChain& chain, std::string_view data, std::size_t max_size = 1000) {
    const Filtered filtered = chain.apply(data, max_size);
    if (!filtered.refusal.empty()) {
        return "refused: " + filtered.refusal;
    }
    return filtered.data.value_or("same");
}

void chain_when_nothing_changes_then_same(void** /*state*/) {
    FilterChain chain("/chat/**");
    assert_true(chain.empty());
    assert_string_equal(outcome(chain, R"({"a":"<b>"})").c_str(), "same");
    chain.add(bayeux::protocol::make_escape_filter());
    chain.add(bayeux::protocol::make_strip_filter());
    chain.add(bayeux::protocol::make_size_filter(5));
    assert_false(chain.empty());
    assert_string_equal(outcome(chain, R"({"<b>":"\u0041","n":1.0})").c_str(), "same");
}

void chain_when_filters_change_then_in_order(void** /*state*/) {
    FilterChain strip_first("/a");
    strip_first.add(bayeux::protocol::make_strip_filter());
    strip_first.add(bayeux::protocol::make_escape_filter());
    assert_string_equal(outcome(strip_first, R"(["<b>x & y</b>", 1])").c_str(),
                        R"(["x &amp; y", 1])");
    FilterChain escape_first("/a");
    escape_first.add(bayeux::protocol::make_escape_filter());
    escape_first.add(bayeux::protocol::make_strip_filter());
    assert_string_equal(outcome(escape_first, R"(["<b>x"])").c_str(), R"(["&lt;b&gt;x"])");
}

void chain_when_refused_then_error_names_filter_and_section(void** /*state*/) {
    FilterChain chain("/chat/**");
    chain.add(bayeux::protocol::make_size_filter(4));
    assert_string_equal(outcome(chain, R"({"a":["1234"]})").c_str(), "same");
    assert_string_equal(outcome(chain, R"({"a":["12345"]})").c_str(),
                        "refused: 403:max-size,/chat/**:refused_by_filter");
    // Two bytes each.
    assert_string_equal(outcome(chain, "[\"\xc3\xa9\\u00e9\"]").c_str(), "same");
    assert_string_equal(outcome(chain, "[\"\xc3\xa9\\u00e9.\"]").c_str(),
                        "refused: 403:max-size,/chat/**:refused_by_filter");
}

// The number of bytes that filters may make of a message is bounded, whatever their chain.
void chain_when_data_grows_too_large_then_refused(void** /*state*/) {
    FilterChain chain("/a");
    for (int i = 0; i < 40; ++i) {
        chain.add(std::make_unique<Doubling>());
    }
    assert_string_equal(outcome(chain, R"(["x"])").c_str(),
                        "refused: 403:doubling,/a:refused_by_filter");
    FilterChain once("/a");
    once.add(std::make_unique<Doubling>());
    assert_string_equal(outcome(once, R"(["x"])", 6).c_str(), R"(["xx"])");
    assert_string_equal(outcome(once, R"(["x"])", 5).c_str(),
                        "refused: 403:doubling,/a:refused_by_filter");
    FilterChain escape("/a");
    escape.add(bayeux::protocol::make_escape_filter());
    assert_string_equal(outcome(escape, R"(["\"\"\"\""])", 20).c_str(),
                        "refused: 403:escape-markup,/a:refused_by_filter");
}

void chain_when_a_filter_may_take_long_then_small_data_only_is_quick(void** /*state*/) {
    FilterChain chain("/a");
    chain.add(bayeux::protocol::make_escape_filter());
    assert_true(chain.is_always_quick());
    assert_true(chain.is_quick(1U << 20U));
    chain.add(std::make_unique<Doubling>());
    assert_false(chain.is_always_quick());
    assert_true(chain.is_quick(512));
    assert_false(chain.is_quick(513));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(chain_when_nothing_changes_then_same),
        cmocka_unit_test(chain_when_filters_change_then_in_order),
        cmocka_unit_test(chain_when_refused_then_error_names_filter_and_section),
        cmocka_unit_test(chain_when_data_grows_too_large_then_refused),
        cmocka_unit_test(chain_when_a_filter_may_take_long_then_small_data_only_is_quick),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
