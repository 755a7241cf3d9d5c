// The text of presence events, in room that was there before the lock was taken.
#ifndef BAYEUX_STORE_PRESENCE_TEXT_HPP
#define BAYEUX_STORE_PRESENCE_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bayeux::store {

// {"channel":"/presence/...","data":{"join":["..."],"leave":["..."],"count":1}}
class PresenceText {
  public:
    // What an event needs besides its names.
    static constexpr std::size_t kFrame = 400;
    // The most that a name may take, with quotes and comma.
    [[nodiscard]] static constexpr std::size_t room_for(std::string_view name) noexcept {
        return 6 * name.size() + 3;
    }

    explicit PresenceText(std::span<char> room) noexcept : room_(room) {}

    // `channel` is that of the members; its characters need no escapes (CH-2).
    void begin(std::string_view channel) noexcept;
    void begin_list(std::string_view key) noexcept;
    // What is no UTF-8 becomes the replacement character. There is room for it.
    void add_name(std::string_view name) noexcept;
    void end_list() noexcept;
    void end(std::uint32_t count, bool partial) noexcept;

    // For that name, and the end.
    [[nodiscard]] bool has_room_for(std::string_view name) const noexcept {
        return room_.size() - size_ >= room_for(name) + kFrame / 4;
    }
    [[nodiscard]] std::string_view text() const noexcept { return {room_.data(), size_}; }

  private:
    void put(std::string_view part) noexcept;
    void put_number(std::uint32_t number) noexcept;

    std::span<char> room_;
    std::size_t size_ = 0;
    bool first_in_list_ = true;
};

}  // namespace bayeux::store

#endif
