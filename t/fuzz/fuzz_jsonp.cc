// jsonp.hpp on any bytes: nothing that could end a script is left, and JSON is the same JSON
// afterwards. The first line is the callback.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/json.hpp"
#include "protocol/json_text.hpp"
#include "protocol/jsonp.hpp"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// The text before it was escaped; an escape that stood there already is undone as well.
std::string undone(std::string_view text) {
    constexpr std::string_view kEscapes[] = {"\\u003c", "\\u2028", "\\u2029"};
    constexpr std::string_view kPlain[] = {"<", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    std::string out;
    while (!text.empty()) {
        const auto* const found =
            std::find_if(std::begin(kEscapes), std::end(kEscapes),
                         [text](std::string_view escape) { return text.starts_with(escape); });
        const bool escaped = found != std::end(kEscapes);
        out += escaped ? kPlain[found - std::begin(kEscapes)] : text.substr(0, 1);
        text.remove_prefix(escaped ? found->size() : 1);
    }
    return out;
}

void check_same_value(std::string_view json, std::string_view escaped) {
    require(bayeux::protocol::is_json(escaped));
    const std::string_view value = bayeux::protocol::trim_json(json);
    if (bayeux::protocol::kind_of(value) == bayeux::protocol::JsonKind::kString) {
        require(bayeux::protocol::decode_string(value) ==
                bayeux::protocol::decode_string(bayeux::protocol::trim_json(escaped)));
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t line = std::min(input.find('\n'), size);
    const std::string_view name = input.substr(0, line);
    const std::string_view json = input.substr(std::min(line + 1, size));

    std::string escaped;
    bayeux::protocol::append_script_json(escaped, json);
    require(escaped.find('<') == std::string::npos);
    require(escaped.find("\xe2\x80\xa8") == std::string::npos);
    require(escaped.find("\xe2\x80\xa9") == std::string::npos);
    require(undone(escaped) == undone(json));
    if (bayeux::protocol::is_json(json)) {
        check_same_value(json, escaped);
    }
    if (bayeux::protocol::is_callback_name(name)) {
        require(name.size() <= 64 && name.find_first_of("()<>;=\"'/\\ \r\n") == name.npos);
        require(bayeux::protocol::jsonp_body(name, json) ==
                "/**/" + std::string(name) + "(" + escaped + ");");
    }
    return 0;
}
