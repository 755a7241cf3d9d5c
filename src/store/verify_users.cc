#include "store/verify_users.hpp"

#include <set>

#include "store/user_table.hpp"

namespace bayeux::store {

namespace {

// The user's list, each of whose sessions is noted in `listed`.
std::string check_list(const Locked& locked, UserIndex of, const User& user,
                       std::set<std::uint32_t>& listed) {
    std::uint32_t count = 0;
    SessionIndex before;
    for (SessionIndex index = user.first; index; ++count) {
        const Session* const session = locked.segment().live(index);
        if (session == nullptr || session->peer_prev != before ||
            !listed.insert(index.value).second) {
            return "V18 a user's list leads astray";
        }
        if (session->user != of || session->domain != user.domain ||
            session->user_tag != user.tag || session->state == SessionState::kEnded) {
            return "V18 a session is in the list of another user, or has ended";
        }
        if (session->joined > (before ? locked.cell(before).joined : locked.header().joins)) {
            return "V18 a user's sessions are not in the order in which they joined";
        }
        before = index;
        index = session->peer_next;
    }
    return count == user.sessions && count != 0 ? "" : "V18 a user's count is wrong";
}

}  // namespace

std::string check_V18_users(const Locked& locked) {
    std::set<std::uint32_t> chained;
    for (const UserIndex head : locked.segment().user_buckets()) {
        for (UserIndex index = head; index; index = locked.cell(index).hash_next) {
            if (locked.segment().live(index) == nullptr || !chained.insert(index.value).second) {
                return "V18 users: a bucket chain that leads astray";
            }
        }
    }
    std::string wrong;
    std::set<std::uint32_t> listed;
    for_each_live<User>(locked.segment(), [&](UserIndex index, const User& user) {
        if (user.tag != user_tag(locked.segment(), name_of(user)) ||
            find_user(locked, user.domain, user.tag, name_of(user)) != index) {
            wrong = "V18 a user is not found by his name";
        } else if (wrong.empty()) {
            wrong = check_list(locked, index, user, listed);
        }
    });
    for_each_live<Session>(locked.segment(), [&](SessionIndex index, const Session& session) {
        if (wrong.empty() && static_cast<bool>(session.user) != listed.contains(index.value)) {
            wrong = "V18 a session is missing in its user's list";
        }
    });
    return wrong;
}

}  // namespace bayeux::store
