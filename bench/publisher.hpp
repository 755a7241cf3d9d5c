// Somebody who publishes, with one request under way or several.
#ifndef BAYEUX_BENCH_PUBLISHER_HPP
#define BAYEUX_BENCH_PUBLISHER_HPP

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "bench/payload.hpp"
#include "bench/reactor.hpp"
#include "bench/target.hpp"
#include "bench/time.hpp"

namespace bayeux::bench {

class Publisher {
  public:
    class Editor {
      public:
        // It may publish (again).
        virtual void on_idle(Publisher& publisher) = 0;
        // The server has accepted so many messages of a request.
        virtual void on_accepted(TimePoint since, std::uint32_t messages) = 0;
        virtual void on_broken(Publisher& publisher, std::string_view why) = 0;

      protected:
        ~Editor() = default;
    };
    struct Desk {
        std::uint32_t index;  // of the publisher
        std::uint32_t place;  // of its connection
        std::uint32_t depth;  // requests under way at most; the first one goes alone
    };

    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;
    virtual ~Publisher() = default;

    virtual void join() = 0;
    // Adds a message to the next request.
    void add(std::uint32_t room, std::uint64_t number);
    // Sends the request, whose messages were to be sent at this time.
    void send(TimePoint since);
    virtual void leave() = 0;

    [[nodiscard]] bool idle() const noexcept {
        return ready_ && requests_.size() < (answered_ ? desk_.depth : 1);
    }
    // Nothing of it is under way.
    [[nodiscard]] bool done() const noexcept { return requests_.empty(); }
    [[nodiscard]] bool gone() const noexcept { return gone_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return desk_.index; }

  protected:
    Publisher(const Payload& payload, Editor& editor, Desk desk) noexcept
        : payload_(payload), editor_(editor), desk_(desk) {}

    virtual void add_message(std::uint32_t room, std::uint64_t number) = 0;
    virtual void send_messages() = 0;

    [[nodiscard]] const Payload& payload() const noexcept { return payload_; }
    [[nodiscard]] bool ready() const noexcept { return ready_; }
    void begin();
    void accepted(std::uint32_t messages);
    void end() noexcept;   // publishes no more
    void left() noexcept;  // and has closed its connection
    void fail(std::string_view why);

  private:
    struct Request {
        TimePoint since;
        std::uint32_t messages;
    };

    const Payload& payload_;
    Editor& editor_;
    const Desk desk_;
    std::deque<Request> requests_;  // under way
    std::uint32_t added_ = 0;
    bool ready_ = false;
    bool answered_ = false;  // its first request was
    bool gone_ = false;
};

[[nodiscard]] std::unique_ptr<Publisher> make_bayeux_publisher(Reactor& reactor,
                                                               const Target& target,
                                                               const Payload& payload,
                                                               Publisher::Editor& editor,
                                                               Publisher::Desk desk);
[[nodiscard]] std::unique_ptr<Publisher> make_nchan_publisher(Reactor& reactor,
                                                              const Target& target,
                                                              const Payload& payload,
                                                              Publisher::Editor& editor,
                                                              Publisher::Desk desk);
[[nodiscard]] inline std::unique_ptr<Publisher> make_publisher(Reactor& reactor,
                                                               const Target& target,
                                                               const Payload& payload,
                                                               Publisher::Editor& editor,
                                                               Publisher::Desk desk) {
    const auto make =
        target.dialect == Dialect::kNchan ? make_nchan_publisher : make_bayeux_publisher;
    return make(reactor, target, payload, editor, desk);
}

}  // namespace bayeux::bench

#endif
