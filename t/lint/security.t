#!/usr/bin/env python3
"""docs/security.md names for each case the tests of it, and these name the case."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "t/lib"))
import tap  # noqa: E402
from tap import check, equal  # noqa: E402

ROW = re.compile(r"^\| (S\d+) \| .+ \| (.+) \|$", re.M)
CASES = 25
# Between nodes: there is no backbone yet.
ABSENT = {"S21"}

rows = dict(ROW.findall((ROOT / "docs/security.md").read_text(encoding="utf-8")))


@tap.test("each case has a row")
def _():
    equal(set(rows), {f"S{number}" for number in range(1, CASES + 1)} - ABSENT)


for case, tests in rows.items():

    @tap.test(f"{case}: its tests say so")
    def _(case=case, tests=tests):
        names = re.findall(r"`([^`]+)`", tests)
        check(names, "no test")
        for name in names:
            text = (ROOT / name).read_text(encoding="utf-8")
            named = {f"S{number}" for number in re.findall(r"\bS(\d+)\b", text)}
            for first, last in re.findall(r"\bS(\d+) to S(\d+)\b", text):
                named |= {f"S{number}" for number in range(int(first), int(last) + 1)}
            check(case in named, f"{name} does not name {case}")


tap.run()
