// Who is present on which channels, for presence events (docs/presence.md).
//
// A subscription that counts names a member: a user of httpd's, with all his sessions, or a session
// without one. What is true of a member is how many subscriptions name it; what subscribers of the
// presence channel take for true is `announced`. Where the two differ the member is in the list of
// those to announce (announcement.hpp). Both are in the segment, so no change is lost with the
// process that made it.
#ifndef BAYEUX_STORE_MEMBER_TABLE_HPP
#define BAYEUX_STORE_MEMBER_TABLE_HPP

#include <array>
#include <cstdint>
#include <string_view>

#include "store/store_lock.hpp"

namespace bayeux::store {

// By what name a session is present: its user's, or one made up for it, which begins with a colon.
// A user whose own name begins so is not believed.
class Identity {
  public:
    Identity(const Locked& locked, const Session& session) noexcept;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::uint64_t tag() const noexcept { return tag_; }

  private:
    std::array<char, 17> made_up_;
    std::string_view name_;
    std::uint64_t tag_;
};

[[nodiscard]] inline std::string_view name_of(const Member& member) noexcept {
    return {member.name.data(), member.name_length};
}
[[nodiscard]] MemberIndex find_member(const Locked& locked, ChannelIndex channel, std::uint64_t tag,
                                      std::string_view name) noexcept;
// Nothing if memory is full. A new one that is not counted in must be settled.
[[nodiscard]] MemberIndex find_or_create_member(const Locked& locked, ChannelIndex channel,
                                                const Identity& identity) noexcept;

// A subscription that names the member has come, or has gone; the last one may take it along.
void count_in(const Locked& locked, MemberIndex index) noexcept;
void count_out(const Locked& locked, MemberIndex index) noexcept;
// Lists the member if it is to be announced, removes it if it is of no use any more.
void settle_member(const Locked& locked, MemberIndex index) noexcept;

// A subscription that did not count does from now on. False if memory is full.
[[nodiscard]] bool count_as_member(const Locked& locked, SubscriptionIndex index) noexcept;
// The session goes by another name than before, and so do its subscriptions. False if memory is
// full, or they are too many for one hold of the lock: then it must end.
inline constexpr std::uint32_t kMaxRenamed = 256;
[[nodiscard]] bool rename_members(const Locked& locked, SessionIndex index) noexcept;

// --- for repair ---
void link_member(const Locked& locked, MemberIndex index) noexcept;
void list_member(const Locked& locked, MemberIndex index) noexcept;
// The subscription's member has the name by which its session goes.
[[nodiscard]] bool is_own_member(const Locked& locked, const Subscription& subscription) noexcept;

}  // namespace bayeux::store

#endif
