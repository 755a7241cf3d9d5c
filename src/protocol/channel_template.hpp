// Names of channels with holes, for services: "/service/room/{id}" is every channel of that shape,
// and `id` is what stands in that place (CH-10).
//
// A template is a service channel's name; a segment that is wholly `{name}` matches any one
// segment, and a last segment `*` or `**` what it matches in a pattern (CH-6, CH-7).
#ifndef BAYEUX_PROTOCOL_CHANNEL_TEMPLATE_HPP
#define BAYEUX_PROTOCOL_CHANNEL_TEMPLATE_HPP

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/channel_name.hpp"

namespace bayeux::protocol {

struct TemplateVariable {
    std::string_view name;   // of the template
    std::string_view value;  // of the channel
};

class ChannelTemplate {
  public:
    // An error that says what is wrong with the text.
    [[nodiscard]] static Result<ChannelTemplate> parse(std::string_view raw);

    // True if the channel is of this shape; `variables` then has what its segments are called.
    // Both the template and the channel must outlive them.
    bool match(const ChannelName& channel, std::vector<TemplateVariable>& variables) const;

    [[nodiscard]] const std::string& text() const noexcept { return name_.text(); }
    // Every segment is itself: the only channel that matches is text().
    [[nodiscard]] bool is_exact() const noexcept { return exact_; }
    // True if both match the same channels, however they call the variables.
    [[nodiscard]] bool same_shape(const ChannelTemplate& other) const noexcept;
    // True if of a channel that matches both this one is meant: it is the first to have a plain
    // segment where the other has a variable, or a variable where the other has a wildcard.
    [[nodiscard]] bool before(const ChannelTemplate& other) const noexcept;

  private:
    explicit ChannelTemplate(ChannelName name);

    ChannelName name_;
    std::vector<std::string> segments_;
    bool exact_ = true;
};

}  // namespace bayeux::protocol

#endif
