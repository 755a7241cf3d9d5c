// The connection of a service call, which has no client: what the service reads from it, and what
// it writes to it.
#ifndef BAYEUX_HTTPD_SERVICE_EXCHANGE_HPP
#define BAYEUX_HTTPD_SERVICE_EXCHANGE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "httpd/httpd_api.hpp"

namespace bayeux::httpd {

// Who calls, as httpd found out for the request that the message came with.
struct ServiceCaller {
    char* user = nullptr;       // nullptr: nobody was asked
    char* auth_type = nullptr;  // by which kind of authentication,
    const char* realm = "";     // and of which realm (AuthName)
    bool tls = false;
};

// What a service said, or why it has not.
struct ServiceAnswer {
    enum class Flaw : std::uint8_t { kNone, kTooLarge, kBroken, kLate };

    int status = 0;  // of HTTP
    std::string body;
    Flaw flaw = Flaw::kNone;
};

// Of the one worker that runs the call.
class ServiceExchange {
  public:
    // `data` is what the service reads, and outlives this.
    ServiceExchange(std::string_view data, std::size_t max_answer, TimePoint deadline,
                    const Clock& clock, const ServiceCaller& caller) noexcept
        : unread_(data),
          max_answer_(max_answer),
          deadline_(deadline),
          clock_(clock),
          caller_(caller) {}

    // A connection without filters.
    void attach(conn_rec* c) noexcept;
    // The first request on it, before it has filters of its own.
    void attach(request_rec* r) noexcept;

    [[nodiscard]] ServiceAnswer& answer() noexcept { return answer_; }
    [[nodiscard]] const ServiceCaller& caller() const noexcept { return caller_; }

  private:
    friend struct ServiceFilters;

    apr_status_t read(ap_filter_t* f, apr_bucket_brigade* bb, ap_input_mode_t mode, apr_off_t most);
    apr_status_t collect(ap_filter_t* f, apr_bucket_brigade* bb);
    apr_status_t take(apr_bucket* b);
    apr_status_t give_up(ap_filter_t* f, ServiceAnswer::Flaw flaw) noexcept;

    std::string_view unread_;
    const std::size_t max_answer_;
    const TimePoint deadline_;
    const Clock& clock_;
    const ServiceCaller& caller_;
    ServiceAnswer answer_;
};

// nullptr for any other connection.
[[nodiscard]] ServiceExchange* exchange_of(const conn_rec* c) noexcept;

// With the module's other filters.
void register_service_filters() noexcept;

}  // namespace bayeux::httpd

#endif
