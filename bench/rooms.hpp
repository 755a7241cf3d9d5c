// Who sits where. Each room is a channel; subscriber i sits in rooms i, i + 1, ... so that all
// rooms are equally full.
#ifndef BAYEUX_BENCH_ROOMS_HPP
#define BAYEUX_BENCH_ROOMS_HPP

#include <cstdint>
#include <string>
#include <string_view>

namespace bayeux::bench {

// Of each channel's name, in front of the room's number.
constexpr std::string_view kRoomPrefix = "/bench/";

struct Rooms {
    std::uint32_t subscribers = 1;
    std::uint32_t rooms = 1;
    std::uint32_t each = 1;  // rooms that a subscriber sits in; not more than there are

    [[nodiscard]] std::uint32_t room_of(std::uint32_t subscriber,
                                        std::uint32_t seat) const noexcept {
        return (subscriber + seat) % rooms;
    }
    // The inverse: `each` or more if the subscriber does not sit in this room.
    [[nodiscard]] std::uint32_t seat_in(std::uint32_t subscriber,
                                        std::uint32_t room) const noexcept {
        return (room + rooms - subscriber % rooms) % rooms;
    }
    [[nodiscard]] std::uint32_t size_of(std::uint32_t room) const noexcept {
        const std::uint32_t rest = subscribers % rooms;
        std::uint32_t seats = subscribers / rooms * each;
        for (std::uint32_t subscriber = 0; subscriber < rest; ++subscriber) {
            seats += seat_in(subscriber, room) < each ? 1U : 0U;
        }
        return seats;
    }
    [[nodiscard]] static std::string channel(std::uint32_t room) {
        return std::string(kRoomPrefix) + std::to_string(room);
    }
};

}  // namespace bayeux::bench

#endif
