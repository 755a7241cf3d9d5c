// Inflater on any bytes never yields more than its limit, and what is deflated comes back. The
// first two bytes are the limit; the bytes are offers to accept_deflate(), too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/deflate.hpp"

namespace {

using bayeux::protocol::Inflater;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_inflate(std::string_view compressed, std::size_t limit) {
    Inflater inflater;
    std::string out = "before";
    const Inflater::Result result = inflater.inflate(compressed, limit, out);
    require(result != Inflater::Result::kNoMemory);
    require(out.size() <= limit + 6 && out.starts_with("before"));
    require(result == Inflater::Result::kDone || out.size() == 6);
    // The limit decides about nothing but the size.
    std::string more;
    const Inflater::Result larger = inflater.inflate(compressed, limit + 100000, more);
    require(result != Inflater::Result::kDone ||
            (larger == Inflater::Result::kDone && out.substr(6) == more));
    require(result != Inflater::Result::kInvalid || larger == Inflater::Result::kInvalid);
    require(larger != Inflater::Result::kDone || result == Inflater::Result::kDone ||
            more.size() > limit);
}

void check_round_trip(std::string_view message) {
    Inflater inflater;
    std::string deflated;
    std::string inflated;
    require(bayeux::protocol::deflate_message(message, deflated));
    require(inflater.inflate(deflated, message.size(), inflated) == Inflater::Result::kDone);
    require(inflated == message);
    if (!message.empty()) {
        std::string shorter;
        require(inflater.inflate(deflated, message.size() - 1, shorter) ==
                Inflater::Result::kTooLarge);
        require(shorter.empty());
    }
}

void check_offers(std::string_view offers) {
    constexpr std::string_view kStart = "permessage-deflate; server_no_context_takeover";
    const auto answer = bayeux::protocol::accept_deflate(offers);
    require(!answer || (answer->starts_with(kStart) &&
                        offers.find("permessage-deflate") != std::string_view::npos));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    check_offers(input);
    check_round_trip(input);
    if (size >= 2) {
        check_inflate(input.substr(2), std::size_t{bytes[0]} * 256 + bytes[1]);
    }
    return 0;
}
