#include "broker/refusals.hpp"

#include "protocol/error_text.hpp"

namespace bayeux::broker {

void RefusalCounts::count_error(std::string_view error) noexcept {
    namespace text = protocol::error_text;
    if (error == text::kSessionUnknown) {
        count(RefusedFor::kSession);
    } else if (error.ends_with(":refused_by_filter")) {
        count(RefusedFor::kFilter);
    } else if (error.starts_with("403:") && error.ends_with("_denied")) {
        count(RefusedFor::kDenied);
    } else if (!error.starts_with("429:") && !error.starts_with("503:")) {
        count(RefusedFor::kInvalid);
    }
}

}  // namespace bayeux::broker
