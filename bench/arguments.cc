#include "bench/arguments.hpp"

#include <charconv>
#include <utility>

namespace bayeux::bench {
namespace {

template <class Number>
std::optional<Number> parse(const std::string& text, Number least, Number most) {
    Number value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size() || value < least ||
        value > most) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

Arguments::Arguments(std::span<const char* const> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("--")) {
            complain("a value without a name: " + std::string(word));
            continue;
        }
        const bool valued =
            i + 1 < words.size() && !std::string_view(words[i + 1]).starts_with("--");
        values_[std::string(word)] = valued ? words[++i] : "";
    }
}

void Arguments::complain(std::string text) {
    if (complaint_.empty()) {
        complaint_ = std::move(text);
    }
}

std::optional<std::string> Arguments::take(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        return std::nullopt;
    }
    std::string value = std::move(found->second);
    values_.erase(found);
    return value;
}

bool Arguments::flag(std::string_view name) {
    const auto value = take(name);
    if (value && !value->empty()) {
        complain(std::string(name) + " takes no value");
    }
    return value.has_value();
}

std::uint32_t Arguments::count(std::string_view name, std::uint32_t fallback, std::uint32_t least,
                               std::uint32_t most) {
    const auto text = take(name);
    if (!text) {
        return fallback;
    }
    const auto value = parse(*text, least, most);
    if (!value) {
        complain(std::string(name) + " takes a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
    }
    return value.value_or(fallback);
}

double Arguments::number(std::string_view name, double fallback, double least, double most) {
    const auto text = take(name);
    if (!text) {
        return fallback;
    }
    const auto value = parse(*text, least, most);
    if (!value) {
        complain(std::string(name) + " takes a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
    }
    return value.value_or(fallback);
}

std::size_t Arguments::choice(std::string_view name,
                              std::initializer_list<std::string_view> words) {
    const auto text = take(name);
    if (!text) {
        return 0;
    }
    std::string all;
    std::size_t index = 0;
    for (const std::string_view word : words) {
        if (*text == word) {
            return index;
        }
        all += (index++ == 0 ? " " : ", ") + std::string(word);
    }
    complain(std::string(name) + " takes one of" + all);
    return 0;
}

Endpoint Arguments::endpoint(std::string_view name, std::optional<Endpoint> fallback) {
    const auto text = take(name);
    if (!text && fallback) {
        return *fallback;
    }
    auto parsed = text ? Endpoint::parse(*text) : std::nullopt;
    if (!parsed) {
        complain(std::string(name) + " takes http://HOST:PORT/PATH");
    }
    return std::move(parsed).value_or(Endpoint{});
}

std::string Arguments::complaint() {
    if (!values_.empty()) {
        complain("unknown: " + values_.begin()->first);
    }
    return complaint_;
}

}  // namespace bayeux::bench
