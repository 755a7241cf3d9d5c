#!/usr/bin/env python3
"""Nothing is lost, doubled, out of order or misdelivered: P publishers, M subscribers on long-polling and WebSocket
with ack, whose connections are cut at random, through graceful restarts and kill -9 of children, each every 3 s; and a
crowd on all transports whose children are killed one after the other."""
# slow

import os
import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from crowd_load import Crowd  # noqa: E402
from harness import PATIENCE, HarnessError, Httpd, wait_until  # noqa: E402
from mixed_load import MixedLoad  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

LONG = bool(os.environ.get("BAYEUX_SOAK"))
SECONDS = 60 if LONG else 20
PERIOD = 3.0

CONF = """
ListenBacklog 4096
MaxKeepAliveRequests 0
<Location /elsewhere>
    SetHandler bayeux
    BayeuxDomain elsewhere
</Location>
"""

LOAD = {"other_path": "/elsewhere", "subscribers": 45, "publishers": 6, "rate": 150, "channels": 5}

# With ack no message is lost, whatever dies (X-ACK 6): what a child had sent and nobody acknowledged is sent again.
NEVER = ("lost", "lost_in_flight", "doubled", "out_of_order", "strange", "sessions_lost", "bad_status", "unanswered",
         "upgrades_refused", "refused")  # fmt: skip


def judged(load, name):
    report = load.report
    notes = report.pop("notes")
    diag(f"{name}: {report}")
    for note in notes:
        diag(note)
    for name in NEVER:
        equal(report[name], 0, name)
    check(report["superseded"] <= report["cuts"], f"{report['superseded']} connects were answered with 408")
    check(report["delivered"] > report["published"], "each message has several subscribers")
    return report


@test("connections cut at random, every 30 ms one")
def _(server):
    with MixedLoad(server, cut_every=0.03, **LOAD) as load:
        end = time.monotonic() + SECONDS / 4
        wait_until(lambda: time.monotonic() > end or not load.running(), "the load has run", SECONDS)
        check(load.running(), "the load ended")
    report = judged(load, "cuts")
    check(report["cuts"] > 50 and report["moves"] > 10, "it was not cut")
    equal(report["uncertain"], 0, "publishers are not cut")


@test(f"cuts, graceful every {PERIOD:g} s and kill -9 of a child every {PERIOD:g} s, for {SECONDS} s")
def _(server):
    shuffle = random.Random(7)
    kills = restarts = 0
    with MixedLoad(server, cut_every=0.1, **LOAD) as load:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and load.running():
            turn = time.monotonic() + PERIOD / 2
            if kills == restarts:
                server.graceful(at_once=True)
                restarts += 1
            else:
                try:
                    server.kill_child(shuffle.choice(server.children()))
                    kills += 1
                except (HarnessError, ProcessLookupError):
                    diag("the child that was to be killed had gone by itself")
            wait_until(lambda: time.monotonic() >= turn or not load.running(), "half a period", 10)
        check(load.running(), "the load ended")
    diag(f"{restarts} restarts, {kills} kills")
    report = judged(load, "all at once")
    check(kills >= 3 and restarts >= 3, "too few of them to mean anything")
    check(report["cuts"] > 20 and report["connect_failures"] > report["cuts"], "no kill hit anybody")
    # One publish at most of each publisher is on its way to a child when that dies.
    check(report["uncertain"] <= 6 * (kills + restarts), f"{report['uncertain']} publishes without an answer")
    check(report["slowest_publish"] < 8 * PATIENCE, f"a publish took {report['slowest_publish']:.1f} s")
    server.wait_all_children()
    equal(server.status(verify=True)["BayeuxVerify"], "ok")


KILLS, SESSIONS, RATE = (200, 2000, 20) if LONG else (6, 200, 60)


@test(f"{KILLS} random children are killed under {SESSIONS} sessions on all transports, who come and go")
def _(server):
    shuffle = random.Random(11)
    kills = 0
    with Crowd(server, subscribers=SESSIONS, publishers=6, rate=RATE, channels=SESSIONS // 20,
               churn=10 if LONG else 30, vanishing=LONG, other_path="/elsewhere", beat=4) as load:  # fmt: skip
        while kills < KILLS and load.running():
            server.kill_child(shuffle.choice(server.children()))
            kills += 1
            turn = time.monotonic() + shuffle.uniform(0.3, 2.0)
            wait_until(lambda: time.monotonic() >= turn, "its time", 10)
            if kills % 3 == 0:
                server.wait_all_children()  # or httpd, which waits longer each time, would have no child in the end
        check(load.running(), "the load ended")
    report = load.report
    for note in report.pop("notes"):
        diag(note)
    diag(f"{kills} kills: {report}")
    # Those without ack lose what a child was just sending: a few, not a queue.
    equal(Crowd.faults(report, permitted=("lost_in_flight",)), [])
    check(report["lost_in_flight"] <= 5 * kills, f"{report['lost_in_flight']} lost in flight")
    doubtful = report["uncertain"] - report["never_accepted"]
    check(doubtful <= 6 * kills, f"{doubtful} publishes were taken without an answer")
    check(report["connect_failures"] > kills * SESSIONS / 20, "no kill hit anybody")
    server.wait_all_children()
    equal(server.status(verify=True)["BayeuxVerify"], "ok")
    wait_until(lambda: server.status()["BayeuxSessions"] == "0", "those who vanished are forgotten", 60, 0.1)


def killed_often():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Httpd(children=3, server_limit=24, async_factor=200, conf=CONF,
                   location="BayeuxTransports long-polling callback-polling websocket eventsource\nBayeuxTimeout 5s\n"
                   f"BayeuxMaxInterval {30 if LONG else 10}s")  # fmt: skip
    server.expect("AH10392", "AH03490")  # children are killed successively
    return server


run(killed_often)
