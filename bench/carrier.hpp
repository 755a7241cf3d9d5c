// Takes the messages of one Bayeux session to the server and brings what comes back.
#ifndef BAYEUX_BENCH_CARRIER_HPP
#define BAYEUX_BENCH_CARRIER_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/http_connection.hpp"
#include "bench/target.hpp"
#include "bench/websocket.hpp"

namespace bayeux::bench {

class Carrier {
  public:
    class User {
      public:
        // An array of messages; gone when this returns.
        virtual void on_text(std::string_view text) = 0;
        virtual void on_lost(std::string_view why) = 0;

      protected:
        ~User() = default;
    };

    virtual ~Carrier() = default;
    virtual void send(std::string_view messages) = 0;
    virtual void close() noexcept = 0;
};

[[nodiscard]] std::unique_ptr<Carrier> make_carrier(Reactor& reactor, const Target& target,
                                                    Carrier::User& user, std::uint32_t place);

}  // namespace bayeux::bench

#endif
