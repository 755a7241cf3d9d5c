/* The C face of the core: what mod_bayeux.c hooks into httpd. Every function is a hook, a directive
 * setter or a configuration callback; the comment says in which phase httpd calls it. None lets a
 * C++ exception out. */
#ifndef BAYEUX_MODULE_H
#define BAYEUX_MODULE_H

#include <httpd.h>

#include <ap_mpm.h>
#include <http_config.h>
#include <mpm_common.h>

#include "mod_bayeux.h"

#ifdef __cplusplus
extern "C" {
#define BAYEUX_NOEXCEPT noexcept
#else
#define BAYEUX_NOEXCEPT
#endif

/* --- configuration: the parent, one thread --- */

void* bayeux_create_dir_config(apr_pool_t* p, char* path) BAYEUX_NOEXCEPT;
/* Also at request time, by any worker. */
void* bayeux_merge_dir_config(apr_pool_t* p, void* base, void* add) BAYEUX_NOEXCEPT;
void* bayeux_create_server_config(apr_pool_t* p, server_rec* s) BAYEUX_NOEXCEPT;
void* bayeux_merge_server_config(apr_pool_t* p, void* base, void* add) BAYEUX_NOEXCEPT;

const char* bayeux_set_shared_memory(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_drain_timeout(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_max_blocking_holds(cmd_parms* cmd, void* dir,
                                          const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_domain(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
/* BayeuxTimeout, BayeuxInterval, BayeuxMaxInterval, ...: cmd->info says which. */
const char* bayeux_set_time(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
/* BayeuxMaxSessions, BayeuxMaxChannels, BayeuxMaxSubscriptions. */
const char* bayeux_set_cap(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
/* BayeuxTrustClientId, BayeuxBroadcastToPublisher, ... */
const char* bayeux_set_switch(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_transports(cmd_parms* cmd, void* dir, int argc,
                                  char* const argv[]) BAYEUX_NOEXCEPT;
const char* bayeux_set_extensions(cmd_parms* cmd, void* dir, int argc,
                                  char* const argv[]) BAYEUX_NOEXCEPT;
const char* bayeux_set_max_sessions_per_browser(cmd_parms* cmd, void* dir,
                                                const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_messages_per_frame(cmd_parms* cmd, void* dir,
                                          const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_max_message_size(cmd_parms* cmd, void* dir,
                                        const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_max_queue(cmd_parms* cmd, void* dir, const char* messages,
                                 const char* bytes) BAYEUX_NOEXCEPT;
const char* bayeux_set_queue_overflow(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_cookie(cmd_parms* cmd, void* dir, int argc,
                              char* const argv[]) BAYEUX_NOEXCEPT;
const char* bayeux_set_duplicate_status(cmd_parms* cmd, void* dir,
                                        const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_allow_origin(cmd_parms* cmd, void* dir, int argc,
                                    char* const argv[]) BAYEUX_NOEXCEPT;
const char* bayeux_open_channel_section(cmd_parms* cmd, void* dir,
                                        const char* args) BAYEUX_NOEXCEPT;
const char* bayeux_set_require(cmd_parms* cmd, void* dir, const char* args) BAYEUX_NOEXCEPT;
const char* bayeux_set_persistent(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_lazy(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_presence(cmd_parms* cmd, void* dir, const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_filter(cmd_parms* cmd, void* dir, const char* args) BAYEUX_NOEXCEPT;
const char* bayeux_add_service(cmd_parms* cmd, void* dir, const char* channel,
                               const char* url) BAYEUX_NOEXCEPT;
const char* bayeux_set_service_max_answer(cmd_parms* cmd, void* dir,
                                          const char* value) BAYEUX_NOEXCEPT;
const char* bayeux_set_service_calls(cmd_parms* cmd, void* dir, const char* running,
                                     const char* waiting) BAYEUX_NOEXCEPT;

/* BayeuxLimitHandshakes, BayeuxLimitMessages, BayeuxLimitBytes. */
const char* bayeux_set_limit(cmd_parms* cmd, void* dir, const char* rate,
                             const char* burst) BAYEUX_NOEXCEPT;

/* Once, while the module is loaded. */
void bayeux_register_filters(void) BAYEUX_NOEXCEPT;

/* The cmd->info values of the setters that serve several directives. */
enum bayeux_time {
    BAYEUX_TIMEOUT,
    BAYEUX_INTERVAL,
    BAYEUX_MAX_INTERVAL,
    BAYEUX_MULTI_SESSION_INTERVAL,
    BAYEUX_IDLE_TIMEOUT,
    BAYEUX_PING,
    BAYEUX_REVALIDATE,
    BAYEUX_SERVICE_TIMEOUT
};
enum bayeux_cap { BAYEUX_MAX_SESSIONS, BAYEUX_MAX_CHANNELS, BAYEUX_MAX_SUBSCRIPTIONS };
enum bayeux_limit { BAYEUX_LIMIT_HANDSHAKES, BAYEUX_LIMIT_MESSAGES, BAYEUX_LIMIT_BYTES };
enum bayeux_switch {
    BAYEUX_TRUST_CLIENT_ID,
    BAYEUX_BROADCAST_TO_PUBLISHER,
    BAYEUX_META_CONNECT_DELIVER_ONLY,
    BAYEUX_UNCONNECTED_PUBLISH,
    BAYEUX_WEBSOCKET_DEFLATE,
    BAYEUX_FAST_LANE
};

/* --- hooks --- */

/* Parent, `httpd -t` included: what can only be judged when all of the configuration is read. */
int bayeux_check_config(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp,
                        server_rec* s) BAYEUX_NOEXCEPT;
/* Parent: the shared memory, the bells, the notices at start. */
int bayeux_post_config(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp,
                       server_rec* s) BAYEUX_NOEXCEPT;
/* Parent: a child has ended, however it did. */
void bayeux_child_status(server_rec* s, pid_t pid, ap_generation_t generation, int slot,
                         mpm_child_status state) BAYEUX_NOEXCEPT;
/* Child, its main thread, before there are workers: starts the loop. */
void bayeux_child_init(apr_pool_t* pchild, server_rec* s) BAYEUX_NOEXCEPT;
/* Child, any thread: parks are answered, connections closed. */
void bayeux_child_stopping(apr_pool_t* pchild, int graceful) BAYEUX_NOEXCEPT;
/* A worker. */
int bayeux_handler(request_rec* r) BAYEUX_NOEXCEPT;
int bayeux_publish_handler(request_rec* r) BAYEUX_NOEXCEPT;
int bayeux_status_handler(request_rec* r) BAYEUX_NOEXCEPT;
/* Of service calls: who the caller is, and that the client came by TLS. */
int bayeux_check_authn(request_rec* r) BAYEUX_NOEXCEPT;
const char* bayeux_http_scheme(const request_rec* r) BAYEUX_NOEXCEPT;
apr_port_t bayeux_default_port(const request_rec* r) BAYEUX_NOEXCEPT;
int bayeux_process_connection(conn_rec* c) BAYEUX_NOEXCEPT;
int bayeux_post_read_request(request_rec* r) BAYEUX_NOEXCEPT;
/* Before httpd asks who it is and whether he may, and before the request is logged: no secrets in
 * what others are shown of it. */
int bayeux_header_parser(request_rec* r) BAYEUX_NOEXCEPT;
int bayeux_log_transaction(request_rec* r) BAYEUX_NOEXCEPT;
void bayeux_suspend_connection(conn_rec* c, request_rec* r) BAYEUX_NOEXCEPT;
int bayeux_status(request_rec* r, int flags) BAYEUX_NOEXCEPT;

/* --- the functions of include/mod_bayeux.h: any thread of a child, see there --- */

unsigned bayeux_api_version(void) BAYEUX_NOEXCEPT;
bayeux_domain bayeux_domain_named(server_rec* s, const char* name) BAYEUX_NOEXCEPT;
bayeux_domain bayeux_domain_of(request_rec* r) BAYEUX_NOEXCEPT;
bayeux_result bayeux_publish(bayeux_domain domain, const char* channel, const char* data,
                             unsigned* reached) BAYEUX_NOEXCEPT;
bayeux_result bayeux_deliver(bayeux_domain domain, const char* session, const char* channel,
                             const char* data) BAYEUX_NOEXCEPT;
bayeux_result bayeux_deliver_to_user(bayeux_domain domain, const char* user, const char* channel,
                                     const char* data, unsigned* reached) BAYEUX_NOEXCEPT;
bayeux_result bayeux_disconnect(bayeux_domain domain, const char* session) BAYEUX_NOEXCEPT;
bayeux_result bayeux_look_at(bayeux_domain domain, const char* session, apr_pool_t* pool,
                             bayeux_session_info* info) BAYEUX_NOEXCEPT;
const char* bayeux_json_member(apr_pool_t* pool, const char* json,
                               const char* name) BAYEUX_NOEXCEPT;
const char* bayeux_json_string(apr_pool_t* pool, const char* json) BAYEUX_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
