// What clients are promised of a broker, as plainly as it can be said: who is subscribed to what,
// and what waits for whom, in which order.
#ifndef BAYEUX_T_FUZZ_BROKER_MODEL_HPP
#define BAYEUX_T_FUZZ_BROKER_MODEL_HPP

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "fuzz/script.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::test {

// CH-8, without a trie.
inline bool covers(std::string_view pattern, std::string_view channel) {
    if (pattern.ends_with("/**")) {
        return channel.starts_with(pattern.substr(0, pattern.size() - 2));
    }
    if (pattern.ends_with("/*")) {
        const std::string_view stem = pattern.substr(0, pattern.size() - 1);
        return channel.starts_with(stem) &&
               channel.find('/', stem.size()) == std::string_view::npos;
    }
    return pattern == channel;
}

struct ModelEvent {
    int number = 0;
    bool lazy = false;    // may wait for company
    bool secret = false;  // for the user's eyes only
    std::uint32_t batch = 0;
};

// A session as its client and those who send to it know it.
struct ModelSession {
    std::set<std::string> patterns;
    std::deque<ModelEvent> queue;
    // Drained for a response that is on its way, and its events; others of the server's own may be
    // among them.
    bool under_way = false;
    std::vector<ModelEvent> in_flight;
    bool ack = false;
    std::uint32_t last_batch = 0;
    bool was_secret = false;
    std::string user;
    TimePoint lives_until;  // at least

    [[nodiscard]] bool is_subscribed(std::string_view channel) const {
        return std::any_of(patterns.begin(), patterns.end(),
                           [&](const std::string& pattern) { return covers(pattern, channel); });
    }
    [[nodiscard]] bool has_secrets() const {
        const auto secret = [](const ModelEvent& event) { return event.secret; };
        return std::any_of(queue.begin(), queue.end(), secret) ||
               std::any_of(in_flight.begin(), in_flight.end(), secret);
    }
    // Something waits that must not wait: a held connect is due.
    [[nodiscard]] bool is_urgent() const {
        return !under_way && std::any_of(queue.begin(), queue.end(), [](const ModelEvent& event) {
            return !event.lazy && event.batch == 0;
        });
    }
    void acknowledge(std::int64_t number) {
        if (!ack || number < 0 || number > last_batch) {
            return;  // S3
        }
        while (!queue.empty() && queue.front().batch != 0 && queue.front().batch <= number) {
            queue.pop_front();
        }
    }
    void drain() {
        in_flight.assign(queue.begin(), queue.end());
        queue.clear();
        under_way = true;
    }
    void delivered(bool written) {
        if (!written) {
            queue.insert(queue.begin(), in_flight.begin(), in_flight.end());
        }
        in_flight.clear();
        under_way = false;
    }
};

// The numbers of the events that a publisher of this test sent; the server's own have none.
inline std::vector<int> numbers_in(const std::string& events) {
    std::vector<int> numbers;
    const std::string array = '[' + events + ']';
    require(protocol::is_json(array), "drained events are JSON", events);
    protocol::JsonElements elements(array);
    for (std::string_view event; elements.next(event);) {
        const std::size_t at = event.find("\"n\":");
        if (at == std::string_view::npos) {
            require(event.starts_with("{\"channel\":\"/presence/"), "an event nobody sent", events);
        } else {
            numbers.push_back(std::atoi(std::string(event.substr(at + 4)).c_str()));
        }
    }
    return numbers;
}

}  // namespace bayeux::test

#endif
