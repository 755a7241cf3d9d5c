#!/bin/sh
# Does it compile for an old httpd? Only that: the headers of a version, nothing is linked or run.
#
#     t/package/old_headers.sh GIT-DIRECTORY VERSION...
#
# GIT-DIRECTORY is a clone of httpd's repository, bare or not; VERSION one of its tags: 2.4.53. What httpd's own
# configure would write is taken from the httpd that is installed.
set -eu

[ $# -ge 2 ] || {
    sed -n '4s/^# *//p' "$0" >&2
    exit 2
}
repository=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
installed=$(apxs -q INCLUDEDIR)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

headers_of() {
    mkdir -p "$work/$1/tree" "$work/$1/include"
    git -C "$repository" archive "$1" include os/unix modules/core modules/generators | tar x -C "$work/$1/tree"
    find "$work/$1/tree" -name '*.h' -exec cp {} "$work/$1/include" \;
    cp "$installed/ap_config_auto.h" "$installed/ap_config_layout.h" "$work/$1/include"
}

# compile COMPILER FLAGS-AND-FILES...
compile() {
    "$@" -w -fsyntax-only -I"$top/include" -I"$top/src" -isystem "$work/$version/include" \
        -isystem "$(apr-1-config --includedir)" $(apr-1-config --cppflags)
}

failed=
for version; do
    headers_of "$version"
    result=compiles
    compile gcc -std=c11 "$top/mod_bayeux.c" || result=FAILS
    for source in "$top"/src/httpd/*.cc; do
        compile g++ -std=c++20 "$source" || result=FAILS
    done
    echo "httpd $version: $result"
    [ "$result" = compiles ] || failed=yes
done
[ -z "$failed" ]
