// Filters on the strings of a message's data (BayeuxFilter): one by one, and in a chain.
//
// A chain is built while the configuration is read and only used afterwards, by any thread.
#ifndef BAYEUX_PROTOCOL_STRING_FILTER_HPP
#define BAYEUX_PROTOCOL_STRING_FILTER_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bayeux::protocol {

class StringFilter {
  public:
    StringFilter() = default;
    StringFilter(const StringFilter&) = delete;
    StringFilter& operator=(const StringFilter&) = delete;
    virtual ~StringFilter() = default;

    // As it is written in BayeuxFilter.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    // Changes `text`, which is UTF-8 before and after. False: the message is refused; so it should
    // be as soon as the text would have more than `max_size` bytes. Must not wait for anything.
    [[nodiscard]] virtual bool apply(std::string& text, std::size_t max_size) const = 0;
    // True if the time that it takes is linear in the text's size, and short.
    [[nodiscard]] virtual bool is_quick() const noexcept { return true; }
};

[[nodiscard]] std::unique_ptr<StringFilter> make_escape_filter();
[[nodiscard]] std::unique_ptr<StringFilter> make_strip_filter();
// Refuses a message with a string of more than `bytes` of UTF-8.
[[nodiscard]] std::unique_ptr<StringFilter> make_size_filter(std::size_t bytes);

// What became of a message's data.
struct Filtered {
    std::optional<std::string> data;  // nothing: it stands as the client wrote it
    std::string refusal;              // the error, if the message is refused
};

class FilterChain {
  public:
    // `section` is the channel or pattern whose section has the filters.
    explicit FilterChain(std::string_view section) : section_(section) {}

    void add(std::unique_ptr<StringFilter> filter);
    [[nodiscard]] bool empty() const noexcept { return filters_.empty(); }

    // Each string of `data`, a value that is_json() has accepted, goes through all filters in
    // order. The message is refused if one refuses it, or if its data would have more than
    // `max_size` bytes.
    [[nodiscard]] Filtered apply(std::string_view data, std::size_t max_size) const;

    // True if a loop may apply it to so many bytes: it takes a short time, whatever they are.
    [[nodiscard]] bool is_quick(std::size_t size) const noexcept {
        return quick_ || size <= kQuickSize;
    }
    [[nodiscard]] bool is_always_quick() const noexcept { return quick_; }

  private:
    // Up to this size even a search that goes wrong is over in some tens of milliseconds.
    static constexpr std::size_t kQuickSize = 512;

    std::string section_;
    std::vector<std::unique_ptr<StringFilter>> filters_;
    bool quick_ = true;
};

}  // namespace bayeux::protocol

#endif
