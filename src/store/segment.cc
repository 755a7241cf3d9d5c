#include "store/segment.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "store/robust_mutex.hpp"

namespace bayeux::store {

namespace {

constexpr std::size_t round_up(std::size_t n, std::size_t step) noexcept {
    return (n + step - 1) / step * step;
}

// One bucket for so many bytes of the segment, at least 64 of them.
std::uint32_t buckets_for(std::size_t size, std::size_t bytes_each) noexcept {
    return static_cast<std::uint32_t>(std::bit_floor(std::max<std::size_t>(size / bytes_each, 64)));
}

// Where the parts lie, from the start of the segment.
struct Offsets {
    std::size_t pages;
    std::size_t children;
    std::size_t session_buckets;
    std::size_t channel_buckets;
    std::size_t subscription_buckets;
    std::size_t domain_buckets;
    std::size_t browser_buckets;
    std::size_t user_buckets;
    std::size_t member_buckets;
    std::size_t allowance_sets;
    std::size_t cells;
    std::size_t end;
};

Offsets offsets_of(const Geometry& geometry) noexcept {
    Offsets o{};
    o.pages = round_up(sizeof(Header), 64);
    o.children = round_up(o.pages + sizeof(PageInfo) * geometry.page_count, 64);
    o.session_buckets = o.children + sizeof(ChildSlot) * geometry.child_capacity;
    o.channel_buckets = o.session_buckets + sizeof(SessionIndex) * geometry.session_buckets;
    o.subscription_buckets = o.channel_buckets + sizeof(ChannelIndex) * geometry.channel_buckets;
    o.domain_buckets =
        o.subscription_buckets + sizeof(SubscriptionIndex) * geometry.subscription_buckets;
    o.browser_buckets = o.domain_buckets + sizeof(DomainIndex) * geometry.domain_buckets;
    o.user_buckets = o.browser_buckets + sizeof(BrowserIndex) * geometry.browser_buckets;
    o.member_buckets = o.user_buckets + sizeof(UserIndex) * geometry.user_buckets;
    o.allowance_sets =
        round_up(o.member_buckets + sizeof(MemberIndex) * geometry.member_buckets, 64);
    o.cells =
        round_up(o.allowance_sets + sizeof(AllowanceSet) * geometry.allowance_sets, kPageSize);
    o.end = o.cells + std::size_t{geometry.page_count} * kPageSize;
    return o;
}

Geometry geometry_for(std::size_t size, std::uint32_t child_capacity) noexcept {
    Geometry geometry{};
    geometry.child_capacity = child_capacity;
    geometry.session_buckets = buckets_for(size, 1024);
    geometry.channel_buckets = buckets_for(size, 1024);
    geometry.subscription_buckets = buckets_for(size, 256);
    geometry.domain_buckets = buckets_for(size, 16384);
    geometry.browser_buckets = buckets_for(size, 2048);
    geometry.user_buckets = buckets_for(size, 2048);
    geometry.member_buckets = buckets_for(size, 2048);
    geometry.allowance_sets = buckets_for(size, 8192);
    const std::size_t fixed = offsets_of(geometry).end;
    if (fixed < size) {
        geometry.page_count =
            static_cast<std::uint32_t>((size - fixed) / (kPageSize + sizeof(PageInfo)));
    }
    while (geometry.page_count != 0 && offsets_of(geometry).end > size) {
        --geometry.page_count;
    }
    return geometry;
}

bool operator==(const Geometry& a, const Geometry& b) noexcept {
    return std::memcmp(&a, &b, sizeof(Geometry)) == 0;
}

// The part of the range that begins on a page and is used; apr_shm hands out addresses a few bytes
// behind one.
std::span<std::byte> aligned(std::span<std::byte> bytes) noexcept {
    void* start = bytes.data();
    std::size_t room = bytes.size();
    if (std::align(kPageSize, 1, start, room) == nullptr) {
        return {};
    }
    return {static_cast<std::byte*>(start), room};
}

void init_header(Header& header, std::span<std::byte> range, const Geometry& geometry,
                 const SegmentKeys& keys) noexcept {
    header.layout_version = kLayoutVersion;
    header.header_size = sizeof(Header);
    header.size = range.size();
    header.geometry = geometry;
    header.table_key = keys.table;
    header.browser_key = keys.browser;
    header.writer = {Operation::kRead, kNone};
    header.free_page_head = kNone;
    header.idle_head = header.idle_tail = ChannelIndex();
    header.dying_head = header.dying_tail = SessionIndex();
    header.jobs_head = header.jobs_tail = JobIndex();
    header.changed_head = header.changed_tail = MemberIndex();
    header.wheel.fill(SessionIndex());
    for (KindState& kind : header.kinds) {
        kind.partial_head = kNone;
    }
}

}  // namespace

Segment::Segment(std::byte* base, const Geometry& geometry) noexcept : geometry_(geometry) {
    const Offsets o = offsets_of(geometry);
    header_ = view_as<Header>(base);
    pages_ = view_as<PageInfo>(base + o.pages);
    children_ = view_as<ChildSlot>(base + o.children);
    session_buckets_ = view_as<SessionIndex>(base + o.session_buckets);
    channel_buckets_ = view_as<ChannelIndex>(base + o.channel_buckets);
    subscription_buckets_ = view_as<SubscriptionIndex>(base + o.subscription_buckets);
    domain_buckets_ = view_as<DomainIndex>(base + o.domain_buckets);
    browser_buckets_ = view_as<BrowserIndex>(base + o.browser_buckets);
    user_buckets_ = view_as<UserIndex>(base + o.user_buckets);
    member_buckets_ = view_as<MemberIndex>(base + o.member_buckets);
    allowance_sets_ = view_as<AllowanceSet>(base + o.allowance_sets);
    cells_ = base + o.cells;
}

Result<Segment> Segment::create(std::span<std::byte> bytes, std::uint32_t child_capacity,
                                const SegmentKeys& keys) {
    const auto range = aligned(bytes);
    if (bytes.size() < kMinSegment || bytes.size() > kMaxSegment) {
        return Error{ErrorCode::kInvalid, "the shared memory must have 1 MB to 16 GB"};
    }
    if (child_capacity == 0 || child_capacity > broker::kMaxChildren) {
        return Error{ErrorCode::kInvalid, "the shared memory serves 1 to 1024 children"};
    }
    const Geometry geometry = geometry_for(range.size(), child_capacity);
    if (geometry.page_count < 64) {
        return Error{ErrorCode::kInvalid, "the shared memory is too small for that many children"};
    }
    const Offsets o = offsets_of(geometry);
    // The cells need no clearing: no page has a kind yet, and a cell is cleared when first used.
    std::memset(range.data(), 0, o.cells);

    Segment segment(range.data(), geometry);
    Header& header = segment.header();
    init_header(header, range, geometry, keys);
    if (!init_mutex(header.mutex)) {
        return Error{ErrorCode::kInternal, "the system has no robust process-shared mutexes"};
    }
    for (ChildSlot& child : segment.children()) {
        child.due_head = child.due_tail = kNone;
        if (!init_mutex(child.alive)) {
            return Error{ErrorCode::kInternal, "the system has no robust process-shared mutexes"};
        }
    }
    std::ranges::fill(segment.session_buckets(), SessionIndex());
    std::ranges::fill(segment.channel_buckets(), ChannelIndex());
    std::ranges::fill(segment.subscription_buckets(), SubscriptionIndex());
    std::ranges::fill(segment.domain_buckets(), DomainIndex());
    std::ranges::fill(segment.browser_buckets(), BrowserIndex());
    std::ranges::fill(segment.user_buckets(), UserIndex());
    std::ranges::fill(segment.member_buckets(), MemberIndex());
    for (std::uint32_t page = geometry.page_count; page-- > 0;) {
        segment.pages()[page].next = header.free_page_head;
        header.free_page_head = page;
    }
    header.free_pages = geometry.page_count;
    store_in_order(header.magic, kMagic);
    return segment;
}

Result<Segment> Segment::attach(std::span<std::byte> bytes) {
    const auto range = aligned(bytes);
    if (range.size() < sizeof(Header)) {
        return Error{ErrorCode::kInvalid, "the shared memory is too small"};
    }
    const Header& header = *view_as<Header>(range.data());
    if (header.magic != kMagic || header.layout_version != kLayoutVersion ||
        header.header_size != sizeof(Header)) {
        return Error{ErrorCode::kInvalid, "the shared memory has another layout"};
    }
    if (header.size != range.size() ||
        !(header.geometry == geometry_for(range.size(), header.geometry.child_capacity))) {
        return Error{ErrorCode::kInvalid, "the shared memory has another size"};
    }
    return Segment(range.data(), header.geometry);
}

}  // namespace bayeux::store
