#!/usr/bin/env python3
"""Deliveries to 1,000 subscribers, compared with plain requests to the same server in the same run.

bayeux bench verifies every delivery; 82-bench.t makes sure that it would notice a mistake.
"""
# alone

import json
import statistics
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from harness import SANITIZE, Httpd  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

ROUNDS = 1 if SANITIZE else 3
SECONDS = 1.5
# Fewer than workers: when all are busy httpd closes idle connections, and the plain requests would pay for new ones.
PLAIN_CONNECTIONS = 32
# Deliveries a second must reach this share of the requests a second that the same server answers.
WANTED_RATIOS = {"long-polling": 0.6, "websocket": 1.5}


def bench(scenario, url, **options):
    """(exit code, report) of one run."""
    command = [str(builddir() / "bayeux"), "bench", scenario, "--json", "--url", url]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    check(result.stdout, f"{' '.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.returncode, json.loads(result.stdout)


def plain_requests(server):
    (server.root / "htdocs" / "100.txt").write_text("x" * 100, encoding="ascii")
    code, plain = bench("get", f"http://127.0.0.1:{server.port}/100.txt", connections=PLAIN_CONNECTIONS,
                        seconds=SECONDS, server_pid=server.pid)  # fmt: skip
    equal(code, 0, plain)
    return plain


def deliveries(server, transport):
    code, fanout = bench("fanout", f"http://127.0.0.1:{server.port}/bayeux", transport=transport, subscribers=1000,
                         publishers=1, window=2, seconds=SECONDS, server_pid=server.pid)  # fmt: skip
    equal(code, 0, fanout)
    return fanout


for spoken, share in WANTED_RATIOS.items():

    @test(f"{spoken}: 1,000 subscribers get every message, in order, at {share} of the speed of plain requests")
    def _(server, transport=spoken, wanted=share):
        rounds = []
        for _ in range(ROUNDS):
            plain, fanout = plain_requests(server), deliveries(server, transport)
            rounds.append((plain, fanout))
            diag(f"{plain['requests_per_second']} requests/s at {plain['server_cpu_seconds_per_million']} CPU s a "
                 f"million, {fanout['deliveries_per_second']} deliveries/s at "
                 f"{fanout['server_cpu_seconds_per_million']}, {fanout['events_per_reply']} events a reply, latency us "
                 f"p50 {fanout['latency_p50_us']} p99 {fanout['latency_p99_us']} max {fanout['latency_max_us']}")
        ratio = statistics.median(
            fanout["deliveries_per_second"] / plain["requests_per_second"] for plain, fanout in rounds
        )
        cpu = statistics.median(fanout["server_cpu_seconds_per_million"] for _, fanout in rounds)
        plain_cpu = statistics.median(plain["server_cpu_seconds_per_million"] for plain, _ in rounds)
        diag(f"median of {ROUNDS} rounds: {ratio:.2f} deliveries a request; CPU seconds per million deliveries "
             f"{cpu:.1f}, per million plain requests {plain_cpu:.1f}")  # fmt: skip
        # Under a sanitizer only the module is slowed down, not httpd.
        check(SANITIZE or ratio >= wanted, f"{ratio:.2f} deliveries a request, {wanted} are wanted")


def fixture():
    # As any configuration in use: no .htaccess to look for on the way to a file.
    conf = "MaxKeepAliveRequests 0\n<Directory />\nAllowOverride None\nOptions FollowSymLinks\n</Directory>"
    server = Httpd(conf, children=3, threads=16, async_factor=250)
    server.expect("AH00484")  # all workers are busy, as they should be
    return server


run(fixture)
