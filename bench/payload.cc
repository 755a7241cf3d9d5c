#include "bench/payload.hpp"

#include <charconv>
#include <random>

#include "bench/rooms.hpp"

namespace bayeux::bench {
namespace {

constexpr std::string_view kPublisher = R"({"p":)";
constexpr std::string_view kRoom = R"(,"c":)";
constexpr std::string_view kNumber = R"(,"n":)";
constexpr std::string_view kFiller = R"(,"x":")";
constexpr std::string_view kEnd = R"("})";
// In front of a room's number.
constexpr std::string_view kChannel = R"("channel":"/bench/)";

// How many different fillers there are.
constexpr std::size_t kVariants = 4093;

// Reads digits and moves `at` behind them.
template <class Number>
bool take_number(std::string_view text, std::size_t& at, Number& number) noexcept {
    const auto result = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (result.ec != std::errc()) {
        return false;
    }
    at = static_cast<std::size_t>(result.ptr - text.data());
    return true;
}

bool take(std::string_view text, std::size_t& at, std::string_view wanted) noexcept {
    if (text.compare(at, wanted.size(), wanted) != 0) {
        return false;
    }
    at += wanted.size();
    return true;
}

}  // namespace

Payload::Payload(std::size_t size) : size_(size) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::minstd_rand random;
    letters_.reserve(size_ + kVariants);
    while (letters_.size() < size_ + kVariants) {
        letters_ += kLetters[random() % kLetters.size()];
    }
}

std::string_view Payload::filler(std::uint32_t publisher, std::uint64_t number,
                                 std::size_t frame) const noexcept {
    const std::size_t at = (number + std::uint64_t{publisher} * 31) % kVariants;
    return std::string_view(letters_).substr(at, size_ > frame ? size_ - frame : 0);
}

void Payload::append(std::string& out, std::uint32_t publisher, std::uint32_t room,
                     std::uint64_t number) const {
    const std::size_t begin = out.size();
    out += kPublisher;
    out += std::to_string(publisher);
    out += kRoom;
    out += std::to_string(room);
    out += kNumber;
    out += std::to_string(number);
    out += kFiller;
    out += filler(publisher, number, out.size() - begin + kEnd.size());
    out += kEnd;
}

PayloadFound Payload::find(std::string_view text, std::size_t from) const noexcept {
    PayloadFound found;
    const std::size_t begin = text.find(kPublisher, from);
    if (begin == std::string_view::npos) {
        return found;
    }
    found.kind = PayloadFound::Kind::kDamaged;
    std::size_t at = begin + kPublisher.size();
    found.end = at;
    if (!take_number(text, at, found.publisher) || !take(text, at, kRoom) ||
        !take_number(text, at, found.room) || !take(text, at, kNumber) ||
        !take_number(text, at, found.number) || !take(text, at, kFiller)) {
        return found;
    }
    found.end = at;
    const std::size_t frame = at - begin + kEnd.size();
    if (take(text, at, filler(found.publisher, found.number, frame)) && take(text, at, kEnd)) {
        found.kind = PayloadFound::Kind::kGood;
        found.end = at;
    }
    return found;
}

// The channel may stand in front of the data or behind it, but each event has one: the nth channel
// is that of the nth payload. Replies have channels of other names.
bool EventReader::next_channel_is(std::uint32_t room) noexcept {
    const std::size_t found = text_.find(kChannel, channel_at_);
    if (found == std::string_view::npos) {
        return false;
    }
    channel_at_ = found + kChannel.size();
    return take(text_, channel_at_, std::to_string(room)) && take(text_, channel_at_, "\"");
}

PayloadFound EventReader::next() noexcept {
    PayloadFound found = payload_.find(text_, at_);
    at_ = found.end;
    if (found.kind != PayloadFound::Kind::kNone && envelopes_ && !next_channel_is(found.room)) {
        found.kind = PayloadFound::Kind::kDamaged;
    }
    return found;
}

}  // namespace bayeux::bench
