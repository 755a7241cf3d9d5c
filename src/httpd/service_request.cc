#include "httpd/service_request.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <new>
#include <string>

#include <httpd.h>

#include <http_connection.h>
#include <http_request.h>
#include <scoreboard.h>

#include "httpd/adoption_workers.hpp"
#include "httpd/boundary.hpp"
#include "protocol/service_answer.hpp"

namespace bayeux::httpd {
namespace {

// Modules may ask a connection for its socket, and change that: it must not be the client's.
apr_socket_t* no_socket = nullptr;

// Of the client's request to us, not of ours to the service: its body, what it accepts, conditions,
// and what belongs to one connection only.
constexpr std::array<const char*, 15> kWithheld = {"Accept",           "Accept-Encoding",
                                                   "Connection",       "Content-Encoding",
                                                   "Content-Length",   "Content-Type",
                                                   "Expect",           "Keep-Alive",
                                                   "Proxy-Connection", "Range",
                                                   "Request-Range",    "TE",
                                                   "Trailer",          "Transfer-Encoding",
                                                   "Upgrade"};
// Ours begin with the last one: nobody else may write them (S6).
constexpr std::array<const char*, 4> kWithheldBegin = {"If-", "Sec-WebSocket-", "HTTP2-", "Bayeux"};

bool is_withheld(const char* name) noexcept {
    return std::any_of(kWithheld.begin(), kWithheld.end(),
                       [&](const char* other) { return strcasecmp(name, other) == 0; }) ||
           std::any_of(kWithheldBegin.begin(), kWithheldBegin.end(), [&](const char* begin) {
               return strncasecmp(name, begin, std::strlen(begin)) == 0;
           });
}

// A Cookie header without the one of this name; nullptr if nothing else was in it.
const char* without_cookie(apr_pool_t* pool, const char* cookies, std::string_view name) {
    std::string kept;
    for (std::string_view rest = cookies; !rest.empty();) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        std::string_view one = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (!one.empty() && one.substr(0, one.find('=')) != name) {
            kept += kept.empty() ? "" : "; ";
            kept += one;
        }
    }
    return kept.empty() ? nullptr : apr_pstrmemdup(pool, kept.data(), kept.size());
}

bool may_be_header(std::string_view value) noexcept {
    return std::none_of(value.begin(), value.end(),
                        [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; });
}

// "BAYEUX_VAR_ID" of "Bayeux-Var-id".
char* as_variable(apr_pool_t* pool, const char* header) noexcept {
    char* name = apr_pstrdup(pool, header);
    for (char* c = name; *c != '\0'; ++c) {
        *c = *c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
    }
    return name;
}

apr_sockaddr_t* copy_of(apr_pool_t* pool, const apr_sockaddr_t* address) noexcept {
    apr_sockaddr_t* copy = nullptr;
    if (address != nullptr) {
        apr_sockaddr_info_copy(&copy, address, pool);
    }
    return copy;
}

// With an allocator of its own: no other thread has anything to do with it.
apr_pool_t* make_pool() noexcept {
    apr_allocator_t* allocator = nullptr;
    apr_pool_t* pool = nullptr;
    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return nullptr;
    }
    if (apr_pool_create_unmanaged_ex(&pool, nullptr, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return nullptr;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "bayeux_service");
    return pool;
}

}  // namespace

bool prepare_service_requests(apr_pool_t* pchild) noexcept {
    return apr_socket_create(&no_socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pchild) ==
           APR_SUCCESS;
}

// --- the owner of the message's request ---

std::unique_ptr<ServiceRequest> ServiceRequest::make(
    request_rec* r, const char* cookie, const Service& service,
    const std::vector<protocol::TemplateVariable>& variables, const broker::ServiceCall& call) {
    apr_pool_t* pool = make_pool();
    if (pool == nullptr) {
        return nullptr;
    }
    std::unique_ptr<ServiceRequest> made(new (std::nothrow) ServiceRequest(pool, r, service));
    if (!made) {
        apr_pool_destroy(pool);
        return nullptr;
    }
    made->copy_headers(r, cookie);
    made->tell("Bayeux-Channel", call.channel.text());
    made->tell("Bayeux-Session", call.client_id);
    made->tell("Bayeux-Id", protocol::plain_id(call.id));
    made->tell("Bayeux-User", r->user != nullptr ? r->user : "");
    for (const protocol::TemplateVariable& variable : variables) {
        made->tell(("Bayeux-Var-" + std::string(variable.name)).c_str(), variable.value);
    }
    return made;
}

ServiceRequest::ServiceRequest(apr_pool_t* pool, request_rec* r, const Service& service) noexcept
    : pool_(pool),
      host_(service.host != nullptr ? service.host : r->server),
      url_(service.url),
      hostname_(apr_pstrdup(pool, r->hostname)),
      port_text_(apr_pstrdup(pool, r->parsed_uri.port_str)),
      port_(r->parsed_uri.port),
      vhost_lookup_data_(r->connection->vhost_lookup_data),
      connection_id_(r->connection->id),
      headers_(apr_table_make(pool, 20)),
      env_(apr_table_clone(pool, r->subprocess_env)) {
    caller_.user = apr_pstrdup(pool, r->user);
    caller_.auth_type = apr_pstrdup(pool, r->ap_auth_type);
    const char* realm = r->user != nullptr ? ap_auth_name(r) : nullptr;
    caller_.realm = realm != nullptr ? apr_pstrdup(pool, realm) : "";
    caller_.tls = strcmp(ap_http_scheme(r), "https") == 0;
    copy_addresses(r);
}

void ServiceRequest::copy_addresses(const request_rec* r) noexcept {
    const conn_rec* c = r->connection;
    client_addr_ = copy_of(pool_, c->client_addr);
    local_addr_ = copy_of(pool_, c->local_addr);
    useragent_addr_ =
        r->useragent_addr == c->client_addr ? client_addr_ : copy_of(pool_, r->useragent_addr);
    client_ip_ = apr_pstrdup(pool_, c->client_ip);
    local_ip_ = apr_pstrdup(pool_, c->local_ip);
    useragent_ip_ = apr_pstrdup(pool_, r->useragent_ip);
}

void ServiceRequest::copy_headers(const request_rec* r, const char* cookie) {
    const apr_array_header_t* fields = apr_table_elts(r->headers_in);
    const void* first = fields->elts;
    const auto* field = static_cast<const apr_table_entry_t*>(first);
    for (int i = 0; i < fields->nelts; ++i) {
        const char* name = field[i].key;
        const char* value = field[i].val;
        if (name == nullptr || is_withheld(name)) {
            continue;
        }
        value = strcasecmp(name, "Cookie") == 0 ? without_cookie(pool_, value, cookie)
                                                : apr_pstrdup(pool_, value);
        if (value != nullptr) {
            apr_table_addn(headers_, apr_pstrdup(pool_, name), value);
        }
    }
    apr_table_unset(env_, "BAYEUX_OPERATION");  // of the rules that were asked
    apr_table_setn(headers_, "Accept", "application/json");
    apr_table_setn(headers_, "Content-Type", "application/json");
}

void ServiceRequest::tell(const char* header, std::string_view value) {
    char* variable = as_variable(pool_, header);
    if (value.empty() || !may_be_header(value)) {
        apr_table_unset(env_, variable);
        return;
    }
    const char* text = apr_pstrmemdup(pool_, value.data(), value.size());
    apr_table_setn(headers_, apr_pstrdup(pool_, header), text);
    apr_table_setn(env_, variable, text);
}

// --- the worker that runs it ---

conn_rec* ServiceRequest::make_connection(long id) noexcept {
    auto* c = static_cast<conn_rec*>(apr_pcalloc(pool_, sizeof(conn_rec)));
    c->pool = pool_;
    c->base_server = host_;
    c->vhost_lookup_data = vhost_lookup_data_;
    c->client_addr = client_addr_;
    c->local_addr = local_addr_;
    c->client_ip = client_ip_;
    c->local_ip = local_ip_;
    c->id = id;
    c->conn_config = ap_create_conn_config(pool_);
    c->notes = apr_table_make(pool_, 5);
    c->bucket_alloc = apr_bucket_alloc_create(pool_);
    c->clogging_input_filters = 1;
    c->current_thread = ap_thread_current();
    ap_set_core_module_config(c->conn_config, no_socket);
    give_mpm_state(c);
    return c;
}

request_rec* ServiceRequest::make_request(conn_rec* c, ServiceExchange& exchange,
                                          std::size_t length) noexcept {
    request_rec* r = ap_create_request(c);
    exchange.attach(r);
    r->request_time = apr_time_now();
    r->headers_in = headers_;
    r->subprocess_env = env_;
    apr_table_setn(headers_, "Content-Length", apr_psprintf(pool_, "%" APR_SIZE_T_FMT, length));
    r->method = "POST";
    r->method_number = M_POST;
    r->the_request = apr_pstrcat(pool_, "POST ", url_, " HTTP/1.1", nullptr);
    r->protocol = apr_pstrdup(pool_, "HTTP/1.1");
    r->proto_num = HTTP_VERSION(1, 1);
    r->hostname = hostname_;
    r->useragent_addr = useragent_addr_;
    r->useragent_ip = useragent_ip_;
    r->no_local_copy = 1;  // never 304
    ap_parse_uri(r, url_);
    r->parsed_uri.port_str = port_text_;  // of the Host header
    r->parsed_uri.port = port_;
    return r;
}

// As httpd serves any request, but for its answer to errors: what ErrorDocument shows is for
// people.
int ServiceRequest::perform(request_rec* r) noexcept {
    int rv = ap_run_quick_handler(r, 0);
    if (rv != DECLINED) {
        return rv;
    }
    rv = ap_process_request_internal(r);
    if (rv != OK) {
        return rv;
    }
    if (r->user == nullptr) {
        // No login is asked for there; who the caller is may matter all the same.
        r->user = caller_.user;
        r->ap_auth_type = caller_.auth_type;
    }
    return ap_invoke_handler(r);
}

ServiceAnswer ServiceRequest::run(std::string_view data, const Limits& limits,
                                  const Clock& clock) noexcept {
    ServiceExchange exchange(data, limits.max_answer, limits.deadline, clock, caller_);
    conn_rec* c =
        make_connection(limits.own_worker ? worker_connection_id(connection_id_) : connection_id_);
    exchange.attach(c);
    request_rec* r = make_request(c, exchange, data.size());
    ap_sb_handle_t* score = nullptr;
    if (limits.own_worker) {
        show_in_scoreboard(c, &score);
        ap_update_child_status(score, SERVER_BUSY_WRITE, r);
    }
    const int rv = perform(r);
    request_rec* last = r;
    while (last->next != nullptr) {
        last = last->next;  // where it was redirected to
    }
    if (rv == OK || rv == DONE) {
        ap_finalize_request_protocol(last);  // what is buffered comes with the end
    }
    ServiceAnswer answer = std::move(exchange.answer());
    if (rv == OK || rv == DONE) {
        answer.status = last->status;
    } else if (ap_is_HTTP_VALID_RESPONSE(rv)) {
        answer.status = rv;
    } else if (answer.flaw == ServiceAnswer::Flaw::kNone) {
        answer.flaw = ServiceAnswer::Flaw::kBroken;
    }
    if (limits.own_worker) {
        clear_in_scoreboard();
    }
    return answer;
}

}  // namespace bayeux::httpd
