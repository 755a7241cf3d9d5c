"""Thousands of sessions that wait, held by a server of 3 children of 16 workers: what each costs."""

import json
import resource
import subprocess

from harness import PATIENCE, SANITIZE, Httpd
from httpd_conf import builddir
from tap import check, diag, equal

COUNT = 2000 if SANITIZE else 10000
CHILDREN = 3
THREADS = 16
# Beside its workers a child of the event MPM has a main thread and a listener; and there is our loop.
OTHER_THREADS = 3
REST_SECONDS = 5
# Of a core, for all children together.
MOST_CPU_AT_REST = 0.01


def _hold(server, transport):
    command = [str(builddir() / "bayeux"), "bench", "idle", "--json", "--connects", str(COUNT),
               "--transport", transport, "--rest", str(REST_SECONDS), "--url", f"http://127.0.0.1:{server.port}/bayeux",
               "--server-pid", str(server.pid)]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=150 * PATIENCE, check=False)
    check(result.stdout, f"{' '.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.returncode, json.loads(result.stdout)


def check_held(server, transport):
    """No thread more than without them, no CPU while nothing comes, and one publish reaches each exactly once."""
    code, report = _hold(server, transport)
    diag(f"held after {report['seconds_to_hold_all']} s; reached within {report['latency_max_us'] / 1000:.0f} ms; "
         f"bytes each: {report['bytes_per_connect']:.0f} "
         f"(resident {report['resident_per_connect']:.0f}, segment {report['segment_per_connect']:.0f}); "
         f"threads {report['threads_held']}; {report.get('rest_cpu_share', 0):.2%} of a core at rest")  # fmt: skip
    equal((code, report["verified"]), (0, True), report)
    equal(report["parked"], COUNT)
    equal(report["answered"], COUNT)
    equal(report["threads_held"], report["threads_before"], "threads of each child")
    if not SANITIZE:  # which have threads of their own, and are slow
        check(report["rest_cpu_share"] <= MOST_CPU_AT_REST, f"{report['rest_cpu_seconds']} s of CPU at rest")
        equal(report["threads_held"], [THREADS + OTHER_THREADS] * CHILDREN, "threads of each child")


def holding_server():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Httpd(location="BayeuxTimeout 600s", children=CHILDREN, threads=THREADS, async_factor=250)
    server.expect("AH00484")  # ten thousand handshakes at once keep all workers busy for a moment
    return server
