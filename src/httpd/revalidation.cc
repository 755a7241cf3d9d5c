#include "httpd/revalidation.hpp"

#include <httpd.h>

#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/hidden_secrets.hpp"

namespace bayeux::httpd {
namespace {

// What post_read_request found out is copied instead of run again: the MPM's hook would make the
// connection remember this request, which goes.
request_rec* same_head(const request_rec* r) noexcept {
    request_rec* again = ap_create_request(r->connection);
    apr_pool_t* pool = again->pool;
    again->server = r->server;
    again->per_dir_config = r->server->lookup_defaults;
    again->request_time = apr_time_now();
    again->the_request = apr_pstrdup(pool, r->the_request);
    again->method = apr_pstrdup(pool, r->method);
    again->method_number = r->method_number;
    again->protocol = apr_pstrdup(pool, r->protocol);
    again->proto_num = r->proto_num;
    again->hostname = apr_pstrdup(pool, r->hostname);
    again->log_id = apr_pstrdup(pool, r->log_id);
    again->useragent_addr = r->useragent_addr;
    again->useragent_ip = r->useragent_ip;
    again->headers_in = apr_table_clone(pool, r->headers_in);
    again->subprocess_env = apr_table_clone(pool, r->subprocess_env);
    ap_parse_uri(again, apr_pstrdup(pool, whole_uri(r)));
    return again;
}

}  // namespace

loop::Standing ask_httpd_again(const request_rec* r, std::string_view user) noexcept {
    request_rec* again = same_head(r);
    const int status = ap_process_request_internal(again);
    loop::Standing standing = loop::Standing::kGood;
    if (ap_is_HTTP_SERVER_ERROR(status)) {
        standing = loop::Standing::kUnknown;
    } else if (status != OK || again->user == nullptr || again->user != user) {
        standing = loop::Standing::kRefused;
    }
    if (standing != loop::Standing::kGood) {
        ap_log_cerror(APLOG_MARK, APLOG_INFO, 0, r->connection,
                      "closing the stream of user %s to %s: its login was checked again, and httpd "
                      "answers %d now",
                      r->user, r->uri, status);
    }
    apr_pool_destroy(again->pool);
    return standing;
}

}  // namespace bayeux::httpd
