// Makes the segment whole after a writer was killed in the middle of a change: everything derived
// is built again from the records that are live. Total, whatever lies in memory; allocates nothing.
#ifndef BAYEUX_STORE_REPAIR_HPP
#define BAYEUX_STORE_REPAIR_HPP

namespace bayeux::store {

class Locked;

void repair(const Locked& locked) noexcept;

}  // namespace bayeux::store

#endif
