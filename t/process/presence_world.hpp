// What tests of presence do in a world, and a reader who notices what does not fit together.
#ifndef BAYEUX_T_PROCESS_PRESENCE_WORLD_HPP
#define BAYEUX_T_PROCESS_PRESENCE_WORLD_HPP

#include <set>

#include "process/store_world.hpp"

namespace bayeux::test {

// Subscribes to channels with BayeuxPresence.
inline bool enter(StoreWorld& world, SessionHandle session, const std::vector<std::string>& names,
                  std::uint32_t per_session = 0xffffffff) {
    const std::vector<broker::PresenceMark> marks(names.size(), broker::PresenceMark::kCounts);
    broker::SubscriptionLimits limits;
    limits.per_session = per_session;
    limits.presence = marks;
    return world.subscribe(session, names, limits);
}

inline bool watch(StoreWorld& world, SessionHandle session, const std::string& name) {
    const broker::PresenceMark mark = broker::PresenceMark::kWatches;
    broker::SubscriptionLimits limits;
    limits.presence = {&mark, 1};
    return world.subscribe(session, {name}, limits);
}

// Who is there, as a client takes it from what it is told.
struct Watcher {
    Watcher(StoreWorld& of, std::uint32_t number, const std::string& name)
        : world(of), session(of.session(number)) {
        watch(world, session, name);
        read();
    }

    void read() {
        const std::string text = world.receive(session);
        for (std::size_t at = 0; (at = text.find("{\"channel\"", at)) != std::string::npos;) {
            const std::size_t next = text.find(",{\"channel\"", at);
            take(text.substr(at, next == std::string::npos ? next : next - at));
            at += 1;
            ++events;
        }
    }
    void take(const std::string& event) {
        for (const std::string& name : names_of(event, "\"here\":[")) {
            here.insert(name);
        }
        for (const std::string& name : names_of(event, "\"leave\":[")) {
            wrong += here.erase(name) == 1 ? "" : name + " leaves and was not there; ";
        }
        for (const std::string& name : names_of(event, "\"join\":[")) {
            wrong += here.insert(name).second ? "" : name + " joins and was there; ";
        }
        const std::string count = "\"count\":" + std::to_string(here.size()) + "}}";
        wrong += event.ends_with(count) ? "" : "another count: " + event.substr(0, 200) + "; ";
    }
    // Quotes stay as they are written.
    static std::vector<std::string> names_of(const std::string& event, const std::string& list) {
        std::vector<std::string> names;
        std::size_t at = event.find(list);
        if (at == std::string::npos) {
            return names;
        }
        for (at += list.size(); at < event.size() && event[at] == '"';) {
            std::size_t end = at + 1;
            while (event[end] != '"') {
                end += event[end] == '\\' ? 2U : 1U;
            }
            names.push_back(event.substr(at + 1, end - at - 1));
            at = event[end + 1] == ',' ? end + 2 : event.size();
        }
        return names;
    }

    StoreWorld& world;
    SessionHandle session;
    std::set<std::string> here;
    std::string wrong;
    int events = 0;
};

}  // namespace bayeux::test

#endif
