// The head of httpd's response to an accepted request: the head of the responses to all that follow
// it, with Date, Content-Length and what is left of MaxKeepAliveRequests renewed.
#ifndef BAYEUX_LOOP_REPLY_HEAD_HPP
#define BAYEUX_LOOP_REPLY_HEAD_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bayeux::loop {

class ReplyHead {
  public:
    // From the status line to the empty line. Nothing if it cannot stand for another response: it
    // is no plain 200, sets a cookie, is encoded, has no length, ends the connection, or has a
    // renewed field twice or in a form of its own.
    [[nodiscard]] static std::optional<ReplyHead> of(std::string_view head);

    struct Renewed {
        std::string_view date;
        std::size_t length = 0;      // of the body
        std::uint32_t requests = 0;  // that may follow on this connection: Keep-Alive's max
    };
    void append_to(std::string& out, const Renewed& renewed) const;
    // The same for the last response of a connection. Without a body it has no Content-Type either.
    void append_last(std::string& out, std::string_view status, const Renewed& renewed) const;

  private:
    enum class Hole : std::uint8_t { kDate, kLength, kRequests };
    struct Place {
        Hole hole = Hole::kDate;
        std::uint16_t at = 0;
    };
    ReplyHead() = default;
    [[nodiscard]] bool take(std::string_view line);
    [[nodiscard]] bool cut(std::string_view line, std::string_view value, Hole hole);
    static void fill(std::string& out, Hole hole, const Renewed& renewed);
    void append_part(std::string& out, std::size_t from, std::size_t to,
                     const Renewed& renewed) const;

    std::string text_;  // without what is renewed
    std::array<Place, 3> places_{};
    std::size_t holes_ = 0;
};

}  // namespace bayeux::loop

#endif
