#!/usr/bin/env python3
"""include/mod_bayeux.h is C99 that warns of nothing, C++ as well, and documented: what it declares is registered."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from httpd_conf import apxs  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

HEADER = (TOP / "include/mod_bayeux.h").read_text(encoding="utf-8")
FUNCTIONS = re.findall(r"APR_DECLARE_OPTIONAL_FN\(\s*[\w ]+\*?,\s*(\w+)", HEADER)
HOOKS = re.findall(r"APR_DECLARE_EXTERNAL_HOOK\(\s*bayeux,\s*BAYEUX,\s*\w+,\s*(\w+)", HEADER)

USES = '#include "mod_bayeux.h"\n' + "".join(
    f"APR_OPTIONAL_FN_TYPE({name}) *p_{name};\n" for name in FUNCTIONS
) + "void use(void);\nvoid use(void) {\n" + "".join(
    f"    p_{name} = APR_RETRIEVE_OPTIONAL_FN({name});\n" for name in FUNCTIONS
) + "}\n" + "".join(f"bayeux_HOOK_{name}_t *h_{name};\n" for name in HOOKS)  # fmt: skip


def apr(option):
    program = shutil.which(apxs("APR_CONFIG")) or "apr-1-config"
    return subprocess.run([program, option], check=True, capture_output=True, text=True).stdout.split()


def compiles(compiler, *flags, source=USES, suffix=".c"):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "use" + suffix)
        file.write_text(source, encoding="utf-8")
        command = [compiler, *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", str(TOP / "include"),
                   "-isystem", apxs("INCLUDEDIR"), "-isystem", *apr("--includedir"), *apr("--cppflags"), "-fsyntax-only",
                   str(file)]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@test("the check finds what is wrong")
def _():
    check(compiles("gcc", "-std=c99", source=USES + "int stray(void) { for (;;) { int unused; } }\n"), "no warning")


@test("C99, C++11 and C++20")
def _():
    equal(compiles("gcc", "-std=c99", "-Wstrict-prototypes"), "")
    equal(compiles("g++", "-std=c++11", suffix=".cc"), "")
    equal(compiles("g++", "-std=c++20", suffix=".cc"), "")


@test("every function is registered, and named on the page; so is every hook")
def _():
    module = (TOP / "mod_bayeux.c").read_text(encoding="utf-8")
    page = (TOP / "docs/api.md").read_text(encoding="utf-8")
    called = (TOP / "src/httpd/module_hooks.cc").read_text(encoding="utf-8")
    equal(len(FUNCTIONS), 10)
    equal(len(HOOKS), 8)
    equal(sorted(re.findall(r"APR_REGISTER_OPTIONAL_FN\((\w+)\)", module)), sorted(FUNCTIONS))
    equal([name for name in FUNCTIONS + HOOKS if f"`{name}`" not in page], [])
    equal([name for name in HOOKS if f'"{name}"' not in called], [])


run()
