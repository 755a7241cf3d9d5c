#include "store/session_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/siphash.hpp"
#include "store/browser_table.hpp"
#include "store/domain_table.hpp"
#include "store/kill_point.hpp"
#include "store/slab.hpp"
#include "store/timer_wheel.hpp"
#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

SessionIndex& bucket_of(const Locked& locked, std::uint32_t hash) noexcept {
    const auto buckets = locked.segment().session_buckets();
    return buckets[hash & (buckets.size() - 1)];
}

void fill(Session& session, const broker::NewSession& wanted, const SessionHashes& hashes,
          std::uint32_t generation) noexcept {
    Session fresh{};
    fresh.generation = generation;
    fresh.domain = wanted.domain.value;
    fresh.client_id = wanted.client_id.bytes();
    fresh.hash = hashes.session;
    if (wanted.browser) {
        fresh.browser = wanted.browser->bytes();
        fresh.browser_hash = hashes.browser;
        fresh.has_browser = 1;
    }
    fresh.expires_at = wanted.expires_at.time_since_epoch().count();
    fresh.active_at = wanted.active_at.time_since_epoch().count();
    fresh.lazy_at = kNever;
    fresh.cookie_seen = wanted.cookie_seen ? 1 : 0;
    fresh.ack = wanted.ack ? 1 : 0;
    fresh.batch = 1;
    fresh.overflow = wanted.queue.overflow;
    fresh.limit_messages = wanted.queue.messages;
    fresh.limit_bytes = wanted.queue.bytes;
    take_advice(fresh, wanted.transport, wanted.timeout, wanted.interval);
    fresh.cycle_child = kNoChild.value;
    fresh.notice_child = kNoChild.value;
    fresh.in_flight_child = kNoChild.value;
    session = fresh;
}

}  // namespace

std::uint32_t clamped(Millis time) noexcept {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t session_hash(const Segment& segment, DomainId domain,
                           const protocol::ClientId& id) noexcept {
    std::array<std::byte, sizeof(domain.value) + protocol::ClientId::kBytes> text;
    std::memcpy(text.data(), &domain.value, sizeof(domain.value));
    std::memcpy(text.data() + sizeof(domain.value), id.bytes().data(), protocol::ClientId::kBytes);
    return static_cast<std::uint32_t>(siphash(segment.header().table_key, text));
}

SessionHashes session_hashes(const Segment& segment, const broker::NewSession& wanted) noexcept {
    return {
        session_hash(segment, wanted.domain, wanted.client_id),
        wanted.browser ? browser_hash(segment, wanted.domain.value, wanted.browser->bytes()) : 0};
}

SessionIndex find_session(const Locked& locked, DomainId domain, const protocol::ClientId& id,
                          std::uint32_t hash) noexcept {
    for (SessionIndex index = bucket_of(locked, hash); index;) {
        const Session& session = locked.cell(index);
        if (session.hash == hash && session.domain == domain.value &&
            protocol::ClientId::from_bytes(session.client_id) == id) {
            return index;
        }
        index = session.hash_next;
    }
    return SessionIndex();
}

SessionIndex create_session(const Locked& locked, const broker::NewSession& wanted,
                            const SessionHashes& hashes) noexcept {
    if (find_session(locked, wanted.domain, wanted.client_id, hashes.session)) {
        return SessionIndex();
    }
    const DomainIndex domain = find_or_create_domain(locked, wanted.domain.value);
    if (!domain) {
        return SessionIndex();
    }
    const bool allowed = locked.cell(domain).sessions < wanted.max_sessions;
    const auto index = allowed ? allocate<Session>(locked) : SessionIndex();
    if (!index) {
        release_unused_domain(locked, domain);
        return SessionIndex();
    }
    Session& session = locked.cell(index);
    fill(session, wanted, hashes, ++locked.header().last_generation);
    if (!join_user(locked, index, wanted.user)) {
        release(locked, index);
        release_unused_domain(locked, domain);
        return SessionIndex();
    }
    locked.works_on(index);
    session.domain_cell = domain;
    ++locked.cell(domain).sessions;
    link_session(locked, index);
    BAYEUX_KILL_POINT("session.linked");
    wheel_insert(locked, index);
    BAYEUX_KILL_POINT("session.in_wheel");
    publish_cell(session);
    ++locked.header().counters.sessions_created;
    return index;
}

Session* resolve(const Locked& locked, SessionHandle handle) noexcept {
    Session* const session = locked.segment().live(SessionIndex(handle.index));
    return session != nullptr && session->generation == handle.generation ? session : nullptr;
}

Session* resolve_alive(const Locked& locked, SessionHandle handle) noexcept {
    Session* const session = resolve(locked, handle);
    if (session == nullptr || session->state == SessionState::kEnded) {
        return nullptr;
    }
    locked.works_on(SessionIndex(handle.index));
    return session;
}

bool take_advice(Session& session, broker::Transport transport, Millis timeout,
                 Millis interval) noexcept {
    const bool differs = session.transport != transport || session.timeout != clamped(timeout) ||
                         session.interval != clamped(interval);
    session.transport = transport;
    session.timeout = clamped(timeout);
    session.interval = clamped(interval);
    return differs;
}

void link_session(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    SessionIndex& bucket = bucket_of(locked, session.hash);
    session.hash_next = bucket;
    bucket = index;
}

void unlink_session(const Locked& locked, SessionIndex index) noexcept {
    const Session& session = locked.cell(index);
    SessionIndex* link = &bucket_of(locked, session.hash);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = session.hash_next;
    }
}

}  // namespace bayeux::store
