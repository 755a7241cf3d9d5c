// httpd and APR as the glue sees them, and the name under which its log lines appear. Every file of
// this folder includes httpd through here.
#ifndef BAYEUX_HTTPD_HTTPD_API_HPP
#define BAYEUX_HTTPD_HTTPD_API_HPP

#include <httpd.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>

extern "C" {
APLOG_USE_MODULE(bayeux);
}

#endif
