#include "protocol/markup.hpp"

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace bayeux::protocol {

namespace {

std::string_view reference_for(char c) noexcept {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

// HTML, "tag open state".
bool begins_tag(std::string_view text, std::size_t less_than) noexcept {
    if (less_than + 1 >= text.size()) {
        return false;
    }
    const char c = text[less_than + 1];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '!' || c == '?';
}

// The output so far, and the places in it where a tag may have begun. When inner markup is taken
// out, what stood around it may become a tag: `<<b>script>`. So the innermost goes first, and each
// place is judged once, by what follows it then.
class Stripper {
  public:
    explicit Stripper(std::size_t size) { out_.reserve(size); }

    void add(char c) {
        if (c == '>' && close()) {
            return;
        }
        if (c == '<') {
            open_.push_back(out_.size());
        }
        out_ += c;
    }

    std::string finish() {
        for (const std::size_t at : open_) {
            if (begins_tag(out_, at)) {
                out_.resize(at);
                break;
            }
        }
        while (!out_.empty() && out_.back() == '<') {
            out_.pop_back();
        }
        return std::move(out_);
    }

  private:
    // Takes out what this > ends. A < that is passed over is followed by what begins no tag, and
    // that stays, so it need not be looked at again.
    bool close() {
        while (!open_.empty()) {
            const std::size_t at = open_.back();
            open_.pop_back();
            if (begins_tag(out_, at)) {
                out_.resize(at);
                return true;
            }
        }
        return false;
    }

    std::string out_;
    std::vector<std::size_t> open_;
};

}  // namespace

void escape_markup(std::string& text) {
    constexpr std::string_view kMarkup = "&<>\"'";
    std::size_t at = text.find_first_of(kMarkup);
    if (at == std::string::npos) {
        return;
    }
    std::string out(text, 0, at);
    for (; at < text.size(); ++at) {
        const std::string_view reference = reference_for(text[at]);
        if (reference.empty()) {
            out += text[at];
        } else {
            out += reference;
        }
    }
    text = std::move(out);
}

void strip_markup(std::string& text) {
    if (text.find('<') == std::string::npos) {
        return;
    }
    Stripper stripper(text.size());
    for (const char c : text) {
        stripper.add(c);
    }
    text = stripper.finish();
}

}  // namespace bayeux::protocol
