// A policy that allows all but what a test forbids, and remembers what it was asked.
#ifndef BAYEUX_T_LIB_FAKE_POLICY_HPP
#define BAYEUX_T_LIB_FAKE_POLICY_HPP

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/policy.hpp"

namespace bayeux::test {

class FakePolicy final : public broker::Policy {
  public:
    [[nodiscard]] bool allows(broker::Operation operation,
                              const protocol::ChannelName& channel) override {
        asked.emplace_back(operation, channel.text());
        return !forbidden.contains({operation, channel.text()});
    }
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& channel) override {
        const auto found = by_channel.find(channel.text());
        return found == by_channel.end() ? broker::ChannelOptions{} : found->second;
    }
    [[nodiscard]] bool may_block(broker::Operation operation,
                                 const protocol::ChannelName& channel) override {
        asked_before.emplace_back(operation, channel.text());
        return blocks || blocking.contains({operation, channel.text()});
    }

    using Question = std::pair<broker::Operation, std::string>;
    std::set<Question> forbidden;
    std::set<Question> blocking;  // the answer to these may have to be waited for
    bool blocks = false;          // to all of them
    std::vector<Question> asked;
    std::vector<Question> asked_before;  // by may_block()
    std::map<std::string, broker::ChannelOptions> by_channel;
};

}  // namespace bayeux::test

#endif
