#include "httpd/passing_request.hpp"

namespace bayeux::httpd {

PassingRequest::PassingRequest(request_rec* r) noexcept : copy_(*r) {
    apr_pool_create(&pool_, r->pool);
    apr_pool_tag(pool_, "bayeux_ask");
    copy_.pool = pool_;
    copy_.subprocess_env = apr_table_copy(pool_, r->subprocess_env);
    copy_.notes = apr_table_copy(pool_, r->notes);
    copy_.headers_out = apr_table_copy(pool_, r->headers_out);
    copy_.err_headers_out = apr_table_copy(pool_, r->err_headers_out);
    // Modules keep what they found out for a request in here (mod_dbd: a connection, given back
    // when the pool goes).
    copy_.request_config = ap_create_request_config(pool_);
    for (const module* m = ap_top_module; m != nullptr; m = m->next) {
        ap_set_module_config(copy_.request_config, m, ap_get_module_config(r->request_config, m));
    }
}

}  // namespace bayeux::httpd
