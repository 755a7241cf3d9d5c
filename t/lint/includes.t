#!/usr/bin/env python3
"""Includes follow the arrows of the layers, and special knowledge stays in the files made for it."""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import check, equal, run, test  # noqa: E402

# layer -> (folders it may include from, single headers besides, system headers with a .h that it may use)
LAYERS = {
    "base": ({"base"}, set(), r"sys/random\.h|unistd\.h|errno\.h"),
    "protocol": ({"base", "protocol"}, set(), r"(?!)"),
    "broker": ({"base", "protocol", "broker"}, set(), r"(?!)"),
    "store": (
        {"base", "protocol", "store"},
        {"broker/session_store.hpp", "broker/transport.hpp"},
        r"apr[a-z_]*\.h|pthread\.h|signal\.h|sched\.h|unistd\.h|errno\.h|fcntl\.h|(sys|linux)/[a-z_]+\.h",
    ),
    "loop": (
        {"base", "protocol", "broker", "store", "loop"},
        set(),
        r"apr[a-z_]*\.h|pthread\.h|signal\.h|poll\.h|unistd\.h|errno\.h|fcntl\.h|(sys|netinet|arpa|linux)/[a-z_]+\.h",
    ),
    "httpd": (
        {"base", "protocol", "broker", "store", "loop", "httpd"},
        {"bayeux_module.h", "mod_bayeux.h"},
        r".*\.h",
    ),
}

JSON_FILE = "src/protocol/json.cc"
# A library's header -> its name, and the only file that includes it.
LIBRARIES = {
    "jansson.h": ("jansson", JSON_FILE),
    "zlib.h": ("zlib", "src/protocol/deflate.cc"),
}

# Who may know the MPM and the states of a connection.
MPM_NAMES = re.compile(r"\b(ap_mpm_\w+|CONN_STATE_\w+)")
MPM_FILES = re.compile(r"src/httpd/adoption\w*\.(cc|hpp)")
# At start the MPM is asked for numbers: how many children, threads and connections there can be.
MPM_QUERY_FILES = {f"src/httpd/{name}.cc" for name in ("lifecycle", "sizing", "child", "shared_memory")}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def strip_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def include_violations(path, text):
    found = []
    layer = path.split("/")[1]
    if layer not in LAYERS:
        return [f"{path}: {layer} is no layer"] if path.count("/") > 1 else []
    folders, headers, system = LAYERS[layer]
    for own, foreign in INCLUDE.findall(text):
        if own:
            folder = own.partition("/")[0] if "/" in own else None
            if own not in headers and folder not in folders:
                found.append(f'{path}: {layer}/ may not include "{own}"')
        elif foreign in LIBRARIES:
            name, file = LIBRARIES[foreign]
            if path != file:
                found.append(f"{path}: only {file} includes {name}")
        elif foreign.endswith(".h") and not re.fullmatch(system, foreign):
            found.append(f"{path}: {layer}/ may not include <{foreign}>")
    return found


def mpm_violations(path, text):
    if MPM_FILES.fullmatch(path):
        return []
    found = []
    for name in MPM_NAMES.findall(strip_comments(text)):
        if not (name == "ap_mpm_query" and path in MPM_QUERY_FILES):
            found.append(f"{path}: {name} belongs into src/httpd/adoption*")
    return found


def sources():
    files = [path for path in (TOP / "src").rglob("*") if path.suffix in (".cc", ".hpp", ".h")]
    return {str(path.relative_to(TOP)): path.read_text(encoding="utf-8") for path in sorted(files)}


def violations(checker):
    return [line for path, text in sources().items() for line in checker(path, text)]


@test("the rules find what they are made for")
def _():
    bad = [
        ("src/base/a.hpp", '#include "protocol/json.hpp"'),
        ("src/protocol/a.cc", '#include "broker/engine.hpp"'),
        ("src/protocol/a.cc", "#include <apr_time.h>"),
        ("src/protocol/a.cc", "#include <jansson.h>"),
        ("src/protocol/json.cc", "#include <zlib.h>"),
        ("src/protocol/deflate.cc", "#include <jansson.h>"),
        ("src/broker/a.cc", '#include "store/segment.hpp"'),
        ("src/broker/a.cc", "#include <unistd.h>"),
        ("src/store/a.cc", '#include "broker/engine.hpp"'),
        ("src/store/a.cc", '#include "loop/bell.hpp"'),
        ("src/loop/a.cc", '#include "httpd/reply.hpp"'),
        ("src/loop/a.cc", "#include <httpd.h>"),
        ("src/loop/a.cc", "  #  include <httpd.h>"),
        ("src/httpd/a.cc", "#include <jansson.h>"),
        ("src/httpd/a.cc", "#include <zlib.h>"),
        ("src/util/a.cc", ""),
    ]
    for path, text in bad:
        check(include_violations(path, text), f"not found: {text} in {path}")
    check(mpm_violations("src/httpd/a.cc", "x = CONN_STATE_SUSPENDED;"), "CONN_STATE_ not found")
    check(mpm_violations("src/httpd/lifecycle.cc", "ap_mpm_register_timed_callback(0)"), "ap_mpm_ not found")


@test("the rules leave alone what is right")
def _():
    good = [
        ("src/protocol/deflate.cc", "#include <zlib.h>"),
        (JSON_FILE, '#include <jansson.h>\n#include "base/result.hpp"\n#include <string>'),
        ("src/store/a.cc", '#include "broker/session_store.hpp"\n#include <apr_shm.h>\n#include <pthread.h>'),
        ("src/httpd/a.cc", '#include <httpd.h>\n#include "bayeux_module.h"\n#include "loop/bell.hpp"'),
    ]
    for path, text in good:
        equal(include_violations(path, text), [])
    equal(mpm_violations("src/httpd/adoption.cc", "CONN_STATE_SUSPENDED"), [])
    equal(mpm_violations("src/httpd/a.cc", "// as ap_mpm_query does"), [])


@test("each include goes along the arrows")
def _():
    equal(violations(include_violations), [], "violations")


@test("only adoption knows the MPM and connection states")
def _():
    found = violations(mpm_violations)
    found += mpm_violations("mod_bayeux.c", (TOP / "mod_bayeux.c").read_text(encoding="utf-8"))
    equal(found, [], "violations")


run()
