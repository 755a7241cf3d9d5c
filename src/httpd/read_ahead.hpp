// What has come of an adopted connection's next request, gathered without blocking: no worker waits
// for a client that is slow to send one (S15).
//
// It is an input filter in front of the connection's others, TLS too: it gives out what it holds
// and then passes on what they have. Used by the one thread that owns the connection.
#ifndef BAYEUX_HTTPD_READ_AHEAD_HPP
#define BAYEUX_HTTPD_READ_AHEAD_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <httpd.h>

#include <util_filter.h>

#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

class ReadAhead {
  public:
    // A request that is longer is httpd's to read, on a worker: messages of BayeuxMaxMessageSize's
    // default, with their head, are not.
    static constexpr std::size_t kLimit = std::size_t{96} << 10U;

    enum class State : std::uint8_t {
        kNothing,
        kPart,
        kWhole,  // or what httpd has to refuse, or too long to be gathered
        kEnd,    // of the stream
    };

    // Puts the filter in its place. Once.
    void attach(conn_rec* c);
    [[nodiscard]] State gather() noexcept;
    // Bytes that were read from the connection past this filter, while it held nothing.
    void put_back(std::string_view bytes);
    // All that it holds; empty if that is more than `limit` bytes.
    [[nodiscard]] std::string text(std::size_t limit) const;
    [[nodiscard]] bool empty() const noexcept;
    // The rest has not come in time: who reads on is told so, and does not wait.
    void give_up() noexcept { late_ = true; }
    void be_patient() noexcept { late_ = false; }

  private:
    friend struct ReadAheadFilter;

    [[nodiscard]] bool is_whole() const noexcept;
    [[nodiscard]] State take_fresh(bool& took) noexcept;

    ap_filter_t* filter_ = nullptr;
    apr_bucket_brigade* kept_ = nullptr;
    apr_bucket_brigade* fresh_ = nullptr;
    bool late_ = false;
};

}  // namespace bayeux::httpd

#endif
