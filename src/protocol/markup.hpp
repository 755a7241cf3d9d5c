// HTML markup in texts that pages will show. Pure, any thread; in time linear in the text.
#ifndef BAYEUX_PROTOCOL_MARKUP_HPP
#define BAYEUX_PROTOCOL_MARKUP_HPP

#include <string>

namespace bayeux::protocol {

// & < > " ' become character references: what is left is text, in a page and in an attribute's
// quotes.
void escape_markup(std::string& text);

// Takes out tags, comments and all else that begins as HTML says that a tag does: with < and then a
// letter, / ! or ?, up to its >, or to the end of the text if there is none. What is left holds no
// such beginning, however it was nested or cut in pieces, and no < at its end.
void strip_markup(std::string& text);

}  // namespace bayeux::protocol

#endif
