#include "loop/stream_output.hpp"

#include <span>
#include <utility>

#include "loop/stream_context.hpp"

namespace bayeux::loop {

StreamOutput::State StreamOutput::flush(TimePoint now) {
    const bool from_rest = pending_;
    std::string& text = from_rest ? rest_ : shared_;
    if (!from_rest && text.empty()) {
        return State::kWritten;
    }
    std::size_t sent = from_rest ? sent_ : 0;
    bool moved = !from_rest;
    // What has all been taken and has not left yet is offered once more, as nothing.
    do {
        const ByteStream::Result result = bytes_.write(std::span(text).subspan(sent));
        if (result.status == ByteStream::Status::kEnd) {
            drop();
            return State::kBroken;
        }
        if (result.status == ByteStream::Status::kLater || result.bytes == 0) {
            break;
        }
        moved = true;
        sent += result.bytes;
    } while (sent < text.size());
    const bool all = sent == text.size();
    if (all && bytes_.flushed()) {
        drop();
        return State::kWritten;
    }
    if (all) {
        rest_ = std::string();
        sent_ = 0;
    } else if (from_rest) {
        sent_ = sent;
    } else {
        rest_.assign(text, sent);
        sent_ = 0;
    }
    forget_shared();
    pending_ = true;
    if (moved) {
        stuck_since_ = now;
    }
    return State::kPending;
}

void StreamOutput::drop() noexcept {
    forget_shared();
    rest_ = std::string();
    sent_ = 0;
    pending_ = false;
}

void StreamOutput::forget_shared() noexcept {
    if (shared_.capacity() > StreamContext::kKeep) {
        shared_ = std::string();
    } else {
        shared_.clear();
    }
}

}  // namespace bayeux::loop
