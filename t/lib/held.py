"""Thousands of sessions that wait, held by a server of 3 children of 16 workers: what each costs."""

import json
import re
import resource
import subprocess
from pathlib import Path

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


def check_held(server, transport, most):
    """No thread more than without them, at most so many bytes for each, no CPU while nothing comes, and one publish
    reaches each exactly once."""
    code, report = _hold(server, transport)
    diag(f"held after {report['seconds_to_hold_all']} s; reached within {report['latency_max_us'] / 1000:.0f} ms; "
         f"bytes each: {report['bytes_per_connect']:.0f} "
         f"(resident {report['resident_per_connect']:.0f}, segment {report['segment_per_connect']:.0f}); "
         f"threads {report['threads_held']}; {report.get('rest_cpu_share', 0):.2%} of a core at rest")  # fmt: skip
    equal((code, report["verified"]), (0, True), report)
    equal(report["parked"], COUNT)
    equal(report["answered"], COUNT)
    equal(report["threads_held"], report["threads_before"], "threads of each child")
    if not SANITIZE:  # which have threads and memory of their own, and are slow
        check(report["rest_cpu_share"] <= MOST_CPU_AT_REST, f"{report['rest_cpu_seconds']} s of CPU at rest")
        check(report["bytes_per_connect"] <= most, f"{report['bytes_per_connect']} bytes each; at most {most}")
        equal(report["threads_held"], [THREADS + OTHER_THREADS] * CHILDREN, "threads of each child")


def resident(server):
    """Bytes of the server's processes that are in memory, without the shared segment."""
    kilobytes = 0
    for pid in (server.pid, *server.children()):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        found = {name: int(value) for name, value in re.findall(r"^(Pss|Pss_Shmem): +(\d+) kB$", text, re.MULTILINE)}
        kilobytes += found["Pss"] - found["Pss_Shmem"]
    return kilobytes * 1024


def holding_server(location=""):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Httpd("MaxKeepAliveRequests 0", location=f"BayeuxTimeout 600s\n{location}", children=CHILDREN,
                   threads=THREADS, async_factor=250)  # fmt: skip
    server.expect("AH00484")  # ten thousand handshakes at once keep all workers busy for a moment
    return server
