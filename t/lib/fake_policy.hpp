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

    using Question = std::pair<broker::Operation, std::string>;
    std::set<Question> forbidden;
    std::vector<Question> asked;
    std::map<std::string, broker::ChannelOptions> by_channel;
};

}  // namespace bayeux::test

#endif
