#!/usr/bin/env python3
"""Ids of log lines (BX0001 ...) are unique, have four digits, and each warning has one."""

import collections
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import check, equal, run, test  # noqa: E402

# BXNO(0001) in src/httpd, "BX0001" elsewhere.
ID = re.compile(r'\bBXNO\((\d+)\)|"BX(\d+)\b')
# A call that logs at warning or above; up to the end of the statement.
LOUD = re.compile(r"\bap_log_\w+\s*\([^;]*?\bAPLOG_(?:WARNING|ERR|CRIT|ALERT|EMERG)\b[^;]*;", re.DOTALL)
EXPLAINED_IN = TOP / "docs" / "troubleshooting.md"


def without_comments(text):
    return re.sub(r"^\s*//[^\n]*|^#define BXNO.*?$|/\*.*?\*/", "", text, flags=re.DOTALL | re.MULTILINE)


def violations(files):
    found = []
    places = collections.defaultdict(list)
    for path, text in files.items():
        text = without_comments(text)
        for match in ID.finditer(text):
            number = match.group(1) or match.group(2)
            if len(number) != 4 or number == "0000":
                found.append(f"{path}: BX{number} has not four digits, or is zero")
            places[number].append(path)
        for match in LOUD.finditer(text):
            if not ID.search(match.group()):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path}: no id in the call at about line {line}: {match.group()[:60]}...")
    for number, paths in sorted(places.items()):
        if len(paths) > 1:
            found.append(f"BX{number} is used in {', '.join(paths)}")
    return found


def sources():
    files = [TOP / "mod_bayeux.c", *(path for path in (TOP / "src").rglob("*") if path.suffix in (".cc", ".hpp", ".h"))]
    return {str(path.relative_to(TOP)): path.read_text(encoding="utf-8") for path in files if path.exists()}


@test("the check finds an id used twice, a malformed one, and a warning without")
def _():
    check(violations({"a.cc": "ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, \"it's; broken\");"}), "no id")
    equal(violations({"a.cc": 'ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, BXNO(0001) "x");'}), [], "an id")
    check(violations({"a.cc": "BXNO(0001)", "b.cc": "BXNO(0001)"}), "BXNO twice")
    check(violations({"a.cc": 'log("BX0001: x");', "b.cc": 'log("BX0001: y");'}), "two files")
    check(violations({"a.cc": 'log("BX0001: x"); log("BX0001: y");'}), "one file")
    check(violations({"a.cc": 'log("BX12: x");'}), "two digits")
    equal(violations({"a.cc": 'log("BX0001: x"); // "BX0001" again'.replace("//", "\n//")}), [], "a comment")


@test("each id is used once")
def _():
    equal(violations(sources()), [], "violations")


@test("each id is explained in docs/troubleshooting.md")
def _():
    text = EXPLAINED_IN.read_text(encoding="utf-8")
    used = {first or second for source in sources().values() for first, second in ID.findall(without_comments(source))}
    equal(sorted(number for number in used if f"BX{number}" not in text), [], "not explained")


run()
