// A value or the reason why there is none. Named like std::expected, which C++20 does not have.
#ifndef BAYEUX_BASE_RESULT_HPP
#define BAYEUX_BASE_RESULT_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace bayeux {

enum class ErrorCode : std::uint8_t {
    kInvalid,   // the input breaks a rule
    kTooLarge,  // the input exceeds a limit
    kFull,      // the store has no room, or a cap is reached
    kGone,      // the session does not exist (any more)
    kDenied,    // the policy refuses
    kInternal,  // the system refused something; `text` says what
};

struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string text;  // one sentence for a log or a reply; never a secret
};

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    Result() requires std::is_void_v<T> : state_(std::in_place_index<0>) {}
    Result(value_type value) requires(!std::is_void_v<T>)  // NOLINT(google-explicit-constructor)
        : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error)  // NOLINT(google-explicit-constructor): reads as `return Error{…}`
        : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    // The caller has checked has_value(), respectively !has_value().
    [[nodiscard]] value_type& value() & { return std::get<0>(state_); }
    [[nodiscard]] const value_type& value() const& { return std::get<0>(state_); }
    [[nodiscard]] value_type&& value() && { return std::get<0>(std::move(state_)); }
    [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
    value_type* operator->() { return &std::get<0>(state_); }
    const value_type* operator->() const { return &std::get<0>(state_); }
    value_type& operator*() & { return std::get<0>(state_); }
    const value_type& operator*() const& { return std::get<0>(state_); }

  private:
    std::variant<value_type, Error> state_;
};

}  // namespace bayeux

#endif
