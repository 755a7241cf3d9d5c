// A client that polls sends one body over and over, of which only the id changes:
//
//     [{"id":"17","channel":"/meta/connect","connectionType":"long-polling","clientId":"..."}]
//
// What was decoded from the last one is kept. A body that is byte for byte the same but for letters
// and digits between the quotes of the id is as valid as that one was, and means the same with
// another id: it need not be decoded again. By one thread at a time.
#ifndef BAYEUX_PROTOCOL_REPEATED_CONNECT_HPP
#define BAYEUX_PROTOCOL_REPEATED_CONNECT_HPP

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.hpp"

namespace bayeux::protocol {

class RepeatedConnect {
  public:
    // The message of `body` if it is the connect that is kept, but for its id; else nullptr. It
    // borrows from `body`, and is good until the next call.
    [[nodiscard]] const std::vector<Message>* recall(std::string_view body);
    // Keeps what decode_batch() has made of `body`, if it is a lone connect that may come again; of
    // another it takes nothing, and keeps what it has.
    void keep(std::string_view body, std::vector<Message>&& messages);

  private:
    struct Kept {
        std::string body;
        std::size_t id = 0;      // where its characters begin
        std::size_t id_end = 0;  // where its closing quote is
        std::size_t raw = 0;     // where the object begins
        std::size_t raw_end = 0;
        std::vector<Message> messages;  // one; borrows from `body` but for `id` and `raw`
    };

    std::unique_ptr<Kept> kept_;  // most connections have one, those that only publish do without
};

}  // namespace bayeux::protocol

#endif
