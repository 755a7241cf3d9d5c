#include <memory>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "cmocka.hpp"

namespace {

using bayeux::Error;
using bayeux::ErrorCode;
using bayeux::Result;

Result<int> half_of(int number) {
    if (number % 2 != 0) {
        return Error{ErrorCode::kInvalid, "odd"};
    }
    return number / 2;
}

Result<void> nothing_or(bool fails) {
    if (fails) {
        return Error{ErrorCode::kFull, "full"};
    }
    return {};
}

int unwrap_moved() {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
    const std::unique_ptr<int> owned = std::move(result).value();
    return *owned;
}

void result_when_made_of_a_value_then_holds_it(void** /*state*/) {
    const Result<int> result = half_of(8);
    assert_true(result.has_value());
    assert_true(static_cast<bool>(result));
    assert_int_equal(result.value(), 4);
    assert_int_equal(*result, 4);
}

void result_when_made_of_an_error_then_holds_it(void** /*state*/) {
    const Result<int> result = half_of(7);
    assert_false(result.has_value());
    assert_true(result.error().code == ErrorCode::kInvalid);
    assert_string_equal(result.error().text.c_str(), "odd");
}

void result_of_void_when_nothing_failed_then_true(void** /*state*/) {
    assert_true(nothing_or(false).has_value());
    assert_true(nothing_or(true).error().code == ErrorCode::kFull);
}

void result_when_moved_from_then_gives_up_its_value(void** /*state*/) {
    assert_int_equal(unwrap_moved(), 7);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(result_when_made_of_a_value_then_holds_it),
        cmocka_unit_test(result_when_made_of_an_error_then_holds_it),
        cmocka_unit_test(result_of_void_when_nothing_failed_then_true),
        cmocka_unit_test(result_when_moved_from_then_gives_up_its_value),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
