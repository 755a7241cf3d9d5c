// Does to a store what clients do, at random: a few sessions of its own, and now and then somebody
// else's.
#ifndef BAYEUX_T_PROCESS_RANDOM_USER_HPP
#define BAYEUX_T_PROCESS_RANDOM_USER_HPP

#include <string>
#include <vector>

#include "process/forked.hpp"
#include "process/store_world.hpp"

namespace bayeux::test {

class RandomUser {
  public:
    static constexpr std::uint32_t kClients = 40;

    RandomUser(StoreWorld& world, std::uint64_t seed, ChildIndex child)
        : world_(world), dice_(seed), child_(child) {}

    void act() {
        const SessionHandle session = somebody();
        switch (dice_.below(23)) {
            case 0:
                create();
                break;
            case 1:
                if (dice_.below(4) == 0) {
                    world_.store().end_session(session);
                }
                break;
            case 2:
            case 3:
                world_.subscribe(session, {name(true), name(true), name(false)});
                break;
            case 4:
                world_.unsubscribe(session, name(true));
                break;
            case 5:
            case 6:
            case 7:
            case 8:
                world_.publish(name(false), std::string(dice_.below(700) + 2, 'e'), {}, session,
                               Millis{dice_.below(3) == 0 ? dice_.below(4000) : 0});
                break;
            case 9:
            case 10:
                drain(session);
                break;
            case 11:
            case 12:
                world_.park(session, connect(session), child_);
                break;
            case 13:
                world_.due(child_);
                break;
            case 14:
                finish(session);
                break;
            case 15:
            case 16:
                stream(session);
                break;
            case 17:
                world_.store().end_stream(session, ConnectCycle{dice_.below(20)},
                                          world_.after(static_cast<int>(dice_.below(9))));
                break;
            case 18:
                // Some of it is for what was never started, or not here.
                world_.park(session, ConnectCycle{dice_.below(20)}, child_);
                break;
            case 19:
                world_.deliver(session, std::string(dice_.below(700) + 2, 'd'));
                break;
            case 20:
                static_cast<void>(world_.store().deliver_to_user({kDomain, user_name(), "{u}"}));
                break;
            case 21:
                world_.change_user(session, user_name());
                break;
            default:
                world_.store().sweep(child_, world_.clock.now());
                break;
        }
    }

  private:
    SessionHandle somebody() {
        const auto found = world_.store().find_session(kDomain, client(dice_.below(kClients)));
        return found ? found->handle : SessionHandle{};
    }
    broker::QueueLimits queue() {
        return {1 + dice_.below(20), 10000, static_cast<broker::Overflow>(dice_.below(3))};
    }
    std::string name(bool pattern) {
        static const char* const kNames[] = {"/a",   "/a/b", "/a/b/c", "/d/e",
                                             "/a/*", "/**",  "/a/**",  "/d/*"};
        return kNames[dice_.below(pattern ? 8 : 4)];
    }
    std::string user_name() {
        const std::uint32_t n = dice_.below(4);
        return n == 0 ? "" : "user" + std::to_string(n);
    }
    void create() {
        broker::NewSession wanted;
        wanted.queue = queue();
        wanted.ack = dice_.below(3) == 0;
        if (dice_.below(3) != 0) {
            wanted.browser =
                protocol::BrowserId::from_bytes({static_cast<std::uint8_t>(dice_.below(5))});
        }
        const std::string user = user_name();
        wanted.user = {user, world_.store().user_tag(user)};
        world_.session_as(dice_.below(kClients), wanted);
    }
    // By any transport, held or not, with whatever number is acknowledged.
    ConnectCycle connect(SessionHandle session, ConnectCycle over = {}) {
        broker::ConnectTerms terms = world_.terms();
        terms.transport = static_cast<broker::Transport>(1 + dice_.below(4));
        terms.stream = over;
        terms.wants_hold = dice_.below(2) == 0;
        terms.holds_per_browser = dice_.below(4);
        if (dice_.below(2) == 0) {
            terms.acknowledged = dice_.below(12);
        }
        return world_.start(session, terms).cycle;
    }
    void stream(SessionHandle session) {
        const ConnectCycle cycle =
            world_.stream(session, dice_.below(2) == 0 ? broker::Transport::kWebSocket
                                                       : broker::Transport::kEventSource);
        world_.park(session, cycle, child_);
        connect(session, cycle);
        drain(session);
        world_.park(session, cycle, child_);
    }
    void drain(SessionHandle session) {
        std::string text;
        if (world_.store().drain(session, child_, text).in_flight()) {
            world_.store().delivered(session, dice_.below(4) != 0);
        }
    }
    void finish(SessionHandle session) {
        const ConnectCycle cycle = connect(session);
        world_.store().finish_connect(session, cycle,
                                      world_.after(static_cast<int>(dice_.below(9))));
    }

    StoreWorld& world_;
    Dice dice_;
    ChildIndex child_;
};

}  // namespace bayeux::test

#endif
