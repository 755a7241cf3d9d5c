#include "protocol/deflate.hpp"

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace bayeux::protocol {

namespace {

// The end of every message, which is not sent (RFC 7692 7.2.1): an empty block without compression.
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);

// More than zlib can count is no message of ours.
constexpr std::size_t kMaxInput = std::numeric_limits<uInt>::max() / 2;

void set_input(z_stream& stream, std::string_view input) noexcept {
    // zlib reads from it only.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
}

// Gives zlib the bytes of `out` from `at` on; how many it has filled is told by filled().
void set_output(z_stream& stream, std::string& out, std::size_t at) noexcept {
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = static_cast<uInt>(std::min(out.size() - at, kMaxInput));
}

std::size_t filled(const z_stream& stream, const std::string& out) noexcept {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(stream.next_out) - out.data());
}

// --- inflating ---

// z_stream::data_type after a call of inflate(): it stands between two blocks, none of them the
// last, and no bit of a byte is left over.
constexpr int kBetweenBlocks = 128;

class Inflation {
  public:
    Inflation(std::size_t limit, std::string& out) noexcept
        : out_(out), begin_(out.size()), at_(out.size()), limit_(limit) {}
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;
    ~Inflation() {
        if (initialised_) {
            inflateEnd(&stream_);
        }
    }

    Inflater::Result run(std::string_view compressed) {
        // Raw, without zlib's head; the client was not asked for a smaller window than the largest.
        initialised_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
        if (!initialised_) {
            return Inflater::Result::kNoMemory;
        }
        grow(compressed.size());
        Inflater::Result result = take(compressed);
        if (result == Inflater::Result::kDone) {
            result = take_tail();
        }
        out_.resize(result == Inflater::Result::kDone ? at_ : begin_);
        return result;
    }

  private:
    // Room for as much as there is already, but never for more than one byte above the limit.
    void grow(std::size_t at_least) {
        constexpr std::size_t kLeast = 512;
        const std::size_t have = at_ - begin_;
        const std::size_t more = std::max({kLeast, have, std::min(at_least, limit_) * 2});
        out_.resize(at_ + std::min(more, limit_ + 1 - have));
    }

    // Inflates all of `input` or up to the end of the deflate stream; then `rest_` is behind it.
    Inflater::Result take(std::string_view input) {
        set_input(stream_, input);
        while (true) {
            set_output(stream_, out_, at_);
            const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
            at_ = filled(stream_, out_);
            if (at_ - begin_ > limit_) {
                return Inflater::Result::kTooLarge;
            }
            if (status == Z_STREAM_END) {
                ended_ = true;
                rest_ = input.substr(input.size() - stream_.avail_in);
                return Inflater::Result::kDone;
            }
            if (status == Z_MEM_ERROR) {
                return Inflater::Result::kNoMemory;
            }
            if (status != Z_OK && status != Z_BUF_ERROR) {
                return Inflater::Result::kInvalid;
            }
            if (stream_.avail_out != 0) {
                return Inflater::Result::kDone;
            }
            grow(0);
        }
    }

    // A client that ends its message with a final block (RFC 7692 7.2.3.5) adds a byte of zero, so
    // that the tail is one block with it.
    Inflater::Result take_tail() {
        if (ended_) {
            return rest_ == kTail.substr(0, 1) ? Inflater::Result::kDone
                                               : Inflater::Result::kInvalid;
        }
        const Inflater::Result result = take(kTail);
        const bool whole = ended_ ? rest_.empty() : stream_.data_type == kBetweenBlocks;
        return result != Inflater::Result::kDone || whole ? result : Inflater::Result::kInvalid;
    }

    z_stream stream_{};
    std::string& out_;
    const std::size_t begin_;
    std::size_t at_;  // the end of what is inflated
    const std::size_t limit_;
    std::string_view rest_;
    bool ended_ = false;
    bool initialised_ = false;
};

// --- deflating ---

class Deflation {
  public:
    explicit Deflation(std::size_t length) noexcept {
        // What is too small to need the whole window, and its tables, does not pay for clearing
        // them. 256 is too small for raw deflate (zlib's manual, deflateInit2).
        int window = 9;
        while (window < MAX_WBITS && (std::size_t{1} << static_cast<unsigned>(window)) < length) {
            ++window;
        }
        const int memory = window - 7;
        initialised_ = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, -window, memory,
                                    Z_DEFAULT_STRATEGY) == Z_OK;
    }
    Deflation(const Deflation&) = delete;
    Deflation& operator=(const Deflation&) = delete;
    ~Deflation() {
        if (initialised_) {
            deflateEnd(&stream_);
        }
    }

    bool run(std::string_view message, std::string& out) {
        if (!initialised_) {
            return false;
        }
        const std::size_t begin = out.size();
        out.resize(begin + deflateBound(&stream_, message.size()) + kTail.size());
        set_input(stream_, message);
        std::size_t end = begin;
        while (true) {
            set_output(stream_, out, end);
            const int status = ::deflate(&stream_, Z_SYNC_FLUSH);
            end = filled(stream_, out);
            if (status != Z_OK || stream_.avail_out != 0) {
                break;
            }
            out.resize(out.size() * 2);
        }
        const std::string_view made = std::string_view(out).substr(begin, end - begin);
        const bool done = stream_.avail_in == 0 && made.ends_with(kTail);
        out.resize(done ? end - kTail.size() : begin);
        return done;
    }

  private:
    z_stream stream_{};
    bool initialised_ = false;
};

}  // namespace

Inflater::Result Inflater::inflate(std::string_view compressed, std::size_t limit,
                                   std::string& out) {
    return compressed.size() > kMaxInput ? Result::kTooLarge
                                         : Inflation(limit, out).run(compressed);
}

bool deflate_message(std::string_view message, std::string& out) {
    return message.size() <= kMaxInput && Deflation(message.size()).run(message, out);
}

}  // namespace bayeux::protocol
