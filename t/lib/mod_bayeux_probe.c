/* A module for tests of include/mod_bayeux.h: every function by a URL, every hook by channel names,
 * and a line for each piece of news in the file that BayeuxProbeLog names. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <httpd.h>

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_script.h>

#include "mod_bayeux.h"

static const char* log_name;
static server_rec* main_server;

static APR_OPTIONAL_FN_TYPE(bayeux_api_version) * api_version;
static APR_OPTIONAL_FN_TYPE(bayeux_domain_named) * domain_named;
static APR_OPTIONAL_FN_TYPE(bayeux_domain_of) * domain_of;
static APR_OPTIONAL_FN_TYPE(bayeux_publish) * publish;
static APR_OPTIONAL_FN_TYPE(bayeux_deliver) * deliver;
static APR_OPTIONAL_FN_TYPE(bayeux_deliver_to_user) * deliver_to_user;
static APR_OPTIONAL_FN_TYPE(bayeux_disconnect) * disconnect;
static APR_OPTIONAL_FN_TYPE(bayeux_look_at) * look_at;
static APR_OPTIONAL_FN_TYPE(bayeux_json_member) * json_member;
static APR_OPTIONAL_FN_TYPE(bayeux_json_string) * json_string;

static void find_functions(void) {
    api_version = APR_RETRIEVE_OPTIONAL_FN(bayeux_api_version);
    domain_named = APR_RETRIEVE_OPTIONAL_FN(bayeux_domain_named);
    domain_of = APR_RETRIEVE_OPTIONAL_FN(bayeux_domain_of);
    publish = APR_RETRIEVE_OPTIONAL_FN(bayeux_publish);
    deliver = APR_RETRIEVE_OPTIONAL_FN(bayeux_deliver);
    deliver_to_user = APR_RETRIEVE_OPTIONAL_FN(bayeux_deliver_to_user);
    disconnect = APR_RETRIEVE_OPTIONAL_FN(bayeux_disconnect);
    look_at = APR_RETRIEVE_OPTIONAL_FN(bayeux_look_at);
    json_member = APR_RETRIEVE_OPTIONAL_FN(bayeux_json_member);
    json_string = APR_RETRIEVE_OPTIONAL_FN(bayeux_json_string);
}

static void note(const char* what, const bayeux_news* news) {
    char line[600];
    int fd;
    int length;
    if (log_name == NULL) {
        return;
    }
    length =
        apr_snprintf(line, sizeof line, "%s %s %s r=%s pid=%d size=%d api=%d\n", what,
                     news->session, news->channel != NULL ? news->channel : "-",
                     news->r != NULL ? news->r->uri : "-", (int)getpid(),
                     news->size >= sizeof *news, news->domain == domain_named(main_server, "api"));
    fd = open(log_name, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (fd >= 0) {
        if (write(fd, line, (size_t)length) != length) {
            abort();
        }
        close(fd);
    }
}

static void on_created(const bayeux_news* news) {
    note("created", news);
}
static void on_removed(const bayeux_news* news) {
    note("removed", news);
}
static void on_subscribed(const bayeux_news* news) {
    note("subscribed", news);
}
static void on_unsubscribed(const bayeux_news* news) {
    note("unsubscribed", news);
}

static int on_handshake(bayeux_handshake_event* event) {
    const char* wish = event->ext != NULL ? json_member(event->pool, event->ext, "probe") : NULL;
    wish = wish != NULL ? json_string(event->pool, wish) : NULL;
    if (wish == NULL || event->size < sizeof *event) {
        return DECLINED;
    }
    apr_table_setn(event->reply_ext, "transport",
                   apr_psprintf(event->pool, "\"%s\"", event->transport));
    apr_table_setn(event->reply_ext, "\"quoted\"", "[1, 2]");
    if (strcmp(wish, "bad") == 0) {
        apr_table_setn(event->reply_ext, "broken", "{no");
        apr_table_setn(event->reply_ext, "ack", "true");
        apr_table_addn(event->reply_ext, "transport", "\"again\"");
    }
    if (strcmp(wish, "deny") == 0 || strcmp(wish, "later") == 0) {
        event->reason = "probe says: no";
        event->advice = strcmp(wish, "deny") == 0 ? BAYEUX_TRY_AGAIN : BAYEUX_COME_LATER;
        return BAYEUX_DENY;
    }
    if (strcmp(wish, "header") == 0) {
        apr_table_setn(event->r->err_headers_out, "X-Probe", "yes");
    }
    return OK;
}

static int on_subscribe(bayeux_subscribe_event* event) {
    if (strcmp(event->channel, "/probe/secret") == 0 || strcmp(event->channel, "/probe/**") == 0) {
        event->reason = "secret";
        return BAYEUX_DENY;
    }
    return DECLINED;
}

/* A JSON string of so many bytes. */
static const char* string_of(apr_pool_t* pool, apr_size_t size) {
    char* text = apr_palloc(pool, size + 1);
    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    text[size] = '\0';
    return text;
}

static int on_publish(bayeux_publish_event* event) {
    if (strcmp(event->channel, "/probe/veto") == 0) {
        event->reason = "not today";
        return BAYEUX_DENY;
    }
    if (strcmp(event->channel, "/probe/change") == 0) {
        event->data =
            apr_pstrcat(event->pool, "{\"user\":\"", event->r->user != NULL ? event->r->user : "",
                        "\",\"was\":", event->data, "}", NULL);
    } else if (strcmp(event->channel, "/probe/bad") == 0) {
        event->data = "{no";
    } else if (strcmp(event->channel, "/probe/slow") == 0) {
        apr_sleep(apr_time_from_sec(1));
    } else if (strcmp(event->channel, "/probe/note") == 0) {
        event->data = apr_table_get(event->r->notes, "probe") != NULL ? "\"kept\"" : "\"new\"";
        apr_table_setn(event->r->notes, "probe", "1");
    } else if (strcmp(event->channel, "/probe/twice") == 0) {
        event->data = apr_pstrcat(event->pool, "[\"first\",", event->data, "]", NULL);
    } else if (strcmp(event->channel, "/probe/size") == 0) {
        event->data = string_of(event->pool, (apr_size_t)atoi(event->data));
    } else if (strcmp(event->channel, "/probe/message") == 0) {
        event->data = event->message;
    } else if (strcmp(event->channel, "/probe/session") == 0) {
        event->data = event->session != NULL
                          ? apr_pstrcat(event->pool, "\"", event->session, "\"", NULL)
                          : "null";
    } else if (strcmp(event->channel, "/probe/nested") == 0) {
        publish(event->domain, "/probe/inner", event->data, NULL);
    }
    return OK;
}

/* As if of another module, that comes behind. */
static int then_on_publish(bayeux_publish_event* event) {
    if (strcmp(event->channel, "/probe/veto") == 0) {
        event->reason = "asked behind a veto";
    } else if (strcmp(event->channel, "/probe/twice") == 0) {
        event->data = apr_pstrcat(event->pool, "[\"then\",", event->data, "]", NULL);
    }
    return OK;
}

static int on_service(bayeux_service_event* event) {
    if (strncmp(event->channel, "/service/probe/", 15) != 0) {
        return DECLINED;
    }
    if (strcmp(event->channel, "/service/probe/echo") == 0) {
        event->answer = event->data;
    } else if (strcmp(event->channel, "/service/probe/fail") == 0) {
        event->answer = "{\"code\":42}";
        return BAYEUX_DENY;
    } else if (strcmp(event->channel, "/service/probe/fail-briefly") == 0) {
        return BAYEUX_DENY;
    } else if (strcmp(event->channel, "/service/probe/who") == 0) {
        event->answer = apr_psprintf(event->pool, "[\"%s\",\"%s\",%s]",
                                     event->r->user != NULL ? event->r->user : "", event->r->uri,
                                     event->id != NULL ? event->id : "null");
    } else if (strcmp(event->channel, "/service/probe/bad") == 0) {
        event->answer = "nonsense";
    }
    return OK;
}

static int then_on_service(bayeux_service_event* event) {
    if (strcmp(event->channel, "/service/probe/echo") == 0) {
        event->answer = "\"asked though it was answered\"";
        return OK;
    }
    if (strcmp(event->channel, "/service/then") == 0) {
        event->answer = "\"then\"";
        return OK;
    }
    return DECLINED;
}

/* --- functions by URL --- */

static const char* argument(apr_table_t* arguments, const char* name) {
    return apr_table_get(arguments, name);
}

static void look(request_rec* r, bayeux_domain domain, const char* session) {
    bayeux_session_info info;
    bayeux_result result;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    result = look_at(domain, session, r->pool, &info);
    ap_rprintf(r,
               "%d user=%s transport=%s connected=%d waiting=%d ack=%d subscriptions=%u queued=%u "
               "bytes=%d idle=%d\n",
               (int)result, info.user != NULL ? info.user : "-",
               info.transport != NULL ? info.transport : "-", info.connected, info.waiting,
               info.acknowledges, info.subscriptions, info.queued_messages, (int)info.queued_bytes,
               (int)apr_time_as_msec(info.idle));
}

static int handle(request_rec* r) {
    apr_table_t* arguments = NULL;
    const char* what;
    const char* name;
    bayeux_domain domain;
    unsigned reached = 0;
    bayeux_result result = BAYEUX_INVALID;
    if (r->handler == NULL || strcmp(r->handler, "bayeux-probe") != 0) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain");
    if (api_version == NULL) {
        ap_rputs("no mod_bayeux\n", r);
        return OK;
    }
    ap_args_to_table(r, &arguments);
    name = argument(arguments, "domain");
    domain = name != NULL ? domain_named(r->server, name) : domain_of(r);
    what = argument(arguments, "do");
    what = what != NULL ? what : "";
    if (strcmp(what, "look") == 0) {
        look(r, domain, argument(arguments, "session"));
        return OK;
    }
    if (strcmp(what, "member") == 0 || strcmp(what, "string") == 0) {
        const char* json = argument(arguments, "json");
        const char* found = strcmp(what, "member") == 0
                                ? json_member(r->pool, json, argument(arguments, "name"))
                                : json_string(r->pool, json);
        ap_rputs(found != NULL ? found : "NULL", r);
        return OK;
    }
    if (strcmp(what, "publish") == 0) {
        result =
            publish(domain, argument(arguments, "channel"), argument(arguments, "data"), &reached);
    } else if (strcmp(what, "deliver") == 0) {
        result = deliver(domain, argument(arguments, "session"), argument(arguments, "channel"),
                         argument(arguments, "data"));
    } else if (strcmp(what, "user") == 0) {
        result =
            deliver_to_user(domain, argument(arguments, "user"), argument(arguments, "channel"),
                            argument(arguments, "data"), &reached);
    } else if (strcmp(what, "disconnect") == 0) {
        result = disconnect(domain, argument(arguments, "session"));
    }
    ap_rprintf(r, "%d %u version=%u same=%d\n", (int)result, reached, api_version(),
               domain_named(r->server, NULL) != 0);
    return OK;
}

/* In the parent nothing is served yet. */
static int ask_in_parent(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* s) {
    (void)pconf;
    (void)plog;
    (void)ptemp;
    main_server = s;
    if (publish != NULL && publish(1, "/a", "1", NULL) != BAYEUX_NOT_SERVING) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "the parent serves Bayeux");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static const char* set_log(cmd_parms* cmd, void* dir, const char* file) {
    (void)dir;
    log_name = apr_pstrdup(cmd->pool, file);
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("BayeuxProbeLog", set_log, NULL, RSRC_CONF, "where news are written"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};

static void register_hooks(apr_pool_t* pool) {
    (void)pool;
    ap_hook_optional_fn_retrieve(find_functions, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ask_in_parent, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_handshake, on_handshake, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_subscribe, on_subscribe, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_publish, on_publish, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_service, on_service, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_publish, then_on_publish, NULL, NULL, APR_HOOK_LAST);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_service, then_on_service, NULL, NULL, APR_HOOK_LAST);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_session_created, on_created, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_session_removed, on_removed, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_subscribed, on_subscribed, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_unsubscribed, on_unsubscribed, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bayeux_probe) = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives,
                                   register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
                                   AP_MODULE_FLAG_NONE
#endif
};
