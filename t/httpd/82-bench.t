#!/usr/bin/env python3
"""bayeux bench counts right on both transports, in rooms and in batches, and notices each mistake of a server."""
# slow

import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "t" / "lib"), str(TOP / "bench")]
from faulty_server import FAULTY_NUMBER, STALL_SECONDS, FaultyServer  # noqa: E402
from harness import PATIENCE, Httpd  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

PROGRAM = str(builddir() / "bayeux")
TRANSPORTS = ("long-polling", "websocket")
# In each of them are four subscribers out of ten: 10 * 2 / 5.
ROOMS = {"subscribers": 10, "rooms": 5, "rooms_each": 2}
PER_ROOM = 4


def bayeux(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120 * PATIENCE, check=False)


def call(*words):
    return bayeux("bench", *words)


def bench(scenario, url, **options):
    """(exit code, report, stderr) of one run."""
    words = [scenario, "--json", "--url", url]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    result = call(*words)
    check(result.stdout, f"{' '.join(words)} ended with {result.returncode}: {result.stderr}")
    return result.returncode, json.loads(result.stdout), result.stderr


def verified(outcome):
    code, report, _ = outcome
    equal((code, report["verified"], report["faults"]), (0, True, 0), report)
    return report


def found(outcome, sentence):
    code, report, _ = outcome
    equal((code, report["verified"]), (1, False), report)
    check(any(sentence in fault for fault in report["fault"]), f"{sentence!r} is wanted: {report['fault']}")


# --- a server that is right -------------------------------------------------------------------------------------------

for spoken in TRANSPORTS:

    @test(f"{spoken}: every subscriber of a room gets each of its messages, once and in order")
    def _(server, transport=spoken):
        url = f"http://127.0.0.1:{server.port}/bayeux"
        report = verified(bench("fanout", url, transport=transport, **ROOMS, publishers=2, batch=5, payload=50,
                                rate=500, seconds=1, warmup=0, server_pid=server.pid))  # fmt: skip
        # One message more for everybody, into every other room, ends the run.
        equal(report["published_in_all"], 500 + 3)
        equal(report["delivered_in_all"], PER_ROOM * report["published_in_all"])
        check(report["deliveries"] > 0 and report["server_cpu_seconds"] >= 0, report)

    @test(f"{spoken}: the rate is kept, and a delivery is timed from when it was due")
    def _(server, transport=spoken):
        url = f"http://127.0.0.1:{server.port}/bayeux"
        report = verified(bench("fanout", url, transport=transport, subscribers=1, rate=200, seconds=1, warmup=0))
        equal(report["published_in_all"], 200 + 1, "messages: one more ends the run")
        quantiles = [report[f"latency_{name}_us"] for name in ("p50", "p90", "p99", "p999", "max")]
        equal(quantiles, sorted(quantiles))
        check(0 < quantiles[0] < 1e6 * PATIENCE, quantiles)

    @test(f"{spoken}: with nobody there, publishing is counted")
    def _(server, transport=spoken):
        url = f"http://127.0.0.1:{server.port}/bayeux"
        report = verified(bench("fanout", url, transport=transport, subscribers=0, batch=10, seconds=0.5, warmup=0))
        equal((report["delivered_in_all"], report["published_in_all"] % 10), (0, 0))
        check(report["publishes"] > 0, report)

    @test(f"{spoken}: with several requests under way, every message arrives and every one is answered")
    def _(server, transport=spoken):
        url = f"http://127.0.0.1:{server.port}/bayeux"
        report = verified(bench("fanout", url, transport=transport, subscribers=0, batch=10, depth=8, window=80,
                                seconds=0.5, warmup=0))  # fmt: skip
        equal((report["depth"], report["published_in_all"] % 10), (8, 0))
        check(report["publishes"] > 0, report)
        verified(bench("fanout", url, transport=transport, **ROOMS, publishers=2, batch=5, depth=4, window=100,
                       payload=50, seconds=0.5, warmup=0))  # fmt: skip

    @test(f"{spoken}: sessions that wait are reached by each message, and their memory is measured")
    def _(server, transport=spoken):
        report = verified(bench("idle", f"http://127.0.0.1:{server.port}/bayeux", transport=transport, connects=50,
                                polls=2, server_pid=server.pid))  # fmt: skip
        equal(report["answered"], 3 * 50)
        check(report["segment_per_connect"] > 0, report)
        check("bytes_per_connect_polled" in report, report)


@test("progress is told each second, and counted in the report")
def _(server):
    outcome = bench("fanout", f"http://127.0.0.1:{server.port}/bayeux", subscribers=2, rate=50, seconds=2.5, warmup=0,
                    progress=True)  # fmt: skip
    report = verified(outcome)
    equal(len(report["each_second"]), 2)
    check(0 < sum(report["each_second"]) <= report["delivered_in_all"], report["each_second"])
    lines = outcome[2].splitlines()
    equal([f"{count} deliveries/s" in line for count, line in zip(report["each_second"], lines)], [True, True], lines)


# --- servers that are not -----------------------------------------------------------------------------------------

MISTAKES = {
    "lose": f"got message {FAULTY_NUMBER + 1} but not {FAULTY_NUMBER}",
    "vanish": "messages have not reached everybody",
    "twice": f"got message {FAULTY_NUMBER} twice or late",
    "swap": f"got message {FAULTY_NUMBER + 1} but not {FAULTY_NUMBER}",
    "damage": "got a damaged message",
    "elsewhere": "got a damaged message",
    "stranger": "got a message of room ",
    "refuse": "a reply that is not successful",
}

for spoken in TRANSPORTS:

    @test(f"{spoken}: a server without mistakes is found to have none")
    def _(_server, transport=spoken):
        with FaultyServer("none") as faulty:
            report = verified(bench("fanout", faulty.url, transport=transport, subscribers=2, rooms=2, batch=2,
                                    seconds=0.5, warmup=0))  # fmt: skip
        check(report["published_in_all"] > 3 * FAULTY_NUMBER, "too few messages for the mistakes below")
        equal(report["delivered_in_all"], report["published_in_all"])

    for made, wanted in MISTAKES.items():

        @test(f"{spoken}: the mistake '{made}' is noticed")
        def _(_server, transport=spoken, mistake=made, sentence=wanted):
            with FaultyServer(mistake) as faulty:
                found(bench("fanout", faulty.url, transport=transport, subscribers=2, rooms=2, batch=2, seconds=0.5,
                            warmup=0, patience=0.5), sentence)  # fmt: skip

    @test(f"{spoken}: a server that stalls delays all that was due meanwhile, not only what it was busy with")
    def _(_server, transport=spoken):
        with FaultyServer("stall") as faulty:
            report = verified(bench("fanout", faulty.url, transport=transport, subscribers=1, rate=100, seconds=0.5,
                                    warmup=0))  # fmt: skip
        # Of 50 messages about 30 were due in these 0.3 s: the tenth that waited longest waited for 0.25 s and more.
        check(report["latency_p90_us"] > 1e6 * STALL_SECONDS * 0.7, report)

    @test(f"{spoken}: a server that is not there is noticed")
    def _(_server, transport=spoken):
        found(bench("fanout", "http://127.0.0.1:9/bayeux", transport=transport, subscribers=2, seconds=1), "refused")


@test("a server that answers pipelined requests is found to have no mistake, or the one it has")
def _(_server):
    def pipelined(mistake):
        with FaultyServer(mistake) as faulty:
            return bench("fanout", faulty.url, subscribers=2, rooms=2, batch=2, depth=4, window=16, seconds=0.5,
                         warmup=0, patience=0.5)  # fmt: skip

    check(verified(pipelined("none"))["published_in_all"] > 3 * FAULTY_NUMBER, "too few messages for the mistakes")
    found(pipelined("disorder"), "responses that are not in the order of their requests")
    found(pipelined("refuse"), MISTAKES["refuse"])


@test("a server without WebSocket is noticed")
def _(server):
    url = f"http://127.0.0.1:{server.port}/static.txt"
    found(bench("fanout", url, transport="websocket", subscribers=2, seconds=1), "no WebSocket: HTTP/1.1 200")


# --- command lines ----------------------------------------------------------------------------------------------------


@test("a wrong command line is answered with 2 and a sentence")
def _(_server):
    good = ("fanout", "--url", "http://127.0.0.1:9/")
    for words, sentence in (
        ((), "usage:"),
        (("nonsense",), "no such scenario"),
        (("fanout",), "--url takes"),
        ((*good, "--transport", "pigeon"), "--transport takes one of long-polling, websocket"),
        ((*good, "--rooms", "2", "--rooms-each", "3"), "--rooms-each takes a number from 1 to 2"),
        ((*good, "--payload", "9"), "--payload takes a number from 50"),
        ((*good, "--wings", "2"), "unknown: --wings"),
    ):
        result = call(*words)
        equal(result.returncode, 2, words)
        check(sentence in result.stderr, f"{words}: {sentence!r} is wanted: {result.stderr}")


@test("the command line names its tools, and its version")
def _(_server):
    for words, code, where, sentence in (
        ((), 2, "stderr", "usage: bayeux TOOL"),
        (("pigeon",), 2, "stderr", "there is no tool pigeon"),
        (("--help",), 0, "stdout", "bench"),
        (("--version",), 0, "stdout", "bayeux 0."),
        (("bench", "--help"), 0, "stdout", "usage: bayeux bench"),
    ):
        result = bayeux(*words)
        equal(result.returncode, code, words)
        check(sentence in getattr(result, where), f"{words}: {sentence!r} is wanted: {result}")


def fixture():
    return Httpd(children=3)


run(fixture)
