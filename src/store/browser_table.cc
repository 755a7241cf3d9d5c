#include "store/browser_table.hpp"

#include <cstddef>
#include <cstring>

#include "base/siphash.hpp"
#include "store/kill_point.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

BrowserIndex& bucket_of(const Locked& locked, std::uint32_t hash) noexcept {
    const auto buckets = locked.segment().browser_buckets();
    return buckets[hash & (buckets.size() - 1)];
}

BrowserIndex create_browser(const Locked& locked, const Session& session) noexcept {
    const auto index = allocate<Browser>(locked);
    if (index) {
        Browser& browser = locked.cell(index);
        browser = Browser{kCellFree,     0, session.domain, session.browser, session.browser_hash,
                          BrowserIndex()};
        link_browser(locked, index);
        BAYEUX_KILL_POINT("browser.linked");
        publish_cell(browser);
    }
    return index;
}

void destroy_browser(const Locked& locked, BrowserIndex index) noexcept {
    Browser& browser = locked.cell(index);
    retire_cell(browser);
    BAYEUX_KILL_POINT("browser.retired");
    BrowserIndex* link = &bucket_of(locked, browser.hash);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = browser.hash_next;
    }
    release(locked, index);
}

}  // namespace

std::uint32_t browser_hash(const Segment& segment, std::uint64_t domain,
                           const BrowserBytes& id) noexcept {
    std::array<std::byte, sizeof(domain) + sizeof(id)> text;
    std::memcpy(text.data(), &domain, sizeof(domain));
    std::memcpy(text.data() + sizeof(domain), id.data(), sizeof(id));
    return static_cast<std::uint32_t>(siphash(segment.header().table_key, text));
}

BrowserIndex find_browser(const Locked& locked, std::uint64_t domain, const BrowserBytes& id,
                          std::uint32_t hash) noexcept {
    for (BrowserIndex index = bucket_of(locked, hash); index;) {
        const Browser& browser = locked.cell(index);
        if (browser.hash == hash && browser.domain == domain && browser.id == id) {
            return index;
        }
        index = browser.hash_next;
    }
    return BrowserIndex();
}

bool take_place(const Locked& locked, SessionIndex index, std::uint32_t limit) noexcept {
    Session& session = locked.cell(index);
    if (limit == 0) {
        return false;
    }
    if (limit == broker::kUnlimited || session.has_browser == 0) {
        return true;
    }
    BrowserIndex browser =
        find_browser(locked, session.domain, session.browser, session.browser_hash);
    if (browser && locked.cell(browser).holds >= limit) {
        return false;
    }
    if (!browser) {
        browser = create_browser(locked, session);
    }
    // Without memory it is held uncounted: too few tabs that wait would be worse than too many.
    if (browser) {
        ++locked.cell(browser).holds;
        session.browser_cell = browser;
        BAYEUX_KILL_POINT("browser.counted");
        store_in_order(session.holds_place, std::uint8_t{1});
    }
    return true;
}

void leave_place(const Locked& locked, SessionIndex index) noexcept {
    Session& session = locked.cell(index);
    if (session.holds_place == 0) {
        return;
    }
    store_in_order(session.holds_place, std::uint8_t{0});
    BAYEUX_KILL_POINT("browser.left");
    const BrowserIndex browser = session.browser_cell;
    session.browser_cell = BrowserIndex();
    if (--locked.cell(browser).holds == 0) {
        destroy_browser(locked, browser);
    }
}

void link_browser(const Locked& locked, BrowserIndex index) noexcept {
    Browser& browser = locked.cell(index);
    BrowserIndex& bucket = bucket_of(locked, browser.hash);
    browser.hash_next = bucket;
    bucket = index;
}

}  // namespace bayeux::store
