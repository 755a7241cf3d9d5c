#!/usr/bin/env python3
"""Deliveries to 1,000 long-polling subscribers, compared with plain requests to the same server in the same run.

bayeux-bench verifies every delivery; that it would notice a mistake is tested first, against a server that makes one.
"""
# slow

import json
import statistics
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "t" / "lib"), str(TOP / "bench")]
from faulty_server import FAULTY_NUMBER, FaultyServer  # noqa: E402
from harness import SANITIZE, Httpd  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

ROUNDS = 1 if SANITIZE else 7
SECONDS = 1.5
# Fewer than workers: when all are busy httpd closes idle connections, and the plain requests would pay for new ones.
PLAIN_CONNECTIONS = 32
# Deliveries a second must reach this share of the requests a second that the same server answers.
WANTED_RATIO = 0.6


def bench(scenario, url, **options):
    """(exit code, report) of one run."""
    command = [str(builddir() / "bench" / "bayeux-bench"), scenario, "--json", "--url", url]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    check(result.stdout, f"{' '.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.returncode, json.loads(result.stdout)


def bench_faulty(mistake):
    with FaultyServer(mistake) as server:
        return bench("fanout", server.url, subscribers=2, seconds=1, warmup=0)


@test("bench when nothing is wrong then it verifies")
def _(_server):
    code, report = bench_faulty("none")
    equal((code, report["verified"], report["faults"]), (0, True, 0), report)
    check(report["published_in_all"] > FAULTY_NUMBER, "too few messages for the mistakes below")
    equal(report["delivered_in_all"], 2 * report["published_in_all"])


for made, sentence in (("lose", f"got message {FAULTY_NUMBER + 1} but not {FAULTY_NUMBER}"),
                       ("twice", f"got message {FAULTY_NUMBER} twice or late"),
                       ("swap", f"got message {FAULTY_NUMBER + 1} but not {FAULTY_NUMBER}"),
                       ("damage", "got a damaged message")):  # fmt: skip

    @test(f"bench when the server makes the mistake '{made}' then it fails and says so")
    def _(_server, mistake=made, wanted=sentence):
        code, report = bench_faulty(mistake)
        equal((code, report["verified"]), (1, False), report)
        check(any(wanted in fault for fault in report["fault"]), report["fault"])


@test("bench when the server is not there then it fails")
def _(_server):
    code, report = bench("fanout", "http://127.0.0.1:9/bayeux", subscribers=2, seconds=1)
    equal((code, report["verified"]), (1, False), report)
    check("refused" in report["fault"][0], report["fault"])


@test(f"1,000 subscribers get every message, once and in order, at {WANTED_RATIO} of the speed of plain requests")
def _(server):
    (server.root / "htdocs" / "100.txt").write_text("x" * 100, encoding="ascii")
    base = f"http://127.0.0.1:{server.port}"
    rounds = []
    for _ in range(ROUNDS):
        code, plain = bench("get", f"{base}/100.txt", connections=PLAIN_CONNECTIONS, seconds=SECONDS,
                            server_pid=server.pid)  # fmt: skip
        equal(code, 0, plain)
        code, fanout = bench("fanout", f"{base}/bayeux", subscribers=1000, publishers=1, window=2, seconds=SECONDS,
                             server_pid=server.pid)  # fmt: skip
        equal(code, 0, fanout)
        rounds.append((plain, fanout))
        diag(f"{plain['requests_per_second']} requests/s at {plain['server_cpu_seconds_per_million']} CPU s/million, "
             f"{fanout['deliveries_per_second']} deliveries/s at {fanout['server_cpu_seconds_per_million']}, "
             f"{fanout['events_per_reply']} events a reply, latency us p50 {fanout['latency_p50_us']} "
             f"p99 {fanout['latency_p99_us']} max {fanout['latency_max_us']}")  # fmt: skip
    ratio = statistics.median(
        fanout["deliveries_per_second"] / plain["requests_per_second"] for plain, fanout in rounds
    )
    cpu = statistics.median(fanout["server_cpu_seconds_per_million"] for _, fanout in rounds)
    plain_cpu = statistics.median(plain["server_cpu_seconds_per_million"] for plain, _ in rounds)
    diag(f"median of {ROUNDS} rounds: {ratio:.2f} deliveries a request; CPU seconds per million deliveries {cpu:.1f}, "
         f"per million plain requests {plain_cpu:.1f}")  # fmt: skip
    # Under a sanitizer only the module is slowed down, not httpd.
    check(SANITIZE or ratio >= WANTED_RATIO, f"{ratio:.2f} deliveries a request, {WANTED_RATIO} are wanted")


def fixture():
    # As any configuration in use: no .htaccess to look for on the way to a file.
    conf = "MaxKeepAliveRequests 0\n<Directory />\nAllowOverride None\nOptions FollowSymLinks\n</Directory>"
    server = Httpd(conf, children=3, threads=16, async_factor=250)
    server.expect("AH00484")  # all workers are busy, as they should be
    return server


run(fixture)
