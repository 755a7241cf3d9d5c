# BX_APXS(MINIMUM-VERSION)
# ------------------------
# Everything about the httpd that the module is built for comes from apxs and apr-1-config.
AC_DEFUN([BX_APXS], [
AC_ARG_WITH([apxs],
    [AS_HELP_STRING([--with-apxs=FILE], [the apxs of the httpd to build for @<:@apxs in PATH@:>@])],
    [], [with_apxs=yes])
AS_CASE([$with_apxs],
    [yes], [AC_PATH_PROGS([APXS], [apxs apxs2], [no], [$PATH:/usr/sbin:/usr/local/apache2/bin])],
    [APXS=$with_apxs; AC_SUBST([APXS])])
AS_IF([test "$APXS" = no || test ! -x "$APXS"],
    [AC_MSG_ERROR([no apxs at "$APXS": install it (apt-get install apache2-dev) or name it with --with-apxs=FILE])])

# One variable per call: several at once come joined by ";;".
HTTPD_INCLUDEDIR=`$APXS -q INCLUDEDIR`
HTTPD_VERSION=`$APXS -q HTTPD_VERSION`
HTTPD_PROGRAM=`$APXS -q SBINDIR`/`$APXS -q progname`
bx_libexecdir=`$APXS -q LIBEXECDIR`
bx_sysconfdir=`$APXS -q SYSCONFDIR`
bx_apr_config=`$APXS -q APR_CONFIG`

AC_MSG_CHECKING([for httpd $1 or later])
AS_VERSION_COMPARE([$HTTPD_VERSION], [$1],
    [AC_MSG_ERROR([httpd $HTTPD_VERSION is too old, $1 is needed (asked $APXS)])])
AC_MSG_RESULT([$HTTPD_VERSION])

AC_MSG_CHECKING([for APR])
AS_IF([test ! -x "$bx_apr_config"], [bx_apr_config=`command -v apr-1-config`])
AS_IF([test -z "$bx_apr_config"],
    [AC_MSG_ERROR([apr-1-config was not found: apt-get install libapr1-dev])])
APR_CPPFLAGS="-isystem `$bx_apr_config --includedir` `$bx_apr_config --cppflags`"
APR_LIBS=`$bx_apr_config --link-ld --libs | tr '\n' ' '`
bx_apr_version=`$bx_apr_config --version`
AC_MSG_RESULT([$bx_apr_version])

# apr-util has a directory of its own only where it is installed apart from APR.
bx_apu_config=`$APXS -q APU_CONFIG`
AS_IF([test -x "$bx_apu_config"],
    [bx_apu_includedir=`$bx_apu_config --includedir`
     AS_IF([test "$bx_apu_includedir" != "`$bx_apr_config --includedir`"],
        [APR_CPPFLAGS="$APR_CPPFLAGS -isystem $bx_apu_includedir"])])

# -isystem keeps warnings in the macros of httpd and APR out of our code.
HTTPD_CPPFLAGS="-isystem $HTTPD_INCLUDEDIR"

AC_ARG_WITH([module-dir],
    [AS_HELP_STRING([--with-module-dir=DIR], [where make install puts the module @<:@asked of apxs@:>@])],
    [HTTPD_MODULEDIR=$withval], [HTTPD_MODULEDIR=$bx_libexecdir])
AC_ARG_WITH([conf-dir],
    [AS_HELP_STRING([--with-conf-dir=DIR],
        [where make install puts bayeux.load and bayeux.conf @<:@mods-available or extra below httpd's@:>@])],
    [HTTPD_CONFDIR=$withval],
    [AS_IF([test -d "$bx_sysconfdir/mods-available"],
        [HTTPD_CONFDIR=$bx_sysconfdir/mods-available], [HTTPD_CONFDIR=$bx_sysconfdir/extra])])
AC_ARG_WITH([include-dir],
    [AS_HELP_STRING([--with-include-dir=DIR],
        [where make install puts mod_bayeux.h @<:@beside httpd's headers@:>@])],
    [HTTPD_HEADERDIR=$withval], [HTTPD_HEADERDIR=$HTTPD_INCLUDEDIR])
AC_SUBST([HTTPD_HEADERDIR])
AC_SUBST([HTTPD_VERSION])
AC_SUBST([HTTPD_PROGRAM])
AC_SUBST([HTTPD_CPPFLAGS])
AC_SUBST([HTTPD_MODULEDIR])
AC_SUBST([HTTPD_CONFDIR])
AC_SUBST([APR_CPPFLAGS])
AC_SUBST([APR_LIBS])
])

# BX_SYSTEM_INCLUDES(VARIABLE, FLAGS)
# -----------------------------------
# VARIABLE = FLAGS with each -I made an -isystem.
AC_DEFUN([BX_SYSTEM_INCLUDES], [
$1=`AS_ECHO(["$2"]) | sed 's/-I */-isystem /g'`
AC_SUBST([$1])
])
