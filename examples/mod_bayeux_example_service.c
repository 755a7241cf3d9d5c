/* A Bayeux service in C: adds two numbers.
 *
 *     client.remoteCall('example/add', [2, 3], 5000, reply => console.log(reply.data));    // 5
 *
 * A message on /service/example/add with two numbers in an array is answered with their sum,
 * anything else with a failure. The function runs on a worker of httpd and might as well ask a
 * database.
 *
 *     LoadModule bayeux_example_service_module modules/mod_bayeux_example_service.so
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <httpd.h>

#include <apr_strings.h>
#include <http_config.h>

#include "mod_bayeux.h"

/* The next number of a JSON array, and what stands behind it. The text is valid JSON, so this has
 * only to tell numbers from other values. */
static const char* take_number(const char* at, double* number) {
    char* end = NULL;
    at += strspn(at, " \t\r\n[,");
    if (*at != '-' && (*at < '0' || *at > '9')) {
        return NULL;
    }
    *number = strtod(at, &end);
    return end + strspn(end, " \t\r\n");
}

static int add(bayeux_service_event* event) {
    double a = 0;
    double b = 0;
    const char* rest = event->data;
    if (strcmp(event->channel, "/service/example/add") != 0) {
        return DECLINED; /* somebody else's */
    }
    if (*rest == '[') {
        rest = take_number(rest, &a);
        rest = rest != NULL ? take_number(rest, &b) : NULL;
        if (rest != NULL && strcmp(rest, "]") == 0 && isfinite(a + b)) {
            char sum[40];
            /* Not apr_psprintf(): what it makes of %g is not always JSON. */
            snprintf(sum, sizeof sum, "%.17g", a + b);
            event->answer = apr_pstrdup(event->pool, sum);
            return OK;
        }
    }
    event->answer = "{\"message\":\"two numbers are wanted, such as [2, 3]\"}";
    return BAYEUX_DENY;
}

static void register_hooks(apr_pool_t* pool) {
    (void)pool;
    APR_OPTIONAL_HOOK(bayeux, bayeux_on_service, add, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bayeux_example_service) = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
                                             register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
                                             AP_MODULE_FLAG_NONE
#endif
};
