// The lines of a request's or response's head, where they are beyond doubt.
#ifndef BAYEUX_LOOP_HEAD_TEXT_HPP
#define BAYEUX_LOOP_HEAD_TEXT_HPP

#include <optional>
#include <string>
#include <string_view>

namespace bayeux::loop {

// `lower` is in lower case.
[[nodiscard]] bool same_letters(std::string_view text, std::string_view lower) noexcept;
[[nodiscard]] std::string lower_case(std::string_view text);

// Gives the lines of a head that ends with its empty line. All lines end with CRLF; it stops at one
// that holds a control character, a bare CR or LF among them.
class HeadLines {
  public:
    explicit HeadLines(std::string_view head) noexcept : rest_(head) {}
    [[nodiscard]] bool next(std::string_view& line) noexcept;
    // The empty line was reached, and nothing is behind it.
    [[nodiscard]] bool ended() const noexcept { return ended_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool ended_ = false;
};

struct HeadField {
    std::string_view name;
    std::string_view value;  // without the blanks around it
};
// Nothing if the line is no plain field: folded, without a name, with a blank before the colon.
[[nodiscard]] std::optional<HeadField> field_of(std::string_view line) noexcept;

}  // namespace bayeux::loop

#endif
