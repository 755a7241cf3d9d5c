// accept_deflate() of deflate.hpp: the offers of RFC 7692 in the grammar of RFC 6455 9.1.
#include <array>

#include "protocol/deflate.hpp"

namespace bayeux::protocol {

namespace {

constexpr std::string_view kAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

constexpr bool is_token_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads the field from its front. What it cannot read makes it `broken`.
class Cursor {
  public:
    explicit Cursor(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool broken() const noexcept { return broken_; }

    bool at_end() noexcept {
        skip_space();
        return rest_.empty();
    }

    bool takes(char c) noexcept {
        skip_space();
        if (rest_.empty() || rest_.front() != c) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view token() noexcept {
        skip_space();
        std::size_t length = 0;
        while (length < rest_.size() && is_token_character(rest_[length])) {
            ++length;
        }
        broken_ = broken_ || length == 0;
        const std::string_view found = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return found;
    }

    // A token, or a quoted string that is one once it is unescaped.
    std::string value() {
        if (!takes('"')) {
            return std::string(token());
        }
        std::string out;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') {
                rest_.remove_prefix(1);
            }
            if (rest_.empty() || !is_token_character(rest_.front())) {
                break;
            }
            out += rest_.front();
            rest_.remove_prefix(1);
        }
        broken_ = broken_ || out.empty() || rest_.empty() || rest_.front() != '"';
        rest_.remove_prefix(rest_.empty() ? 0 : 1);
        return out;
    }

  private:
    void skip_space() noexcept {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    std::string_view rest_;
    bool broken_ = false;
};

// What RFC 7692 7.1 lets a client offer, each at most once.
struct Offer {
    bool acceptable = true;
    bool names_server_window = false;
    std::array<bool, 4> seen{};
};

// RFC 7692 7.1.2: 8 to 15, without leading zeros.
bool is_window(std::string_view value) noexcept {
    return value == "8" || value == "9" ||
           (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5');
}

void add_parameter(Offer& offer, std::string_view name, const std::optional<std::string>& value) {
    constexpr std::array<std::string_view, 4> kNames = {
        "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
        "client_max_window_bits"};
    std::size_t index = 0;
    while (index < kNames.size() && kNames[index] != name) {
        ++index;
    }
    if (index == kNames.size() || offer.seen[index]) {
        offer.acceptable = false;
        return;
    }
    offer.seen[index] = true;
    bool good = false;
    switch (index) {
        case 2:
            good = value && *value == "15";
            offer.names_server_window = true;
            break;
        case 3:
            good = !value || is_window(*value);
            break;
        default:
            good = !value;
            break;
    }
    offer.acceptable = offer.acceptable && good;
}

Offer read_offer(Cursor& cursor) {
    Offer offer;
    offer.acceptable = cursor.token() == "permessage-deflate";
    while (!cursor.broken() && cursor.takes(';')) {
        const std::string_view name = cursor.token();
        std::optional<std::string> value;
        if (cursor.takes('=')) {
            value = cursor.value();
        }
        add_parameter(offer, name, value);
    }
    return offer;
}

}  // namespace

std::optional<std::string> accept_deflate(std::string_view offers) {
    Cursor cursor(offers);
    std::optional<std::string> answer;
    while (true) {
        // A list may have empty elements (RFC 9110 5.6.1).
        while (cursor.takes(',')) {
        }
        if (cursor.at_end()) {
            return answer;
        }
        const Offer offer = read_offer(cursor);
        if (cursor.broken() || !(cursor.at_end() || cursor.takes(','))) {
            return std::nullopt;
        }
        if (offer.acceptable && !answer) {
            answer = kAnswer;
            answer->append(offer.names_server_window ? "; server_max_window_bits=15" : "");
        }
    }
}

}  // namespace bayeux::protocol
