#include "store/slab.hpp"

#include <cstring>

#include "store/kill_point.hpp"

namespace bayeux::store {

namespace {

// What a free cell holds.
struct FreeCell {
    std::uint32_t live;
    std::uint32_t next_slot;
};

FreeCell read_free(const Segment& segment, Kind kind, std::uint32_t page,
                   std::uint32_t slot) noexcept {
    FreeCell cell;
    std::memcpy(&cell, segment.raw_cell(kind, page, slot), sizeof(cell));
    return cell;
}

void write_free(const Segment& segment, Kind kind, std::uint32_t page, std::uint32_t slot,
                std::uint32_t next_slot) noexcept {
    const FreeCell cell{kCellFree, next_slot};
    std::memcpy(segment.raw_cell(kind, page, slot), &cell, sizeof(cell));
}

std::uint32_t cells_per_page(Kind kind) noexcept {
    return kPageSize / kCellSize[static_cast<std::size_t>(kind)];
}

KindState& state_of(const Locked& locked, Kind kind) noexcept {
    return locked.header().kinds[static_cast<std::size_t>(kind)];
}

void link_partial(const Locked& locked, Kind kind, std::uint32_t page) noexcept {
    const auto pages = locked.segment().pages();
    KindState& state = state_of(locked, kind);
    pages[page].prev = kNone;
    pages[page].next = state.partial_head;
    if (state.partial_head != kNone) {
        pages[state.partial_head].prev = page;
    }
    state.partial_head = page;
}

void unlink_partial(const Locked& locked, Kind kind, std::uint32_t page) noexcept {
    const auto pages = locked.segment().pages();
    const PageInfo& info = pages[page];
    if (info.prev != kNone) {
        pages[info.prev].next = info.next;
    } else {
        state_of(locked, kind).partial_head = info.next;
    }
    if (info.next != kNone) {
        pages[info.next].prev = info.prev;
    }
}

void push_free_page(const Locked& locked, std::uint32_t page) noexcept {
    Header& header = locked.header();
    PageInfo& info = locked.segment().pages()[page];
    store_in_order(info.kind, Kind::kFree);
    BAYEUX_KILL_POINT("slab.page_returned");
    info.used = 0;
    info.bump = 0;
    info.free_head = kNoSlot;
    info.prev = kNone;
    info.next = header.free_page_head;
    header.free_page_head = page;
    ++header.free_pages;
}

// The last pages are for what is on its way to those who are there: before they fall silent, who
// comes anew and who wants more channels is refused.
bool may_take_page(const Header& header, Kind kind) noexcept {
    const bool carries = kind == Kind::kQueueEntry || kind == Kind::kBlock || kind == Kind::kJob;
    return header.free_pages > (carries ? 0 : reserved_pages(header.geometry));
}

// A page of the pool becomes the kind's; kNone if there is none for it.
std::uint32_t take_free_page(const Locked& locked, Kind kind) noexcept {
    Header& header = locked.header();
    if (!may_take_page(header, kind)) {
        return kNone;
    }
    const std::uint32_t page = header.free_page_head;
    PageInfo& info = locked.segment().pages()[page];
    header.free_page_head = info.next;
    --header.free_pages;
    info.used = 0;
    info.bump = 0;
    info.free_head = kNoSlot;
    BAYEUX_KILL_POINT("slab.page_taken");
    // Last, so that no cell of another kind is ever taken for one of this kind.
    store_in_order(info.kind, kind);
    BAYEUX_KILL_POINT("slab.page_has_kind");
    ++state_of(locked, kind).pages;
    link_partial(locked, kind, page);
    return page;
}

}  // namespace

std::uint32_t allocate_cell(const Locked& locked, Kind kind) noexcept {
    KindState& state = state_of(locked, kind);
    std::uint32_t page = state.partial_head;
    if (page == kNone) {
        page = take_free_page(locked, kind);
        if (page == kNone) {
            return kNone;
        }
    }
    PageInfo& info = locked.segment().pages()[page];
    std::uint32_t slot = info.free_head;
    if (slot != kNoSlot) {
        const FreeCell cell = read_free(locked.segment(), kind, page, slot);
        info.free_head = static_cast<std::uint16_t>(cell.next_slot);
    } else {
        slot = info.bump;
        write_free(locked.segment(), kind, page, slot, kNoSlot);
        store_in_order(info.bump, static_cast<std::uint16_t>(slot + 1));
    }
    BAYEUX_KILL_POINT("slab.cell_taken");
    ++info.used;
    ++state.used;
    if (info.used == cells_per_page(kind)) {
        unlink_partial(locked, kind, page);
    }
    return Index<FreeCell>(page, slot).value;
}

void release_cell(const Locked& locked, Kind kind, std::uint32_t index) noexcept {
    const std::uint32_t page = Index<FreeCell>(index).page();
    const std::uint32_t slot = Index<FreeCell>(index).slot();
    PageInfo& info = locked.segment().pages()[page];
    KindState& state = state_of(locked, kind);
    write_free(locked.segment(), kind, page, slot, info.free_head);
    BAYEUX_KILL_POINT("slab.cell_released");
    info.free_head = static_cast<std::uint16_t>(slot);
    const bool was_full = info.used == cells_per_page(kind);
    --info.used;
    --state.used;
    if (info.used == 0) {
        if (!was_full) {
            unlink_partial(locked, kind, page);
        }
        --state.pages;
        push_free_page(locked, page);
    } else if (was_full) {
        link_partial(locked, kind, page);
    }
}

std::uint32_t pages_for(const Locked& locked, Kind kind, std::uint64_t count) noexcept {
    const KindState& state = state_of(locked, kind);
    const std::uint64_t per_page = cells_per_page(kind);
    const std::uint64_t spare = state.pages * per_page - state.used;
    return count <= spare ? 0
                          : static_cast<std::uint32_t>((count - spare + per_page - 1) / per_page);
}

void reset_pages(const Locked& locked) noexcept {
    Header& header = locked.header();
    header.free_page_head = kNone;
    header.free_pages = 0;
    for (KindState& state : header.kinds) {
        state = {kNone, 0, 0, 0};
    }
}

void rebuild_page(const Locked& locked, std::uint32_t page) noexcept {
    const Segment& segment = locked.segment();
    PageInfo& info = segment.pages()[page];
    const Kind kind = info.kind;
    info.used = 0;
    info.free_head = kNoSlot;
    for (std::uint32_t slot = info.bump; kind != Kind::kFree && slot-- > 0;) {
        if (read_free(segment, kind, page, slot).live == kCellLive) {
            ++info.used;
        } else {
            write_free(segment, kind, page, slot, info.free_head);
            info.free_head = static_cast<std::uint16_t>(slot);
        }
    }
    if (info.used == 0) {
        push_free_page(locked, page);
        return;
    }
    KindState& state = state_of(locked, kind);
    ++state.pages;
    state.used += info.used;
    if (info.used < cells_per_page(kind)) {
        link_partial(locked, kind, page);
    }
}

}  // namespace bayeux::store
