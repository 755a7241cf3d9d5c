// json_edit.hpp, markup.hpp and string_filter.hpp on any bytes: JSON stays JSON, nothing but
// strings that are values changes, and no markup is left.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/json_edit.hpp"
#include "protocol/json_text.hpp"
#include "protocol/markup.hpp"
#include "protocol/string_filter.hpp"

namespace {

using bayeux::protocol::FilterChain;
using bayeux::protocol::Filtered;

constexpr std::size_t kMaxSize = 65536;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// Replaces every string, so that what is left is what filters must not touch.
class Blank final : public bayeux::protocol::StringEditor {
  public:
    bool edit(std::string& text) override {
        text.assign(1, '?');
        return true;
    }
};

std::string skeleton(std::string_view json) {
    Blank blank;
    std::string out;
    const auto edited = bayeux::protocol::edit_strings(json, blank, json.size() * 8 + 8, out);
    return edited == bayeux::protocol::Edited::kSame ? std::string(json) : out;
}

std::string check_chain(const FilterChain& chain, std::string_view json) {
    const Filtered filtered = chain.apply(json, kMaxSize);
    if (!filtered.data) {
        return std::string(json);
    }
    require(filtered.refusal.empty());
    require(filtered.data->size() <= kMaxSize);
    require(bayeux::protocol::is_json(*filtered.data));
    require(skeleton(*filtered.data) == skeleton(json));
    return *filtered.data;
}

// Whoever looks at the strings of what is left finds no beginning of a tag.
class NoMarkup final : public bayeux::protocol::StringEditor {
  public:
    bool edit(std::string& text) override {
        for (std::size_t at = text.find('<'); at != std::string::npos;
             at = text.find('<', at + 1)) {
            require(at + 1 < text.size());
            const char next = text[at + 1];
            const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
            require(!letter && next != '/' && next != '!' && next != '?');
        }
        return true;
    }
};

class NoBrackets final : public bayeux::protocol::StringEditor {
  public:
    bool edit(std::string& text) override {
        require(text.find_first_of("<>\"'") == std::string::npos);
        return true;
    }
};

template <class Look>
void look_at(std::string_view json) {
    Look look;
    std::string out;
    require(bayeux::protocol::edit_strings(json, look, kMaxSize, out) ==
            bayeux::protocol::Edited::kSame);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    std::string text(input);
    bayeux::protocol::strip_markup(text);
    std::string again = text;
    bayeux::protocol::strip_markup(again);
    require(again == text);
    bayeux::protocol::mend_utf8(text);
    again = text;
    bayeux::protocol::mend_utf8(again);
    require(again == text);

    static_cast<void>(skeleton(input));  // of text that was not checked: it ends, and stays inside
    const std::string_view json = bayeux::protocol::trim_json(input);
    if (size > kMaxSize / 8 || !bayeux::protocol::is_json(json)) {
        return 0;
    }
    FilterChain strip("/x");
    strip.add(bayeux::protocol::make_strip_filter());
    const std::string stripped = check_chain(strip, json);
    look_at<NoMarkup>(stripped);
    require(!strip.apply(stripped, kMaxSize).data);
    FilterChain escape("/x");
    escape.add(bayeux::protocol::make_escape_filter());
    const std::string escaped = check_chain(escape, json);
    look_at<NoBrackets>(escaped);
    return 0;
}
