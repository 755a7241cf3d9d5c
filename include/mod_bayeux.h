/* mod_bayeux.h: what other modules of the same httpd may ask of mod_bayeux, and have a say in.
 *
 * Plain C. Everything is optional in httpd's sense: a module that includes this header loads and
 * runs without mod_bayeux; its functions are then not found and its hooks are not called. Nothing
 * is linked.
 *
 *     static APR_OPTIONAL_FN_TYPE(bayeux_publish) *publish;
 *
 *     static void find_functions(void)                        // an optional_fn_retrieve hook
 *     {
 *         APR_OPTIONAL_FN_TYPE(bayeux_api_version) *version =
 *             APR_RETRIEVE_OPTIONAL_FN(bayeux_api_version);
 *         if (version != NULL && version() >= BAYEUX_API_VERSION) {
 *             publish = APR_RETRIEVE_OPTIONAL_FN(bayeux_publish);
 *         }
 *     }
 *     ...
 *     ap_hook_optional_fn_retrieve(find_functions, NULL, NULL, APR_HOOK_MIDDLE);
 *     APR_OPTIONAL_HOOK(bayeux, bayeux_on_handshake, look_at_token, NULL, NULL, APR_HOOK_MIDDLE);
 *
 * docs/api.md says more, and examples/ has two modules.
 *
 * Versions. A newer server adds functions, hooks, and members at the end of structs; it never
 * changes what is there. So a module works with every server whose bayeux_api_version() is at least
 * the BAYEUX_API_VERSION that it was compiled with. Each struct that the server hands out begins
 * with the size that the server knows; each that a module hands in, with the size that the module
 * knows.
 *
 * Texts are UTF-8 and end with a NUL. JSON texts are checked, whoever they come from: what a client
 * sent is valid when a hook sees it, and what a module gives is refused if it is not.
 *
 * A session is named by its clientId. That is a secret: who knows it may speak for the session. Do
 * not log it and do not send it to anybody else.
 */
#ifndef MOD_BAYEUX_H
#define MOD_BAYEUX_H

#include <httpd.h>

#include <apr_hooks.h>
#include <apr_optional.h>
#include <apr_optional_hooks.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BAYEUX_API_VERSION 1

/* A domain: its sessions and channels never meet those of another (BayeuxDomain). The number stays
 * the same over restarts as long as the configured name does. 0 is none. */
typedef apr_uint64_t bayeux_domain;

/* --- functions ---------------------------------------------------------------------------------
 *
 * Phase: in a child process, from its child_init on (in hooks of order APR_HOOK_LAST, else from the
 * first request on) until it ends. Before that, and in the parent, they answer BAYEUX_NOT_SERVING.
 * Those of domains may be called as soon as the configuration was checked, by the parent too.
 *
 * Thread: any. None waits for a client or for the network. They take the store's lock for some
 * microseconds, so do not call them from a signal handler; every hook below may call them.
 *
 * Ownership: all arguments are read during the call only.
 */

typedef enum {
    BAYEUX_OK = 0,
    BAYEUX_NOT_SERVING = 1, /* not in a child that serves Bayeux */
    BAYEUX_INVALID = 2,     /* an argument is no channel to publish on, no JSON, or missing */
    BAYEUX_UNKNOWN = 3,     /* no such session: it never was, has ended, or is of another domain */
    BAYEUX_FULL = 4,        /* a limit is reached or the shared memory is full; nothing was sent */
    BAYEUX_FAILED = 5 /* out of memory, or a fault in mod_bayeux that stands in the error log */
} bayeux_result;

/* The server's BAYEUX_API_VERSION. */
APR_DECLARE_OPTIONAL_FN(unsigned, bayeux_api_version, (void));

/* The domain of that name as BayeuxDomain writes it, whether it is used anywhere or not; with
 * `name` NULL that of a virtual host in which no BayeuxDomain is written. */
APR_DECLARE_OPTIONAL_FN(bayeux_domain, bayeux_domain_named, (server_rec * s, const char* name));
/* The domain of the requests to this request's Location. */
APR_DECLARE_OPTIONAL_FN(bayeux_domain, bayeux_domain_of, (request_rec * r));

/* Publishes JSON on a broadcast channel: neither a pattern, nor /service/..., nor /meta/..., nor
 * /bayeux/..., /oort/... or /seti/..., nor, where a section of the domain says BayeuxPresence On,
 * /presence/.... BayeuxPersistent and BayeuxLazy hold. The module is trusted: no BayeuxRequire is
 * asked, no BayeuxFilter applied, no hook run. `reached`, if not NULL, is the number of sessions
 * that get it. */
APR_DECLARE_OPTIONAL_FN(bayeux_result, bayeux_publish,
                        (bayeux_domain domain, const char* channel, const char* data,
                         unsigned* reached));

/* Sends an event to one session, whatever it is subscribed to. The channel may be a service channel
 * too, else as above. If the session has a user it is for him: whoever logs in at the same client
 * before it was read does not get it, the session ends instead. BAYEUX_FULL if the session's queue
 * has no room (BayeuxMaxQueue); it may have ended over it. */
APR_DECLARE_OPTIONAL_FN(bayeux_result, bayeux_deliver,
                        (bayeux_domain domain, const char* session, const char* channel,
                         const char* data));

/* The same for all sessions of a user: those whose latest request httpd has let in under this name
 * (r->user), as long as it has at most 255 bytes. BAYEUX_OK with `reached` 0 where he has none. */
APR_DECLARE_OPTIONAL_FN(bayeux_result, bayeux_deliver_to_user,
                        (bayeux_domain domain, const char* user, const char* channel,
                         const char* data, unsigned* reached));

/* Ends a session: its client is told to disconnect, and what is queued for it is dropped. */
APR_DECLARE_OPTIONAL_FN(bayeux_result, bayeux_disconnect,
                        (bayeux_domain domain, const char* session));

typedef struct bayeux_session_info {
    apr_size_t size;        /* set it to sizeof(bayeux_session_info) before the call */
    const char* user;       /* whom httpd has let in; NULL: nobody */
    const char* transport;  /* of its latest connect: "websocket", "long-polling", "eventsource",
                               "callback-polling"; before the first that of the handshake */
    int connected;          /* its first connect was accepted */
    int waiting;            /* a connect of it is held, or a stream is open: events leave at once */
    int acknowledges;       /* with the ack extension */
    unsigned subscriptions; /* channels and patterns */
    unsigned queued_messages; /* waiting for it, unacknowledged ones included */
    apr_size_t queued_bytes;
    apr_interval_time_t idle; /* since its client last did anything but connect */
} bayeux_session_info;

/* Looks at a session at this moment. Texts are in `pool`. */
APR_DECLARE_OPTIONAL_FN(bayeux_result, bayeux_look_at,
                        (bayeux_domain domain, const char* session, apr_pool_t* pool,
                         bayeux_session_info* info));

/* Reading JSON. Phase: any; in the parent too.
 *
 * The member of a JSON object by its name: its value as JSON text, in `pool`. NULL if the text is
 * no object or has no such member; of several with one name the first. */
APR_DECLARE_OPTIONAL_FN(const char*, bayeux_json_member,
                        (apr_pool_t * pool, const char* json, const char* name));
/* The text of a JSON string, in `pool`. NULL if it is no string, or one that C and UTF-8 cannot
 * hold: with U+0000 or with half of a surrogate pair. */
APR_DECLARE_OPTIONAL_FN(const char*, bayeux_json_string, (apr_pool_t * pool, const char* json));

/* --- hooks -------------------------------------------------------------------------------------
 *
 * Register with APR_OPTIONAL_HOOK(bayeux, name, function, before, after, order) in the module's
 * register_hooks. All functions of a hook are called in order until one denies.
 *
 * Thread: all but bayeux_on_session_removed run on a worker of httpd and may block; meanwhile the
 * other messages of the same request wait, and nobody else. That is why messages that a hook wants
 * to see do not take the fast lane, in any domain. bayeux_on_session_removed may run on the loop
 * thread and must not block.
 *
 * The request `r` is the one that brought the message; for a WebSocket it is a copy of the one that
 * began it. Its fields, tables and user are httpd's; what is written to a copy's tables is
 * forgotten. On a request that is no copy, headers may be added to err_headers_out, until the reply
 * leaves.
 *
 * Ownership: what is in an event lasts until the function returns. What a function gives back must
 * last until then and may be in `pool`, which is cleared when the event is over.
 */

#define BAYEUX_DENY 403 /* OK and DECLINED both mean: go on */

/* What a denied client is advised to do. */
typedef enum {
    BAYEUX_GO_AWAY = 0,   /* reconnect: none. What clients do is for good: they stop */
    BAYEUX_TRY_AGAIN = 1, /* reconnect: handshake, with other data, as reply_ext may say */
    BAYEUX_COME_LATER = 2 /* reconnect: retry */
} bayeux_advice;

typedef struct bayeux_handshake_event {
    apr_size_t size;
    request_rec* r;
    apr_pool_t* pool;
    bayeux_domain domain;
    const char* transport; /* as in bayeux_session_info */
    const char* message;   /* the whole message, JSON as the client wrote it */
    const char* ext;       /* its `ext`, a JSON object as the client wrote it; NULL without one */
    /* For the function to write: */
    apr_table_t* reply_ext; /* name -> JSON: what is added to the reply's `ext`, accepted or denied.
                               `ack` and `timesync` are the server's own and left out */
    const char* reason;   /* when denied: words for the error, 403:reason:handshake_denied. Letters,
                             digits, blanks and - _ ! ~ ( ) $ @ / * . stay; NULL: none */
    bayeux_advice advice; /* when denied */
} bayeux_handshake_event;

typedef struct bayeux_subscribe_event {
    apr_size_t size;
    request_rec* r;
    apr_pool_t* pool;
    bayeux_domain domain;
    const char* session;
    const char*
        channel; /* one channel or pattern; a message that names several is several events */
    const char* message;
    const char* ext;
    const char* reason; /* to write when denied: 403:reason:subscribe_denied. The whole message is
                           refused then */
} bayeux_subscribe_event;

typedef struct bayeux_publish_event {
    apr_size_t size;
    request_rec* r;
    apr_pool_t* pool;
    bayeux_domain domain;
    const char* session; /* NULL: published without a handshake (BayeuxUnconnectedPublish) */
    const char* channel;
    const char* message;
    const char* ext;
    const char* data;   /* JSON, as the filters left it. To change it, point it at other JSON, of at
                           most BayeuxMaxMessageSize bytes */
    const char* reason; /* to write when denied: 403:reason:publish_denied */
} bayeux_publish_event;

/* A message on a service channel. It reaches nobody but services. */
typedef struct bayeux_service_event {
    apr_size_t size;
    request_rec* r;
    apr_pool_t* pool;
    bayeux_domain domain;
    const char* session;
    const char* channel; /* /service/... */
    const char* message;
    const char* ext;
    const char* id;     /* the message's id as JSON; NULL: the client does not ask for an answer */
    const char* data;   /* JSON, as the filters left it */
    const char* answer; /* to write: JSON. It goes back to the session on the same channel, with the
                           message's id, as success if the function returned OK, as failure if it
                           returned BAYEUX_DENY; NULL: nothing more is said, and
                           nothing at all with OK */
} bayeux_service_event;

/* A session or its subscription has come or gone. */
typedef struct bayeux_news {
    apr_size_t size;
    request_rec* r; /* NULL where no request of the session is at hand */
    bayeux_domain domain;
    const char* session;
    const char* channel; /* of subscriptions: one channel or pattern; else NULL */
} bayeux_news;

#define BAYEUX_DECLARE(type) type

/* A handshake that is well formed: accept, deny, add to the reply. Called before there is a
 * session. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, int, bayeux_on_handshake,
                          (bayeux_handshake_event * event))
/* A subscription that BayeuxRequire allows. Not called where it is denied already. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, int, bayeux_on_subscribe,
                          (bayeux_subscribe_event * event))
/* A message that BayeuxRequire and BayeuxFilter let pass, on a broadcast channel. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, int, bayeux_on_publish, (bayeux_publish_event * event))
/* The same on a service channel. Functions are called until one does not return DECLINED: OK says
 * that the message was its own, and its answer, if there is one, is sent. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, int, bayeux_on_service, (bayeux_service_event * event))

/* News. Each is told once, in the child process where it happened, after it has happened: others
 * may have acted on it before. Told at most once: when a child is killed between the two it never
 * is. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, void, bayeux_on_session_created,
                          (const bayeux_news* news))
/* Whatever ended it: its client, another module, its time, its queue. The child that noticed tells,
 * which need not be the one that served it, and `r` is NULL. It is not told of sessions that are
 * dropped to repair what a killed child left behind. Must not block. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, void, bayeux_on_session_removed,
                          (const bayeux_news* news))
/* By a message of the client. It is told of each message that succeeds, so also where the session
 * had the subscription before, or never had it. What ends with its session is told as
 * bayeux_on_session_removed alone. */
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, void, bayeux_on_subscribed, (const bayeux_news* news))
APR_DECLARE_EXTERNAL_HOOK(bayeux, BAYEUX, void, bayeux_on_unsubscribed, (const bayeux_news* news))

#ifdef __cplusplus
}
#endif

#endif
