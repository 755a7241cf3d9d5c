#include "httpd/request_memo.hpp"

#include <cstring>
#include <utility>

#include <httpd.h>

#include <http_request.h>

#include "bayeux_module.h"
#include "httpd/hidden_secrets.hpp"

namespace bayeux::httpd {
namespace {

using Field = const char* request_rec::*;
using WritableField = char* request_rec::*;
using Table = apr_table_t* request_rec::*;

constexpr Field kFields[] = {&request_rec::hostname, &request_rec::method, &request_rec::handler,
                             &request_rec::content_type, &request_rec::log_id};
constexpr WritableField kWritableFields[] = {
    &request_rec::the_request, &request_rec::protocol, &request_rec::unparsed_uri,
    &request_rec::uri,         &request_rec::filename, &request_rec::path_info,
    &request_rec::args,        &request_rec::user,     &request_rec::ap_auth_type};
constexpr Table kTables[] = {&request_rec::headers_in, &request_rec::headers_out,
                             &request_rec::err_headers_out, &request_rec::subprocess_env};

// Before each text, as there are fields without one; and behind the last entry of a table.
constexpr char kHere = 't';
constexpr char kNone = '-';

void append(std::string& texts, const char* text) {
    texts += text != nullptr ? kHere : kNone;
    if (text != nullptr) {
        texts.append(text, std::strlen(text) + 1);
    }
}

void append(std::string& texts, const apr_table_t* table) {
    const apr_array_header_t* entries = apr_table_elts(table);
    const void* first = entries->elts;
    const auto* entry = static_cast<const apr_table_entry_t*>(first);
    for (int i = 0; i < entries->nelts; ++i) {
        append(texts, entry[i].key);
        append(texts, entry[i].val);
    }
    texts += kNone;
}

char* take(char*& texts) noexcept {
    if (*texts++ == kNone) {
        return nullptr;
    }
    return std::exchange(texts, texts + std::strlen(texts) + 1);
}

apr_table_t* take_table(apr_pool_t* pool, char*& texts) noexcept {
    apr_table_t* table = apr_table_make(pool, 8);
    while (const char* key = take(texts)) {
        apr_table_addn(table, key, take(texts));
    }
    return table;
}

// The core's own state is made anew, and ours is none.
bool has_state_of_modules(const request_rec* r) noexcept {
    for (const module* m = ap_top_module; m != nullptr; m = m->next) {
        if (m->module_index != AP_CORE_MODULE_INDEX && m != &bayeux_module &&
            ap_get_module_config(r->request_config, m) != nullptr) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::unique_ptr<const RequestMemo> RequestMemo::of(const request_rec* r) {
    if (r->main != nullptr || r->prev != nullptr || r->next != nullptr ||
        apr_is_empty_table(r->notes) == 0 || has_state_of_modules(r) ||
        r->useragent_ip != r->connection->client_ip) {
        return nullptr;
    }
    std::unique_ptr<RequestMemo> memo(new RequestMemo);
    std::string texts;
    for (const Field field : kFields) {
        append(texts, r->*field);
    }
    for (const WritableField field : kWritableFields) {
        append(texts, r->*field);
    }
    for (const Table table : kTables) {
        append(texts, r->*table);
    }
    append(texts, whole_uri(r) != r->unparsed_uri ? whole_uri(r) : nullptr);
    memo->texts_ = texts;  // as long as it must be, and no longer
    memo->server_ = r->server;
    memo->time_ = r->request_time;
    memo->bytes_sent_ = r->bytes_sent;
    memo->method_number_ = r->method_number;
    memo->proto_num_ = r->proto_num;
    memo->status_ = r->status;
    return memo;
}

request_rec* RequestMemo::revive(conn_rec* c) const {
    request_rec* r = ap_create_request(c);
    apr_pool_t* pool = r->pool;
    r->server = server_;
    r->per_dir_config = server_->lookup_defaults;
    r->request_time = time_;
    r->bytes_sent = bytes_sent_;
    r->method_number = method_number_;
    r->proto_num = proto_num_;
    r->status = status_;
    r->status_line = ap_get_status_line(status_);
    auto* texts = static_cast<char*>(apr_pmemdup(pool, texts_.data(), texts_.size()));
    for (const Field field : kFields) {
        r->*field = take(texts);
    }
    for (const WritableField field : kWritableFields) {
        r->*field = take(texts);
    }
    for (const Table table : kTables) {
        r->*table = take_table(pool, texts);
    }
    if (const char* uri = take(texts)) {
        give_whole_uri(r, uri);
    }
    // No response is written with it.
    r->output_filters = r->proto_output_filters = c->output_filters;
    return r;
}

}  // namespace bayeux::httpd
