// A process's view of the segment: where its parts lie. It owns nothing; the bytes belong to the
// caller and stay mapped as long as any view of them is used. Copies are cheap.
//
// The parent creates, everybody else attaches. The bytes must be mapped at addresses that are equal
// modulo the page size in all processes, as they are after fork() and mmap().
#ifndef BAYEUX_STORE_SEGMENT_HPP
#define BAYEUX_STORE_SEGMENT_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "base/siphash.hpp"
#include "protocol/client_id.hpp"
#include "store/layout.hpp"

namespace bayeux::store {

struct SegmentKeys {
    SipKey table{};                 // of the hash tables
    protocol::SecretKey browser{};  // of the browser ids
};

class Segment {
  public:
    // kInvalid if the range is too small or too large, kInternal if the system has no robust locks.
    static Result<Segment> create(std::span<std::byte> bytes, std::uint32_t child_capacity,
                                  const SegmentKeys& keys);
    // kInvalid if there is no segment of this layout and size.
    static Result<Segment> attach(std::span<std::byte> bytes);

    [[nodiscard]] Header& header() const noexcept { return *header_; }
    [[nodiscard]] const Geometry& geometry() const noexcept { return geometry_; }
    [[nodiscard]] std::span<PageInfo> pages() const noexcept {
        return {pages_, geometry_.page_count};
    }
    [[nodiscard]] std::span<ChildSlot> children() const noexcept {
        return {children_, geometry_.child_capacity};
    }
    [[nodiscard]] std::span<SessionIndex> session_buckets() const noexcept {
        return {session_buckets_, geometry_.session_buckets};
    }
    [[nodiscard]] std::span<ChannelIndex> channel_buckets() const noexcept {
        return {channel_buckets_, geometry_.channel_buckets};
    }
    [[nodiscard]] std::span<SubscriptionIndex> subscription_buckets() const noexcept {
        return {subscription_buckets_, geometry_.subscription_buckets};
    }
    [[nodiscard]] std::span<DomainIndex> domain_buckets() const noexcept {
        return {domain_buckets_, geometry_.domain_buckets};
    }
    [[nodiscard]] std::span<BrowserIndex> browser_buckets() const noexcept {
        return {browser_buckets_, geometry_.browser_buckets};
    }
    [[nodiscard]] std::span<UserIndex> user_buckets() const noexcept {
        return {user_buckets_, geometry_.user_buckets};
    }
    [[nodiscard]] std::span<MemberIndex> member_buckets() const noexcept {
        return {member_buckets_, geometry_.member_buckets};
    }
    [[nodiscard]] std::span<AllowanceSet> allowance_sets() const noexcept {
        return {allowance_sets_, geometry_.allowance_sets};
    }

    // The cell at an index that the segment's own invariants vouch for. Whatever the index is, the
    // result lies within the segment: damage stays damage to data.
    template <class T>
    [[nodiscard]] T& cell(Index<T> index) const noexcept {
        const std::uint32_t page =
            index.page() < geometry_.page_count ? index.page() : geometry_.page_count - 1;
        const std::uint32_t slot = index.slot() < kCellsPerPage<T> ? index.slot() : 0;
        return *view_as<T>(cells_ + std::size_t{page} * kPageSize + std::size_t{slot} * sizeof(T));
    }

    // The cell at an index from anywhere: nothing unless it lies in a page of its kind, among the
    // cells that were used. It need not be live.
    template <class T>
    [[nodiscard]] T* at(Index<T> index) const noexcept {
        if (index.page() >= geometry_.page_count) {
            return nullptr;
        }
        const PageInfo& page = pages_[index.page()];
        if (page.kind != T::kKind || index.slot() >= page.bump ||
            index.slot() >= kCellsPerPage<T>) {
            return nullptr;
        }
        return &cell(index);
    }

    template <class T>
    [[nodiscard]] T* live(Index<T> index) const noexcept {
        T* const found = at(index);
        return found != nullptr && found->live == kCellLive ? found : nullptr;
    }

    // The first bytes of a cell of any kind.
    [[nodiscard]] std::byte* raw_cell(Kind kind, std::uint32_t page,
                                      std::uint32_t slot) const noexcept {
        return cells_ + std::size_t{page} * kPageSize +
               std::size_t{slot} * kCellSize[static_cast<std::size_t>(kind)];
    }

  private:
    Segment(std::byte* base, const Geometry& geometry) noexcept;

    Header* header_;
    PageInfo* pages_;
    ChildSlot* children_;
    SessionIndex* session_buckets_;
    ChannelIndex* channel_buckets_;
    SubscriptionIndex* subscription_buckets_;
    DomainIndex* domain_buckets_;
    BrowserIndex* browser_buckets_;
    UserIndex* user_buckets_;
    MemberIndex* member_buckets_;
    AllowanceSet* allowance_sets_;
    std::byte* cells_;
    Geometry geometry_;
};

// Visits every cell of kind T that was ever used since its page got the kind, live or not:
// visit(Index<T>, T&).
template <class T, class Visit>
void for_each_cell(const Segment& segment, Visit&& visit) {
    const auto pages = segment.pages();
    for (std::uint32_t page = 0; page < pages.size(); ++page) {
        if (pages[page].kind != T::kKind) {
            continue;
        }
        for (std::uint32_t slot = 0; slot < pages[page].bump && slot < kCellsPerPage<T>; ++slot) {
            const Index<T> index(page, slot);
            visit(index, segment.cell(index));
        }
    }
}

template <class T, class Visit>
void for_each_live(const Segment& segment, Visit&& visit) {
    for_each_cell<T>(segment, [&](Index<T> index, T& cell) {
        if (cell.live == kCellLive) {
            visit(index, cell);
        }
    });
}

}  // namespace bayeux::store

#endif
