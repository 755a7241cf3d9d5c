// One call of a service: an internal POST to a local URL, apart from the connection that the
// message came on.
//
// The call outlives the request that it came with: the client's connection belongs to the loop
// again while a slow service works. So all that is needed of that request is copied into a pool
// with an allocator of its own, and the call runs on a connection of its own, which has no socket
// (service_exchange.hpp). In particular nothing of it reaches into the client's TLS.
#ifndef BAYEUX_HTTPD_SERVICE_REQUEST_HPP
#define BAYEUX_HTTPD_SERVICE_REQUEST_HPP

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "broker/service_call.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/service_exchange.hpp"
#include "httpd/services.hpp"

namespace bayeux::httpd {

class ServiceRequest {
  public:
    // Whoever owns `r`, which is only read. `cookie` is the name of the browser's cookie, which is
    // no business of services. nullptr without memory.
    [[nodiscard]] static std::unique_ptr<ServiceRequest> make(
        request_rec* r, const char* cookie, const Service& service,
        const std::vector<protocol::TemplateVariable>& variables, const broker::ServiceCall& call);
    ServiceRequest(const ServiceRequest&) = delete;
    ServiceRequest& operator=(const ServiceRequest&) = delete;
    ~ServiceRequest() { apr_pool_destroy(pool_); }

    struct Limits {
        std::size_t max_answer = 0;
        TimePoint deadline;
        // The worker does nothing else: it stands in the scoreboard with the call.
        bool own_worker = false;
    };
    // Runs the call, once; `data` outlives this. It takes as long as the service does.
    [[nodiscard]] ServiceAnswer run(std::string_view data, const Limits& limits,
                                    const Clock& clock) noexcept;

  private:
    ServiceRequest(apr_pool_t* pool, request_rec* r, const Service& service) noexcept;

    void copy_headers(const request_rec* r, const char* cookie);
    void copy_addresses(const request_rec* r) noexcept;
    // The same fact for scripts and for proxied programs. Nothing that would end a header.
    void tell(const char* header, std::string_view value);
    [[nodiscard]] conn_rec* make_connection(long id) noexcept;
    [[nodiscard]] request_rec* make_request(conn_rec* c, ServiceExchange& exchange,
                                            std::size_t length) noexcept;
    [[nodiscard]] int perform(request_rec* r) noexcept;

    apr_pool_t* const pool_;
    server_rec* const host_;
    const char* const url_;
    const char* const hostname_;
    char* const port_text_;
    const apr_port_t port_;
    void* const vhost_lookup_data_;
    const long connection_id_;
    ServiceCaller caller_;
    apr_table_t* headers_;
    apr_table_t* env_;
    apr_sockaddr_t* client_addr_ = nullptr;
    apr_sockaddr_t* local_addr_ = nullptr;
    apr_sockaddr_t* useragent_addr_ = nullptr;
    char* client_ip_ = nullptr;
    char* local_ip_ = nullptr;
    char* useragent_ip_ = nullptr;
};

// For a child, before there are workers: the socket that stands for one in its calls.
[[nodiscard]] bool prepare_service_requests(apr_pool_t* pchild) noexcept;

}  // namespace bayeux::httpd

#endif
