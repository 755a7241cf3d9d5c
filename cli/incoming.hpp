// The messages of a response, as far as a client has to understand them.
#ifndef BAYEUX_CLI_INCOMING_HPP
#define BAYEUX_CLI_INCOMING_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bayeux::cli {

struct Incoming {
    std::string_view raw;
    std::string_view data;
    std::string channel;
    std::optional<bool> successful;  // a reply has it, an event has not
    std::string error;
    std::string client_id;
    std::string reconnect;  // of the advice, as the rest; empty if it says nothing
    std::optional<std::int64_t> interval;
    std::optional<std::int64_t> timeout;
    std::optional<std::int64_t> ack;  // the number of the batch
};

// The messages borrow from `body`. Nothing if it is no array of messages.
[[nodiscard]] std::optional<std::vector<Incoming>> read_messages(std::string_view body);

// On one line: line breaks between its parts become blanks.
[[nodiscard]] std::string on_one_line(std::string_view json);

}  // namespace bayeux::cli

#endif
