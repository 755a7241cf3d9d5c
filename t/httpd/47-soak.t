#!/usr/bin/env python3
"""Some seconds of the soak (docs/testing.md): a crowd that comes and goes, clients that do not read, killed children
and graceful restarts at once. Whether anything grows only the long form can tell."""
# slow

import shutil
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("lib", "soak")]
import soak  # noqa: E402
from tap import equal, run, test  # noqa: E402

BRIEF = "--minutes 0.15 --sessions 150 --rate 40 --slow 4 --every 0.5 --timeout 4 --no-flat".split()


@test("soak: nothing lost, nothing doubled, nothing left behind")
def _():
    output = Path(tempfile.mkdtemp(prefix="bx-soak-"))
    try:
        equal(soak.soak(soak.arguments(BRIEF), output / "soak"), [])
    finally:
        shutil.rmtree(output)


run()
