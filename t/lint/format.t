#!/usr/bin/env python3
"""clang-format 14 has nothing to change. Other versions format differently, hence the number."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import Failure, check, equal, run, test  # noqa: E402


def clang_format():
    program = shutil.which("clang-format-14")
    if program is None:
        raise Failure("clang-format-14 is missing: apt-get install clang-format-14")
    return program


def badly_formatted(files):
    """The first complaint about each file that clang-format would change."""
    if not files:
        return []
    result = subprocess.run(
        [clang_format(), "--dry-run", "-Werror", "--style=file", *map(str, files)],
        capture_output=True, text=True, cwd=TOP, check=False,
    )  # fmt: skip
    first = {}
    for line in result.stderr.splitlines():
        name, _, rest = line.partition(":")
        if ": error:" in line:
            first.setdefault(name, f"{name}:{rest.split(':')[0]}")
    if result.returncode != 0 and not first:
        raise Failure(result.stderr)
    return sorted(first.values())


def sources():
    found = [TOP / "mod_bayeux.c"]
    for folder in ("src", "t", "include"):
        found += [path for path in (TOP / folder).rglob("*") if path.suffix in (".cc", ".hpp", ".h", ".c")]
    return sorted(path for path in found if path.exists())


@test("the check finds a file that is formatted otherwise")
def _():
    with tempfile.NamedTemporaryFile("w", suffix=".cc", dir=TOP / "t") as file:
        file.write("int  main( ) {return 0;}\n")
        file.flush()
        check(badly_formatted([Path(file.name)]), "not found")


@test("each source is formatted (clang-format-14 -i FILE does it)")
def _():
    equal(badly_formatted(sources()), [], "files and lines")


run()
