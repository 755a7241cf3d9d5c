// The ids of the module's own log lines, in httpd's manner: APLOGNO belongs to httpd, ours are
// BX0001 and on. Every line of level warning and above has one; each is used in one place, and
// docs/troubleshooting.md explains it.
#ifndef BAYEUX_HTTPD_LOG_IDS_HPP
#define BAYEUX_HTTPD_LOG_IDS_HPP

#define BXNO(number) "BX" #number ": "

#endif
