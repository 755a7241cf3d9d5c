#include "store/message_body.hpp"

#include <algorithm>
#include <cstring>

#include "store/kill_point.hpp"
#include "store/slab.hpp"

namespace bayeux::store {

namespace {

void free_chain(const Locked& locked, BlockIndex index) noexcept {
    while (index) {
        Block& block = locked.cell(index);
        const BlockIndex next = block.next;
        retire_cell(block);
        BAYEUX_KILL_POINT("message.block_retired");
        release(locked, index);
        index = next;
    }
}

}  // namespace

std::uint64_t pages_needed(const Locked& locked, std::uint64_t sessions,
                           std::size_t length) noexcept {
    return std::uint64_t{pages_for(locked, Kind::kQueueEntry, sessions)} +
           pages_for(locked, Kind::kBlock, blocks_for(length));
}

BlockIndex store_message(const Locked& locked, std::string_view text) noexcept {
    BlockIndex first;
    BlockIndex last;
    std::size_t done = 0;
    do {
        const auto index = allocate<Block>(locked);
        if (!index) {
            free_chain(locked, first);
            return BlockIndex();
        }
        Block& block = locked.cell(index);
        const std::size_t part = std::min<std::size_t>(text.size() - done, Block::kData);
        block.next = BlockIndex();
        block.references = first ? 0 : 1;
        block.length = first ? 0 : static_cast<std::uint32_t>(text.size());
        std::memcpy(block.data.data(), text.data() + done, part);
        done += part;
        publish_cell(block);
        BAYEUX_KILL_POINT("message.block_live");
        (first ? locked.cell(last).next : first) = index;
        last = index;
    } while (done < text.size());
    return first;
}

void drop_reference(const Locked& locked, BlockIndex message) noexcept {
    if (--locked.cell(message).references == 0) {
        free_chain(locked, message);
    }
}

char* copy_message(const Locked& locked, BlockIndex message, char* out) noexcept {
    std::size_t left = locked.cell(message).length;
    while (message && left != 0) {
        const Block& block = locked.cell(message);
        const std::size_t part = std::min<std::size_t>(left, Block::kData);
        std::memcpy(out, block.data.data(), part);
        out += part;
        left -= part;
        message = block.next;
    }
    return out;
}

}  // namespace bayeux::store
