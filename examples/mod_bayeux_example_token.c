/* A handshake policy in C: whoever begins a session shows a token.
 *
 *     client.handshake({ext: {authentication: {token: 'Zm9vYmFy'}}});
 *
 *     LoadModule bayeux_example_token_module modules/mod_bayeux_example_token.so
 *     BayeuxExampleTokens /etc/apache2/bayeux-tokens chat
 *
 * The file has a line for each token: the token, a blank, a name of letters, digits, - and _. It is
 * read when httpd starts. The second argument is the BayeuxDomain that is guarded. Who shows a
 * token of the file finds the name in the reply, ext.name; anybody else is turned away. Tokens are
 * secrets: they are compared in a time that does not depend on them, and logged nowhere.
 */
#include <string.h>

#include <httpd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>

#include "mod_bayeux.h"

extern module AP_MODULE_DECLARE_DATA bayeux_example_token_module;

#define MAX_TOKEN 256

typedef struct {
    const char* token;
    const char* name;
} token_entry;

typedef struct {
    apr_array_header_t* tokens; /* of token_entry; NULL: nothing is guarded */
    const char* domain;
} token_config;

static APR_OPTIONAL_FN_TYPE(bayeux_domain_named) * domain_named;
static APR_OPTIONAL_FN_TYPE(bayeux_json_member) * json_member;
static APR_OPTIONAL_FN_TYPE(bayeux_json_string) * json_string;

static void* create_config(apr_pool_t* pool, server_rec* s) {
    (void)s;
    return apr_pcalloc(pool, sizeof(token_config));
}

static int is_name(const char* text) {
    return *text != '\0' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
               strlen(text);
}

static const char* set_tokens(cmd_parms* cmd, void* dir, const char* file, const char* domain) {
    token_config* config =
        ap_get_module_config(cmd->server->module_config, &bayeux_example_token_module);
    const char* path = ap_server_root_relative(cmd->pool, file);
    ap_configfile_t* lines = NULL;
    char line[MAX_TOKEN + 256];
    (void)dir;
    if (path == NULL || ap_pcfg_openfile(&lines, cmd->pool, path) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "BayeuxExampleTokens: cannot read the file \"%s\"", file);
    }
    config->domain = domain;
    config->tokens = apr_array_make(cmd->pool, 16, sizeof(token_entry));
    while (ap_cfg_getline(line, sizeof line, lines) == APR_SUCCESS) {
        const char* rest = line;
        token_entry entry;
        entry.token = ap_getword_white(cmd->pool, &rest);
        entry.name = ap_getword_white(cmd->pool, &rest);
        if (*entry.token == '\0' || *entry.token == '#') {
            continue;
        }
        if (strlen(entry.token) > MAX_TOKEN || !is_name(entry.name)) {
            ap_cfg_closefile(lines);
            return apr_psprintf(cmd->pool,
                                "BayeuxExampleTokens: a line of \"%s\" is no token and name", file);
        }
        APR_ARRAY_PUSH(config->tokens, token_entry) = entry;
    }
    ap_cfg_closefile(lines);
    return NULL;
}

/* Takes the same time wherever the texts differ. */
static int is_same(const char* shown, const char* token) {
    const apr_size_t shown_length = strlen(shown);
    const apr_size_t length = strlen(token);
    apr_size_t difference = shown_length ^ length;
    apr_size_t i;
    for (i = 0; i < length; ++i) {
        const char other = i < shown_length ? shown[i] : '\0';
        difference |= (apr_size_t)(unsigned char)(token[i] ^ other);
    }
    return difference == 0;
}

/* The name of a token, or NULL; all are compared, whichever it is. */
static const char* name_of(const token_config* config, const char* shown) {
    const char* name = NULL;
    int i;
    for (i = 0; i < config->tokens->nelts; ++i) {
        const token_entry* entry = &APR_ARRAY_IDX(config->tokens, i, token_entry);
        if (is_same(shown, entry->token)) {
            name = entry->name;
        }
    }
    return name;
}

static const char* token_of(const bayeux_handshake_event* event) {
    const char* json = event->ext;
    json = json != NULL ? json_member(event->pool, json, "authentication") : NULL;
    json = json != NULL ? json_member(event->pool, json, "token") : NULL;
    return json != NULL ? json_string(event->pool, json) : NULL;
}

static int look_at_token(bayeux_handshake_event* event) {
    const token_config* config =
        ap_get_module_config(ap_server_conf->module_config, &bayeux_example_token_module);
    const char* token;
    const char* name;
    if (config->tokens == NULL || event->domain != domain_named(event->r->server, config->domain)) {
        return DECLINED;
    }
    token = token_of(event);
    name = token != NULL ? name_of(config, token) : NULL;
    if (name == NULL) {
        event->reason = token != NULL ? "unknown token" : "no token in ext.authentication";
        event->advice = BAYEUX_GO_AWAY;
        return BAYEUX_DENY;
    }
    apr_table_setn(event->reply_ext, "name", apr_psprintf(event->pool, "\"%s\"", name));
    return OK;
}

static void find_functions(void) {
    domain_named = APR_RETRIEVE_OPTIONAL_FN(bayeux_domain_named);
    json_member = APR_RETRIEVE_OPTIONAL_FN(bayeux_json_member);
    json_string = APR_RETRIEVE_OPTIONAL_FN(bayeux_json_string);
}

/* A policy that is written and not enforced would be worse than none. */
static int check_bayeux(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* s) {
    const token_config* config =
        ap_get_module_config(s->module_config, &bayeux_example_token_module);
    APR_OPTIONAL_FN_TYPE(bayeux_api_version)* version =
        APR_RETRIEVE_OPTIONAL_FN(bayeux_api_version);
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (config->tokens != NULL && (version == NULL || version() < BAYEUX_API_VERSION)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, s,
                     "BayeuxExampleTokens needs mod_bayeux, and not an older one than it was "
                     "compiled for");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static const command_rec directives[] = {
    AP_INIT_TAKE2("BayeuxExampleTokens", set_tokens, NULL, RSRC_CONF,
                  "a file of tokens and names, and the domain that they open"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};

static void register_hooks(apr_pool_t* pool) {
    (void)pool;
    ap_hook_check_config(check_bayeux, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_optional_fn_retrieve(find_functions, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_handshake, look_at_token, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bayeux_example_token) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, create_config, NULL, directives, register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
