#include "store/user_table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/siphash.hpp"
#include "store/kill_point.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

// Domains are few, and no client chooses them.
UserIndex& bucket_of(const Locked& locked, std::uint64_t domain, std::uint64_t tag) noexcept {
    const auto buckets = locked.segment().user_buckets();
    return buckets[(domain ^ tag) & (buckets.size() - 1)];
}

UserIndex create_user(const Locked& locked, std::uint64_t domain,
                      const broker::User& wanted) noexcept {
    const auto index = allocate<User>(locked);
    if (index) {
        User& user = locked.cell(index);
        user = User{};
        user.domain = domain;
        user.tag = wanted.tag;
        user.name_length = static_cast<std::uint8_t>(wanted.name.size());
        std::memcpy(user.name.data(), wanted.name.data(), wanted.name.size());
        link_user(locked, index);
        BAYEUX_KILL_POINT("user.linked");
        publish_cell(user);
    }
    return index;
}

void destroy_user(const Locked& locked, UserIndex index) noexcept {
    User& user = locked.cell(index);
    retire_cell(user);
    BAYEUX_KILL_POINT("user.retired");
    UserIndex* link = &bucket_of(locked, user.domain, user.tag);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = user.hash_next;
    }
    release(locked, index);
}

// Of two chains in which the numbers descend, one.
SessionIndex merge(const Locked& locked, SessionIndex one, SessionIndex other) noexcept {
    SessionIndex head;
    SessionIndex* end = &head;
    while (one && other) {
        SessionIndex& later = locked.cell(one).joined >= locked.cell(other).joined ? one : other;
        *end = later;
        end = &locked.cell(later).peer_next;
        later = *end;
    }
    *end = one ? one : other;
    return head;
}

}  // namespace

std::uint64_t user_tag(const Segment& segment, std::string_view name) noexcept {
    return name.empty() ? 0 : std::max<std::uint64_t>(siphash(segment.header().table_key, name), 1);
}

UserIndex find_user(const Locked& locked, std::uint64_t domain, std::uint64_t tag,
                    std::string_view name) noexcept {
    for (UserIndex index = bucket_of(locked, domain, tag); index;) {
        const User& user = locked.cell(index);
        if (user.tag == tag && user.domain == domain && name_of(user) == name) {
            return index;
        }
        index = user.hash_next;
    }
    return UserIndex();
}

bool join_user(const Locked& locked, SessionIndex index, const broker::User& user) noexcept {
    Session& session = locked.cell(index);
    if (user.name.empty() || user.name.size() > broker::kMaxUserName) {
        session.user_tag = user.tag;
        return true;
    }
    UserIndex found = find_user(locked, session.domain, user.tag, user.name);
    if (!found) {
        found = create_user(locked, session.domain, user);
    }
    if (!found) {
        return false;
    }
    session.joined = ++locked.header().joins;
    enlist(locked, index, found);
    BAYEUX_KILL_POINT("user.joined");
    store_in_order(session.user_tag, user.tag);
    return true;
}

void leave_user(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    store_in_order(session.user_tag, std::uint64_t{0});
    const UserIndex of = session.user;
    if (!of) {
        return;
    }
    BAYEUX_KILL_POINT("user.left");
    User& user = locked.cell(of);
    (session.peer_prev ? locked.cell(session.peer_prev).peer_next : user.first) = session.peer_next;
    if (session.peer_next) {
        locked.cell(session.peer_next).peer_prev = session.peer_prev;
    }
    session.user = UserIndex();
    session.peer_next = session.peer_prev = SessionIndex();
    if (--user.sessions == 0) {
        destroy_user(locked, of);
    }
}

void link_user(const Locked& locked, UserIndex index) noexcept {
    User& user = locked.cell(index);
    UserIndex& bucket = bucket_of(locked, user.domain, user.tag);
    user.hash_next = bucket;
    bucket = index;
}

void enlist(const Locked& locked, SessionIndex index, UserIndex of) noexcept {
    Session& session = locked.cell(index);
    User& user = locked.cell(of);
    session.user = of;
    session.peer_prev = SessionIndex();
    session.peer_next = user.first;
    if (user.first) {
        locked.cell(user.first).peer_prev = index;
    }
    user.first = index;
    ++user.sessions;
}

void sort_sessions(const Locked& locked, UserIndex index) noexcept {
    User& user = locked.cell(index);
    // Chains of 1, 2, 4 and so on sessions that are in order already; two of a size become one.
    std::array<SessionIndex, 32> sorted{};
    for (SessionIndex at = user.first; at;) {
        SessionIndex chain = at;
        at = locked.cell(at).peer_next;
        locked.cell(chain).peer_next = SessionIndex();
        std::size_t size = 0;
        for (; size + 1 < sorted.size() && sorted[size]; ++size) {
            chain = merge(locked, sorted[size], chain);
            sorted[size] = SessionIndex();
        }
        sorted[size] = merge(locked, sorted[size], chain);
    }
    SessionIndex all;
    for (const SessionIndex chain : sorted) {
        all = merge(locked, all, chain);
    }
    user.first = all;
    SessionIndex before;
    for (SessionIndex at = all; at; at = locked.cell(at).peer_next) {
        locked.cell(at).peer_prev = before;
        before = at;
    }
}

}  // namespace bayeux::store
