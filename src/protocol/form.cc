// decode_form() of batch.hpp.
#include "protocol/batch.hpp"
#include "protocol/percent.hpp"

namespace bayeux::protocol {

namespace {

// Takes the text up to `separator` off `rest`.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t at = rest.find(separator);
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return part;
}

}  // namespace

Result<std::vector<std::string>> decode_form(std::string_view form) {
    std::vector<std::string> messages;
    while (!form.empty()) {
        std::string_view value = take_until(form, '&');
        const auto name = decode_component(take_until(value, '='));
        auto decoded = decode_component(value);
        if (!name || !decoded) {
            return Error{ErrorCode::kInvalid, "the form has a broken percent escape"};
        }
        if (*name == "message") {
            messages.push_back(*std::move(decoded));
        }
    }
    if (messages.empty()) {
        return Error{ErrorCode::kInvalid, "the form has no field named message"};
    }
    return messages;
}

}  // namespace bayeux::protocol
