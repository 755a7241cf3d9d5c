// Changes strings inside JSON text and leaves every other byte of it as it was. Pure, any thread.
#ifndef BAYEUX_PROTOCOL_JSON_EDIT_HPP
#define BAYEUX_PROTOCOL_JSON_EDIT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bayeux::protocol {

class StringEditor {
  public:
    StringEditor() = default;
    StringEditor(const StringEditor&) = delete;
    StringEditor& operator=(const StringEditor&) = delete;
    virtual ~StringEditor() = default;

    // Changes `text` as it likes: UTF-8 that may hold U+0000. False: no more is to be edited.
    [[nodiscard]] virtual bool edit(std::string& text) = 0;
};

enum class Edited : std::uint8_t {
    kSame,      // no string was changed: the text stands as it is
    kChanged,   // `out` has it
    kStopped,   // by the editor
    kTooLarge,  // the changed text has more bytes than allowed
};

// Calls edit() for each string of `json` that is a value, at any depth and in order; keys are left
// alone. Strings that come back unchanged keep their bytes, escapes included. A \u escape of half a
// pair, which no UTF-8 can hold, is U+FFFD to the editor. `json` was accepted by is_json(); `out`
// is of use for kChanged only, and is JSON then.
[[nodiscard]] Edited edit_strings(std::string_view json, StringEditor& editor, std::size_t max_size,
                                  std::string& out);

// Makes UTF-8 of whatever bytes: those that are none become U+FFFD each.
void mend_utf8(std::string& text);

}  // namespace bayeux::protocol

#endif
