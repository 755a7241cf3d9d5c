// A request head that httpd has accepted on a connection: what the head of a later request must be,
// byte for byte but for the digits of Content-Length, to be taken without httpd.
#ifndef BAYEUX_LOOP_ACCEPTED_HEAD_HPP
#define BAYEUX_LOOP_ACCEPTED_HEAD_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bayeux::loop {

class AcceptedHead {
  public:
    static constexpr std::size_t kMaxDigits = 9;
    // A longer head is httpd's each time.
    static constexpr std::size_t kMaxSize = 8192;

    // Of one whole request, its body included and nothing behind it. Nothing if its head may not be
    // remembered: anything but a plain HTTP/1.1 POST of JSON in UTF-8 with one Content-Length, or
    // with any field that changes how a request is framed, read or answered, or that comes twice.
    [[nodiscard]] static std::optional<AcceptedHead> of_request(std::string_view request);

    enum class Verdict : std::uint8_t {
        kNo,    // another head
        kMore,  // it may become this head
        kYes,
    };
    struct Match {
        Verdict verdict = Verdict::kNo;
        std::size_t head = 0;  // of kYes: the lengths of head and body
        std::size_t body = 0;
    };
    // How `bytes` begin.
    [[nodiscard]] Match match(std::string_view bytes) const noexcept;

    [[nodiscard]] bool operator==(const AcceptedHead& other) const noexcept = default;

  private:
    AcceptedHead(std::string text, std::size_t digits_at) noexcept
        : text_(std::move(text)), digits_at_(digits_at) {}

    std::string text_;       // without the digits of Content-Length
    std::size_t digits_at_;  // where they stood
};

}  // namespace bayeux::loop

#endif
