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
        switch (dice_.below(16)) {
            case 0:
                world_.session(dice_.below(kClients), queue());
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
                world_.publish(name(false), std::string(dice_.below(700) + 2, 'e'), {}, session);
                break;
            case 9:
            case 10:
                drain(session);
                break;
            case 11:
            case 12:
                world_.park(session, world_.connect(session), child_);
                break;
            case 13:
                world_.due(child_);
                break;
            case 14:
                finish(session);
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
    void drain(SessionHandle session) {
        std::string text;
        if (world_.store().drain(session, child_, text).any()) {
            world_.store().delivered(session, dice_.below(4) != 0);
        }
    }
    void finish(SessionHandle session) {
        const ConnectCycle cycle = world_.connect(session);
        world_.store().finish_connect(session, cycle,
                                      world_.after(static_cast<int>(dice_.below(9))));
    }

    StoreWorld& world_;
    Dice dice_;
    ChildIndex child_;
};

}  // namespace bayeux::test

#endif
