#include "store/verify_pages.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace bayeux::store {

namespace {

std::string in_page(const char* text, std::uint32_t page) {
    return std::string(text) + ": page " + std::to_string(page);
}

std::string check_page(const Locked& locked, std::uint32_t page) {
    const Segment& segment = locked.segment();
    const PageInfo& info = segment.pages()[page];
    if (static_cast<std::size_t>(info.kind) >= kKinds) {
        return in_page("V2 a page of no kind", page);
    }
    if (info.kind == Kind::kFree) {
        return info.used == 0 && info.bump == 0 ? "" : in_page("V2 a used page in the pool", page);
    }
    std::vector<char> seen(256, 0);
    std::uint32_t free_cells = 0;
    for (std::uint32_t slot = info.free_head; slot != kNoSlot; ++free_cells) {
        if (slot >= info.bump || seen[slot] != 0) {
            return in_page("V2 a free list that leads astray", page);
        }
        seen[slot] = 1;
        std::array<std::uint32_t, 2> words{};
        const std::byte* const cell = segment.raw_cell(info.kind, page, slot);
        std::copy_n(cell, sizeof(words), std::as_writable_bytes(std::span(words)).data());
        if (words[0] != kCellFree) {
            return in_page("V2 a live cell in the free list", page);
        }
        slot = words[1];
    }
    if (info.used + free_cells != info.bump) {
        return in_page("V2 cells are missing in a page", page);
    }
    for (std::uint32_t slot = 0; slot < info.bump; ++slot) {
        const auto* const live = view_as<std::uint32_t>(segment.raw_cell(info.kind, page, slot));
        if (seen[slot] == 0 && *live != kCellLive) {
            return in_page("V2 a cell that is neither free nor live", page);
        }
    }
    return info.used != 0 ? "" : in_page("V2 an unused page that is not in the pool", page);
}

}  // namespace

std::string check_V2_pages(const Locked& locked) {
    std::string wrong;
    const auto count = static_cast<std::uint32_t>(locked.segment().pages().size());
    for (std::uint32_t page = 0; wrong.empty() && page < count; ++page) {
        wrong = check_page(locked, page);
    }
    return wrong;
}

std::string check_V3_page_lists(const Locked& locked) {
    const auto pages = locked.segment().pages();
    const Header& header = locked.header();
    std::vector<char> listed(pages.size(), 0);
    std::uint32_t free_pages = 0;
    for (std::uint32_t page = header.free_page_head; page != kNone; page = pages[page].next) {
        if (page >= pages.size() || listed[page] != 0 || pages[page].kind != Kind::kFree) {
            return "V3 the pool's list leads astray";
        }
        listed[page] = 1;
        ++free_pages;
    }
    std::array<KindState, kKinds> sums{};
    for (const PageInfo& page : pages) {
        ++sums[static_cast<std::size_t>(page.kind)].pages;
        sums[static_cast<std::size_t>(page.kind)].used += page.used;
    }
    if (free_pages != header.free_pages || free_pages != sums[0].pages) {
        return "V3 the pool's count is wrong";
    }
    for (std::size_t kind = 1; kind < kKinds; ++kind) {
        if (sums[kind].pages != header.kinds[kind].pages ||
            sums[kind].used != header.kinds[kind].used) {
            return "V3 the totals of a kind are wrong: " + std::to_string(kind);
        }
        std::uint32_t before = kNone;
        for (std::uint32_t page = header.kinds[kind].partial_head; page != kNone;
             page = pages[page].next) {
            if (page >= pages.size() || listed[page] != 0 || pages[page].prev != before ||
                static_cast<std::size_t>(pages[page].kind) != kind ||
                pages[page].used == kPageSize / kCellSize[kind]) {
                return "V3 a kind's list leads astray: " + std::to_string(kind);
            }
            listed[page] = 1;
            before = page;
        }
    }
    for (std::uint32_t page = 0; page < pages.size(); ++page) {
        const auto kind = static_cast<std::size_t>(pages[page].kind);
        if (listed[page] == 0 && pages[page].used != kPageSize / kCellSize[kind]) {
            return in_page("V3 a page with free cells in no list", page);
        }
    }
    return {};
}

}  // namespace bayeux::store
