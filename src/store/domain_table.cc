#include "store/domain_table.hpp"

#include "store/kill_point.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

// Ids are hashes already (strong_id.hpp), and only the configuration chooses them.
DomainIndex& bucket_of(const Locked& locked, std::uint64_t id) noexcept {
    const auto buckets = locked.segment().domain_buckets();
    return buckets[(id ^ (id >> 32U)) & (buckets.size() - 1)];
}

}  // namespace

DomainIndex find_domain(const Locked& locked, std::uint64_t id) noexcept {
    DomainIndex index = bucket_of(locked, id);
    while (index && locked.cell(index).id != id) {
        index = locked.cell(index).hash_next;
    }
    return index;
}

void link_domain(const Locked& locked, DomainIndex index) noexcept {
    Domain& domain = locked.cell(index);
    DomainIndex& bucket = bucket_of(locked, domain.id);
    domain.hash_next = bucket;
    bucket = index;
}

DomainIndex find_or_create_domain(const Locked& locked, std::uint64_t id) noexcept {
    const DomainIndex found = find_domain(locked, id);
    if (found) {
        return found;
    }
    const auto index = allocate<Domain>(locked);
    if (index) {
        Domain& domain = locked.cell(index);
        domain = Domain{kCellFree, 0, id, 0, DomainIndex()};
        link_domain(locked, index);
        BAYEUX_KILL_POINT("domain.linked");
        publish_cell(domain);
    }
    return index;
}

void release_unused_domain(const Locked& locked, DomainIndex index) noexcept {
    Domain& domain = locked.cell(index);
    if (domain.sessions != 0 || domain.channels != 0) {
        return;
    }
    retire_cell(domain);
    BAYEUX_KILL_POINT("domain.retired");
    DomainIndex* link = &bucket_of(locked, domain.id);
    while (*link && *link != index) {
        link = &locked.cell(*link).hash_next;
    }
    if (*link) {
        *link = domain.hash_next;
    }
    release(locked, index);
}

}  // namespace bayeux::store
