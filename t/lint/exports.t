#!/usr/bin/env python3
"""The module exports its record and nothing else, and can be unloaded."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from httpd_conf import module_file  # noqa: E402
from tap import check, equal, run, test  # noqa: E402


def dynamic_symbols(path):
    """(type, name) of the symbols that the object defines for others."""
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", str(path)], check=True, capture_output=True, text=True
    ).stdout
    return [tuple(line.split()[-2:]) for line in listing.splitlines()]


@test("the check finds a stray symbol")
def _():
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "stray.cc")
        source.write_text('extern "C" int bayeux_module;\nint bayeux_module;\nint stray() { return 1; }\n')
        subprocess.run(["g++", "-shared", "-fPIC", source, "-o", Path(folder, "stray.so")], check=True)
        names = [name for _, name in dynamic_symbols(Path(folder, "stray.so"))]
        check("bayeux_module" in names and len(names) == 2, f"nm says {names}")


@test("bayeux_module is the only symbol")
def _():
    check(module_file().exists(), f"{module_file()} is missing: run make first")
    equal([name for _, name in dynamic_symbols(module_file())], ["bayeux_module"], "symbols")


@test("no unique symbol keeps the module from being unloaded")
def _():
    # Type u in the whole symbol table: glibc then marks the object as not to be closed.
    listing = subprocess.run(["nm", str(module_file())], check=True, capture_output=True, text=True).stdout
    equal(re.findall(r"^\S+ u (\S+)", listing, re.MULTILINE), [], "unique symbols")


run()
