"""Instructions, and time, of t/cost/delivery_cost; time of t/cost/bare_delivery."""

import functools
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from httpd_conf import builddir  # noqa: E402
from tap import Failure  # noqa: E402

PATIENCE = 120


@dataclass(frozen=True)
class Crowd:
    """What delivery_cost takes, see there."""

    what: str = "deliver"
    transport: str = "long-polling"
    sessions: int = 100
    channels: int = 10
    room: int = 10
    wildcards: int = 0
    rounds: int = 30
    warmup: int = 10

    def command(self):
        program = builddir() / "t" / "cost" / "delivery_cost"
        return [str(program), *map(str, astuple(self))]


@dataclass(frozen=True)
class Bare:
    """What bare_delivery takes, see there."""

    transport: str
    sessions: int
    room: int = 10
    seconds: int = 2

    def command(self):
        return [str(builddir() / "t" / "cost" / "bare_delivery"), *map(str, astuple(self))]


def _output(command):
    # The heap's own checks are no part of what is measured.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=env, check=False)
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}")
    operations, seconds = result.stdout.split()
    return int(operations), float(seconds)


def nanoseconds(crowd):
    """Of one operation."""
    operations, seconds = _output(crowd.command())
    return seconds * 1e9 / operations


def profile(crowd, out):
    """Writes callgrind's file; returns the number of operations."""
    callgrind = ["valgrind", "--tool=callgrind", "-q", "--instr-atstart=no", "--collect-atstart=no"]
    return _output([*callgrind, f"--callgrind-out-file={out}", *crowd.command()])[0]


@functools.cache
def instructions(crowd):
    """Of one operation, all that the process itself executes; the kernel's are not seen."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "callgrind.out"
        operations = profile(crowd, out)
        totals = re.findall(r"^(?:summary|totals): (\d+)$", out.read_text(encoding="utf-8"), re.MULTILINE)
    if not totals or int(totals[-1]) == 0:
        raise Failure("callgrind counted nothing: was the program built with <valgrind/callgrind.h>?")
    return int(totals[-1]) / operations
