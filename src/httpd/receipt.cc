#include "httpd/receipt.hpp"

#include "broker/settlement.hpp"
#include "httpd/boundary.hpp"
#include "httpd/module_state.hpp"

namespace bayeux::httpd {
namespace {

apr_status_t settle(void* data) noexcept {
    auto& receipt = *static_cast<Receipt*>(data);
    Child* child = this_child();
    if (child == nullptr) {
        return APR_SUCCESS;  // the process ends; its siblings give back what it held
    }
    const conn_rec* c = receipt.r->connection;
    const bool written = receipt.handed_over && (c->master != nullptr || c->aborted == 0);
    guard("receipt", [&] {
        broker::settle(child->store(), receipt.events_of, receipt.connect, written,
                       child->clock().now());
    });
    return APR_SUCCESS;
}

}  // namespace

void Receipt::hand_over() noexcept {
    handed_over = r->connection->master == nullptr || r->connection->aborted == 0;
    settle_stream();
}

void Receipt::settle_stream() noexcept {
    if (r->connection->master != nullptr) {
        apr_pool_cleanup_run(r->pool, this, settle);  // once: it unregisters itself
    }
}

Receipt* new_receipt(request_rec* r) {
    auto* receipt = pool_new<Receipt>(r->pool);
    receipt->r = r;
    apr_pool_cleanup_register(r->pool, receipt, settle, apr_pool_cleanup_null);
    return receipt;
}

}  // namespace bayeux::httpd
