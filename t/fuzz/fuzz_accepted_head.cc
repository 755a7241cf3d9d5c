// accepted_head.hpp on any bytes: what is remembered is a plain request, and what matches is the
// same head but for one number. A line of its own, "--", parts the request from what is matched.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "loop/accepted_head.hpp"
#include "loop/head_text.hpp"

namespace {

using bayeux::loop::AcceptedHead;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// The head with its one length as "n"; and what the length is.
std::string without_length(std::string_view head, std::size_t& length) {
    bayeux::loop::HeadLines lines(head);
    std::string out;
    int lengths = 0;
    for (std::string_view line; lines.next(line);) {
        const std::size_t colon = line.find(':');
        std::string name = bayeux::loop::lower_case(line.substr(0, colon));
        require(name != "transfer-encoding");
        if (name != "content-length") {
            out.append(line).append("\n");
            continue;
        }
        ++lengths;
        const std::string value(line.substr(colon + 1));
        length = std::stoul(value);
        const std::size_t at = value.find_first_not_of(" \t");
        const std::size_t behind = at + std::to_string(length).size();
        out.append(line.substr(0, colon + 1)).append(value.substr(0, at)).append("n");
        out.append(value.substr(behind)).append("\n");
    }
    require(lengths == 1 && lines.ended());
    return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::string_view kBetween = "\n--\n";
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t between = input.find(kBetween);
    const std::string_view request = input.substr(0, between);
    const auto head = AcceptedHead::of_request(request);
    if (!head) {
        return 0;
    }
    const AcceptedHead::Match self = head->match(request);
    require(self.verdict == AcceptedHead::Verdict::kYes);
    require(self.head + self.body == request.size());
    std::size_t length = 0;
    const std::string accepted = without_length(request.substr(0, self.head), length);
    require(length == self.body);
    if (between == std::string_view::npos) {
        return 0;
    }
    const std::string_view other = input.substr(between + kBetween.size());
    const AcceptedHead::Match match = head->match(other);
    if (match.verdict == AcceptedHead::Verdict::kYes) {
        require(match.head <= other.size());
        require(without_length(other.substr(0, match.head), length) == accepted);
        require(length == match.body);
    }
    for (std::size_t cut = 0; cut < other.size(); ++cut) {
        const auto verdict = head->match(other.substr(0, cut)).verdict;
        require(match.verdict != AcceptedHead::Verdict::kYes ||
                verdict == (cut < match.head ? AcceptedHead::Verdict::kMore
                                             : AcceptedHead::Verdict::kYes));
    }
    return 0;
}
