#!/usr/bin/env python3
"""Makefile.am lists every source and every test; files keep to their size; tests can be run."""

import os
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import check, equal, run, test  # noqa: E402

HARD_LIMIT = 500  # lines


def lists(makefile):
    """variable -> the words of its list."""
    joined = makefile.replace("\\\n", " ")
    return {name: words.split() for name, words in re.findall(r"^(\w+)[ \t]*=[ \t]*(.*)$", joined, re.MULTILINE)}


def missing_sources(makefile, paths):
    listed = lists(makefile)
    found = []
    for path in paths:
        layer = path.split("/")[1] if path.startswith("src/") else "fake"
        if path not in listed.get(f"lib{layer}_la_SOURCES", []):
            found.append(f"Makefile.am: lib{layer}_la_SOURCES lacks {path}")
    return found


def missing_tests(makefile, paths):
    listed = lists(makefile)
    found = []
    for path in paths:
        kind = path.split("/")[1]
        program = path.removesuffix(".cc")
        if program not in listed.get(f"{kind}_tests", []):
            found.append(f"Makefile.am: {kind}_tests lacks {program}")
        if re.sub(r"\W", "_", program) + "_LDADD" not in listed:
            found.append(f"Makefile.am: {program} has no LDADD, hence no layer")
    return found


def files(*patterns):
    return sorted(str(path.relative_to(TOP)) for pattern in patterns for path in TOP.glob(pattern))


@test("the check finds what is not listed")
def _():
    makefile = "libbase_la_SOURCES = \\\n\tsrc/base/a.cc\nunit_tests = t/unit/test_a\nt_unit_test_a_LDADD = x\n"
    equal(missing_sources(makefile, ["src/base/a.cc"]), [])
    check(missing_sources(makefile, ["src/base/b.cc"]), "a source")
    equal(missing_tests(makefile, ["t/unit/test_a.cc"]), [])
    equal(len(missing_tests(makefile, ["t/unit/test_b.cc"])), 2)


@test("Makefile.am lists each source")
def _():
    makefile = (TOP / "Makefile.am").read_text(encoding="utf-8")
    paths = files("src/*/*.cc", "src/*/*.hpp", "t/lib/*.cc")
    equal(missing_sources(makefile, paths), [], "missing")


@test("Makefile.am lists each unit and process test")
def _():
    makefile = (TOP / "Makefile.am").read_text(encoding="utf-8")
    equal(missing_tests(makefile, files("t/unit/test_*.cc", "t/process/test_*.cc")), [], "missing")


@test(f"no source has more than {HARD_LIMIT} lines")
def _():
    def length(path):
        return (TOP / path).read_text(encoding="utf-8").count("\n")

    long = [f"{path}: {length(path)}" for path in files("*.c", "src/**/*.cc", "src/**/*.hpp", "t/*/*.cc", "t/*/*.py")
            if length(path) > HARD_LIMIT]  # fmt: skip
    equal(long, [], "too long")


@test("each .t file can be run")
def _():
    equal([path for path in files("t/*/*.t") if not os.access(TOP / path, os.X_OK)], [], "not executable (chmod +x)")


run()
