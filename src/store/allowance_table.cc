#include "store/allowance_table.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <span>

namespace bayeux::store {

namespace {

// The time in a word: microseconds, modulo half a year and some days.
constexpr unsigned kTimeBits = 44;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

// Each that is lost was somebody else's success.
constexpr int kTries = 64;

using Word = std::uint64_t;
using Words = std::array<Word, kAllowanceWays>;

std::int64_t micros(TimePoint now) noexcept {
    return Micros(now.time_since_epoch()).count();
}

Word word_of(std::uint64_t tag, std::int64_t whole_at) noexcept {
    return tag << kTimeBits | (static_cast<std::uint64_t>(whole_at) & kTimeMask);
}

// How long the allowance of a word takes to be whole; a time that is over shows as one that is too
// far ahead.
std::int64_t debt_of(Word word, std::int64_t now_us) noexcept {
    const auto ahead =
        static_cast<std::int64_t>((word - static_cast<std::uint64_t>(now_us)) & kTimeMask);
    return ahead <= kLongestDebt.count() ? ahead : 0;
}

// The word of the allowance; without one, that which may go.
struct Found {
    std::size_t way;
    bool known;
};

Found find(const Words& words, std::uint64_t tag, std::int64_t now_us) noexcept {
    Found found{0, false};
    for (std::size_t way = 0; way < words.size(); ++way) {
        if (words[way] >> kTimeBits == tag) {
            return {way, true};
        }
        if (debt_of(words[way], now_us) < debt_of(words[found.way], now_us)) {
            found.way = way;
        }
    }
    return found;
}

}  // namespace

Spending spend_allowance(const Segment& segment, const AllowanceKey& key, const RateLimit& limit,
                         TimePoint now, std::uint64_t amount) noexcept {
    const std::array<std::uint64_t, 3> text{key.domain, key.who,
                                            static_cast<std::uint64_t>(key.purpose)};
    const std::uint64_t hash = siphash(segment.header().table_key, std::as_bytes(std::span(text)));
    const std::uint64_t tag = hash >> kTimeBits;
    const auto sets = segment.allowance_sets();
    AllowanceSet& set = sets[hash & (sets.size() - 1)];
    const std::int64_t now_us = micros(now);
    Spending spending;
    for (int i = 0; i < kTries; ++i) {
        // Nothing else follows from a word, so no order is needed between them.
        Words words;
        for (std::size_t way = 0; way < words.size(); ++way) {
            words[way] = std::atomic_ref(set.words[way]).load(std::memory_order_relaxed);
        }
        const Found found = find(words, tag, now_us);
        const std::int64_t debt = found.known ? debt_of(words[found.way], now_us) : 0;
        spending = spend(limit, now_us + debt, now, amount);
        if (!spending.within) {
            break;
        }
        if (std::atomic_ref(set.words[found.way])
                .compare_exchange_strong(words[found.way], word_of(tag, spending.whole_at),
                                         std::memory_order_relaxed)) {
            break;
        }
    }
    return spending;
}

}  // namespace bayeux::store
