#include "store/store_lock.hpp"

#include "store/kill_point.hpp"
#include "store/repair.hpp"
#include "store/robust_mutex.hpp"

namespace bayeux::store {

namespace {

void set_operation(Header& header, Operation operation) noexcept {
    store_in_order(header.writer.operation, operation);
}

}  // namespace

Locked::Locked(const Segment& segment, Operation operation, TimePoint now, broker::WakeSet& wake,
               Farewells* farewells) noexcept
    : segment_(segment), now_(now.time_since_epoch().count()), wake_(wake), farewells_(farewells) {
    const Acquired acquired = lock_mutex(header().mutex);
    if (++header().holds % kHoldsPerSample == 0) {
        since_ = std::chrono::steady_clock::now();
    }
    if (acquired == Acquired::kOwnerDied && header().writer.operation != Operation::kRead) {
        set_operation(header(), Operation::kRepair);
        repair(*this);
        ++header().counters.repairs;
    }
    header().writer.session = kNone;
    set_operation(header(), operation);
    BAYEUX_KILL_POINT("lock.entered");
}

Locked::~Locked() {
    BAYEUX_KILL_POINT("lock.leaving");
    set_operation(header(), Operation::kRead);
    if (since_) {
        header().hold_times.count(std::chrono::steady_clock::now() - *since_);
    }
    unlock_mutex(header().mutex);
}

}  // namespace bayeux::store
