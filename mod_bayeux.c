/* mod_bayeux: Bayeux (CometD) publish/subscribe for Apache httpd 2.4.
 *
 * The module record, the directive table and the hooks; all else is behind src/bayeux_module.h. */
#include <httpd.h>

#include <ap_mpm.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>
#include <mpm_common.h>

#include "src/bayeux_module.h"

#define ANYWHERE (RSRC_CONF | ACCESS_CONF)
#define INFO(value) ((void*)(apr_uintptr_t)(value))

static const command_rec directives[] = {
    AP_INIT_TAKE1("BayeuxSharedMemory", bayeux_set_shared_memory, NULL, RSRC_CONF,
                  "size of the store of sessions, channels and messages, such as 64M"),
    AP_INIT_TAKE1("BayeuxDrainTimeout", bayeux_set_drain_timeout, NULL, RSRC_CONF,
                  "how long a stopping child waits for its connections, such as 10s"),
    AP_INIT_TAKE1("BayeuxMaxBlockingHolds", bayeux_set_max_blocking_holds, NULL, RSRC_CONF,
                  "how many connects a child may hold by blocking a thread each"),
    AP_INIT_TAKE1("BayeuxDomain", bayeux_set_domain, NULL, ANYWHERE,
                  "name of the domain whose sessions and channels are used here"),
    AP_INIT_TAKE1("BayeuxTimeout", bayeux_set_time, INFO(BAYEUX_TIMEOUT), ANYWHERE,
                  "how long a connect is held, such as 30s"),
    AP_INIT_TAKE1("BayeuxInterval", bayeux_set_time, INFO(BAYEUX_INTERVAL), ANYWHERE,
                  "pause that clients leave between connects, such as 0"),
    AP_INIT_TAKE1("BayeuxMaxInterval", bayeux_set_time, INFO(BAYEUX_MAX_INTERVAL), ANYWHERE,
                  "life of a session after a connect was answered, such as 10s"),
    AP_INIT_TAKE_ARGV("BayeuxTransports", bayeux_set_transports, NULL, ANYWHERE,
                      "transports offered, in order of preference"),
    AP_INIT_TAKE_ARGV("BayeuxExtensions", bayeux_set_extensions, NULL, ANYWHERE,
                      "none, or those of ack, timesync, timestamp, activity that are on"),
    AP_INIT_TAKE1("BayeuxIdleTimeout", bayeux_set_time, INFO(BAYEUX_IDLE_TIMEOUT), ANYWHERE,
                  "how long a client may do nothing, with the extension activity, such as 15min"),
    AP_INIT_TAKE1("BayeuxMaxSessionsPerBrowser", bayeux_set_max_sessions_per_browser, NULL,
                  ANYWHERE, "how many connects of one browser are held at once; -1: no limit"),
    AP_INIT_TAKE1("BayeuxMultiSessionInterval", bayeux_set_time,
                  INFO(BAYEUX_MULTI_SESSION_INTERVAL), ANYWHERE,
                  "pause between the connects of a browser's surplus sessions, such as 2s"),
    AP_INIT_TAKE1("BayeuxPing", bayeux_set_time, INFO(BAYEUX_PING), ANYWHERE,
                  "how often an idle WebSocket is pinged, such as 30s, or Off"),
    AP_INIT_TAKE1("BayeuxWebSocketMessagesPerFrame", bayeux_set_messages_per_frame, NULL, ANYWHERE,
                  "how many messages a WebSocket frame brings at most"),
    AP_INIT_TAKE1("BayeuxWebSocketDeflate", bayeux_set_switch, INFO(BAYEUX_WEBSOCKET_DEFLATE),
                  ANYWHERE, "On: permessage-deflate, for clients that offer it"),
    AP_INIT_TAKE1("BayeuxFastLane", bayeux_set_switch, INFO(BAYEUX_FAST_LANE), ANYWHERE,
                  "Off: every request goes through all of httpd"),
    AP_INIT_TAKE1("BayeuxRevalidate", bayeux_set_time, INFO(BAYEUX_REVALIDATE), ANYWHERE,
                  "how long what httpd has accepted is served by the fast lane, such as 60s"),
    AP_INIT_TAKE1("BayeuxMaxMessageSize", bayeux_set_max_message_size, NULL, ANYWHERE,
                  "largest request body or WebSocket message, such as 64K"),
    AP_INIT_TAKE12("BayeuxMaxQueue", bayeux_set_max_queue, NULL, ANYWHERE,
                   "messages, and bytes, that may wait for one session, such as 1000 1M"),
    AP_INIT_TAKE1("BayeuxQueueOverflow", bayeux_set_queue_overflow, NULL, ANYWHERE,
                  "disconnect, drop-oldest or drop-newest"),
    AP_INIT_TAKE1("BayeuxMaxSessions", bayeux_set_cap, INFO(BAYEUX_MAX_SESSIONS), ANYWHERE,
                  "most sessions of the domain"),
    AP_INIT_TAKE1("BayeuxMaxChannels", bayeux_set_cap, INFO(BAYEUX_MAX_CHANNELS), ANYWHERE,
                  "most channels of the domain"),
    AP_INIT_TAKE1("BayeuxMaxSubscriptions", bayeux_set_cap, INFO(BAYEUX_MAX_SUBSCRIPTIONS),
                  ANYWHERE, "most subscriptions of one session"),
    AP_INIT_TAKE12("BayeuxLimitHandshakes", bayeux_set_limit, INFO(BAYEUX_LIMIT_HANDSHAKES),
                   ANYWHERE, "handshakes of one address, such as 10/1s, and at once; or Off"),
    AP_INIT_TAKE12("BayeuxLimitMessages", bayeux_set_limit, INFO(BAYEUX_LIMIT_MESSAGES), ANYWHERE,
                   "messages that a session publishes, such as 100/1s, and at once; or Off"),
    AP_INIT_TAKE12("BayeuxLimitBytes", bayeux_set_limit, INFO(BAYEUX_LIMIT_BYTES), ANYWHERE,
                   "bytes of the messages that a session publishes, such as 64K/1s, and at once; "
                   "or Off"),
    AP_INIT_TAKE_ARGV("BayeuxCookie", bayeux_set_cookie, NULL, ANYWHERE,
                      "name of the browser cookie, then path=, domain=, samesite=, secure, "
                      "partitioned, maxage="),
    AP_INIT_TAKE1("BayeuxTrustClientId", bayeux_set_switch, INFO(BAYEUX_TRUST_CLIENT_ID), ANYWHERE,
                  "On: the clientId alone names a session; Off: its cookie must come with it"),
    AP_INIT_TAKE1("BayeuxDuplicateConnectStatus", bayeux_set_duplicate_status, NULL, ANYWHERE,
                  "HTTP status for a held connect that a newer one replaces, such as 408"),
    AP_INIT_TAKE_ARGV("BayeuxAllowOrigin", bayeux_set_allow_origin, NULL, ANYWHERE,
                      "self, *, or the origins that may send requests from their pages"),
    AP_INIT_TAKE1("BayeuxBroadcastToPublisher", bayeux_set_switch,
                  INFO(BAYEUX_BROADCAST_TO_PUBLISHER), ANYWHERE,
                  "On: a publisher that has subscribed gets its own messages"),
    AP_INIT_TAKE1("BayeuxMetaConnectDeliverOnly", bayeux_set_switch,
                  INFO(BAYEUX_META_CONNECT_DELIVER_ONLY), ANYWHERE,
                  "On: messages are delivered with connect replies only"),
    AP_INIT_TAKE1("BayeuxUnconnectedPublish", bayeux_set_switch, INFO(BAYEUX_UNCONNECTED_PUBLISH),
                  ANYWHERE, "On: publishing needs no handshake"),
    AP_INIT_RAW_ARGS("<BayeuxChannel", bayeux_open_channel_section, NULL, ANYWHERE,
                     "section for the channels that match a name or pattern"),
    AP_INIT_RAW_ARGS("BayeuxRequire", bayeux_set_require, NULL, ANYWHERE,
                     "create, subscribe or publish, then who may, as in Require"),
    AP_INIT_TAKE1("BayeuxPersistent", bayeux_set_persistent, NULL, ANYWHERE,
                  "On: channels stay when nobody uses them"),
    AP_INIT_TAKE1("BayeuxLazy", bayeux_set_lazy, NULL, ANYWHERE,
                  "how long messages may wait for others before they are sent, such as 5s"),
    AP_INIT_RAW_ARGS("BayeuxFilter", bayeux_set_filter, NULL, ANYWHERE,
                     "escape-markup, strip-markup, max-size, regex, deny-regex or none: what is "
                     "done to the strings of messages"),
    AP_INIT_TAKE1("BayeuxPresence", bayeux_set_presence, NULL, ANYWHERE,
                  "On: who is subscribed is told on the channel below /presence"),
    AP_INIT_TAKE2("BayeuxService", bayeux_add_service, NULL, ANYWHERE,
                  "a service channel, and the local URL that answers its messages"),
    AP_INIT_TAKE1("BayeuxServiceTimeout", bayeux_set_time, INFO(BAYEUX_SERVICE_TIMEOUT), ANYWHERE,
                  "how long a service may take to answer, such as 30s"),
    AP_INIT_TAKE1("BayeuxServiceMaxAnswer", bayeux_set_service_max_answer, NULL, ANYWHERE,
                  "largest answer of a service, such as 64K"),
    AP_INIT_TAKE12("BayeuxServiceCalls", bayeux_set_service_calls, NULL, RSRC_CONF,
                   "how many service calls a child runs at once, and how many may wait"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};

static void register_functions(void) {
    APR_REGISTER_OPTIONAL_FN(bayeux_api_version);
    APR_REGISTER_OPTIONAL_FN(bayeux_domain_named);
    APR_REGISTER_OPTIONAL_FN(bayeux_domain_of);
    APR_REGISTER_OPTIONAL_FN(bayeux_publish);
    APR_REGISTER_OPTIONAL_FN(bayeux_deliver);
    APR_REGISTER_OPTIONAL_FN(bayeux_deliver_to_user);
    APR_REGISTER_OPTIONAL_FN(bayeux_disconnect);
    APR_REGISTER_OPTIONAL_FN(bayeux_look_at);
    APR_REGISTER_OPTIONAL_FN(bayeux_json_member);
    APR_REGISTER_OPTIONAL_FN(bayeux_json_string);
}

static void register_hooks(apr_pool_t* pool) {
    (void)pool;
    register_functions();
    bayeux_register_filters();
    ap_hook_check_config(bayeux_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(bayeux_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_status(bayeux_child_status, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(bayeux_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(bayeux_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_process_connection(bayeux_process_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(bayeux_post_read_request, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_header_parser(bayeux_header_parser, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(bayeux_log_transaction, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_authn(bayeux_check_authn, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_http_scheme(bayeux_http_scheme, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_default_port(bayeux_default_port, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(bayeux_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(bayeux_publish_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(bayeux_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_suspend_connection(bayeux_suspend_connection, NULL, NULL, APR_HOOK_REALLY_LAST);
    APR_OPTIONAL_HOOK(ap, status_hook, bayeux_status, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bayeux) = {STANDARD20_MODULE_STUFF,
                             bayeux_create_dir_config,
                             bayeux_merge_dir_config,
                             bayeux_create_server_config,
                             bayeux_merge_server_config,
                             directives,
                             register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
                             AP_MODULE_FLAG_NONE
#endif
};
