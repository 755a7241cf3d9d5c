#!/usr/bin/env python3
"""10,000 held connects in 3 children of 16 workers: no thread more than when idle, and one publish answers them all."""
# slow

import json
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import PATIENCE, SANITIZE, Httpd  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

CONNECTS = 2000 if SANITIZE else 10000
CHILDREN = 3
THREADS = 16
# Beside its workers a child of the event MPM has a main thread and a listener; and there is our loop.
OTHER_THREADS = 3


def hold(server, connects):
    command = [str(builddir() / "bench" / "bayeux-bench"), "idle", "--json", "--connects", str(connects),
               "--url", f"http://127.0.0.1:{server.port}/bayeux", "--server-pid", str(server.pid)]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=150 * PATIENCE, check=False)
    check(result.stdout, f"{' '.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.returncode, json.loads(result.stdout)


@test(f"{CONNECTS} connects are held without a thread more, and one publish answers each exactly once")
def _(server):
    code, report = hold(server, CONNECTS)
    diag(f"held after {report['seconds_to_hold_all']} s; answered within {report['latency_max_us'] / 1000:.0f} ms; "
         f"bytes per held connect: {report['bytes_per_connect']:.0f} "
         f"(resident {report['resident_per_connect']:.0f}, segment {report['segment_per_connect']:.0f}); "
         f"threads {report['threads_held']}")  # fmt: skip
    equal((code, report["verified"]), (0, True), report)
    equal(report["parked"], CONNECTS)
    equal(report["answered"], CONNECTS)
    equal(report["threads_held"], report["threads_before"], "threads of each child")
    if not SANITIZE:  # which have threads of their own
        equal(report["threads_held"], [THREADS + OTHER_THREADS] * CHILDREN, "threads of each child")


def fixture():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Httpd(location="BayeuxTimeout 600s", children=CHILDREN, threads=THREADS, async_factor=250)
    server.expect("AH00484")  # ten thousand handshakes at once keep all workers busy for a moment
    return server


run(fixture)
