#!/usr/bin/env python3
"""Each fuzz target survives its seeds, and every crash that was ever found became one of them."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent / "lib"))
from httpd_conf import builddir  # noqa: E402
from tap import check, equal, run, test  # noqa: E402


def replay(target):
    program = builddir() / "t" / "fuzz" / f"fuzz_{target}"
    seeds = FUZZ / "seeds" / target
    check(any(seeds.iterdir()), f"{seeds} is empty")
    result = subprocess.run([program, seeds], capture_output=True, text=True, timeout=120, check=False)
    equal(result.returncode, 0, f"{program.name} stopped at:\n{result.stdout[-300:]}{result.stderr[-4000:]}\n")
    equal(len(result.stdout.splitlines()), len(list(seeds.iterdir())), "seeds replayed")


for source in sorted(FUZZ.glob("fuzz_*.cc")):
    name = source.stem.removeprefix("fuzz_")
    test(f"{name} survives its seeds")(lambda name=name: replay(name))

run()
