#!/usr/bin/env python3
"""Graceful restarts in a row, with another configuration each time, under sessions on all transports: nobody loses a
message, a session ends only with its store, old children go in time, and nothing is left behind."""
# slow

import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import httpd_conf  # noqa: E402
import procs  # noqa: E402
from bayeux import Client  # noqa: E402
from crowd_load import Crowd  # noqa: E402
from harness import PATIENCE, SANITIZE, Httpd, wait_until  # noqa: E402
from prober import Prober  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

LONG = bool(os.environ.get("BAYEUX_SOAK"))
RESTARTS, SESSIONS, RATE = (100, 2000, 40) if LONG else (6, 200, 40)
PUBLISHERS = 6
MB = 1 << 20

FIRST = {"memory": 32, "timeout": 20, "rule": False, "module": True}
# What each restart changes. In the end it is as it was.
CHANGES = [{"timeout": 25}, {"module": False}, {"module": True, "rule": True}, {"memory": 48}, {"rule": False},
           {"memory": 32, "timeout": 20}]  # fmt: skip
if LONG:
    CHANGES[3:3] = [{}, {"timeout": 15}, {}, {"rule": False}]

RULE = """
<BayeuxChannel "/ruled/**">
    BayeuxRequire publish all denied
</BayeuxChannel>
"""


def conf(state):
    return f"""
ListenBacklog 4096
MaxKeepAliveRequests 0
LogLevel info
<IfModule bayeux_module>
    LogLevel info bayeux:info
    BayeuxSharedMemory {state["memory"]}M
    BayeuxMaxInterval 60s
    BayeuxTimeout {state["timeout"]}s
    {RULE if state["rule"] else ""}
</IfModule>
"""


class Changing:
    """The server's configuration of now, and what can be seen of it."""

    def __init__(self, server):
        self.server = server
        self.state = dict(FIRST)

    def change(self, **changed):
        self.state.update(changed)
        server = self.server
        server.conf = conf(self.state)
        server.modules = ["bayeux"] if self.state["module"] else []
        (server.root / "httpd.conf").write_text(httpd_conf.httpd_conf(server), encoding="utf-8")

    def seen(self):
        if not self.state["module"]:
            equal(self.server.get("/bayeux")[0], 404, "without the module")
            return
        with Client(self.server) as client:
            advice = client.handshake()["advice"]
            equal(advice["timeout"], self.state["timeout"] * 1000, "timeout")
            equal(client.publish("/ruled/one", 1).reply["successful"], not self.state["rule"], "the rule")
            client.disconnect()
        state = self.server.status(verify=True)
        equal(state["BayeuxVerify"], "ok")
        check(abs(int(state["BayeuxMemorySize"]) / (self.state["memory"] * MB) - 1) < 0.01, state["BayeuxMemorySize"])


class Times:
    def __init__(self):
        self.ends = []
        self.returns = []

    def __str__(self):
        average = sum(self.ends) / len(self.ends)
        return (f"old children gone after {max(self.ends):.1f} s at most, {average:.1f} s on average; "
                f"everybody back after {max(self.returns):.1f} s at most")  # fmt: skip


def restart(server, load, changing, change, times):
    """One restart; the counts of the load after it."""
    other_store = change.get("memory", changing.state["memory"]) != changing.state["memory"]
    if other_store or change.get("module") is False:
        load.give_up_store(60)
    changing.change(**change)
    old = server.children()
    begun = time.monotonic()
    server.graceful(at_once=True)
    wait_until(lambda: not any(procs.alive(pid) for pid in old), "the old children have gone", 10)
    times.ends.append(time.monotonic() - begun)
    if other_store or change.get("module") is True:
        load.order("store is there")
    changing.seen()
    if not changing.state["module"]:
        return load.tell()
    told = load.wait_settled(60)
    times.returns.append(time.monotonic() - begun)
    return told


def not_grown(before, after, anonymous):
    """What a server keeps: as much as before, but for some memory that httpd itself may not give back."""
    for name in ("fds", "mappings", "segments", "semaphores"):
        check(after[name] <= before[name], f"{name} of the parent: {before[name]}, then {after[name]}")
    more = after["anonymous"] - before["anonymous"]
    # A sanitizer keeps what was freed.
    check(more <= anonymous or SANITIZE, f"the parent's own memory has grown by {more / MB:.2f} MB")


@test(f"{RESTARTS} graceful restarts, most with another configuration, under {SESSIONS} sessions on all transports")
def _(server):
    changing = Changing(server)
    times = Times()
    footprints = [procs.footprint(server.pid)]
    everybody = SESSIONS + PUBLISHERS
    stores = 0
    with Prober(server) as prober, Crowd(server, subscribers=SESSIONS, publishers=PUBLISHERS, rate=RATE,
                                         channels=SESSIONS // 20) as load:  # fmt: skip
        anew = 0
        for number in range(RESTARTS):
            change = CHANGES[number % len(CHANGES)]
            told = restart(server, load, changing, change, times)
            if "memory" in change:
                stores += 1
                anew += everybody
                wait_until(lambda: load.tell().get("anew", 0) >= anew, "everybody has shaken hands anew", 10)
            equal(load.tell().get("anew", 0), anew, f"sessions made anew, after {number + 1} restarts: {told}")
            if changing.state == FIRST:
                footprints.append(procs.footprint(server.pid))
        check(load.running(), "the load ended")
    report = load.report
    for note in report.pop("notes"):
        diag(note)
    diag(f"{RESTARTS} restarts, {stores} new stores: {report}")
    diag(f"{times}; {prober}")
    for footprint in (footprints[0], footprints[1], footprints[-1]):
        diag(f"the parent: {footprint}")
    equal(Crowd.faults(report), [])
    # One publish of each publisher may be on its way on a WebSocket that the restart closes. A young child accepts for
    # a second more, and ends what begins there: nothing of that may have been taken.
    doubtful = report["uncertain"] - report["never_accepted"]
    check(doubtful <= PUBLISHERS * RESTARTS, f"{doubtful} publishes were taken without an answer")
    equal(prober.broken, 0, "pages that broke")
    check(prober.longest < 5 * PATIENCE, f"no page for {prober.longest:.1f} s")
    not_grown(footprints[0], footprints[-1], 4 * MB)
    if LONG:
        not_grown(footprints[1], footprints[-1], 1 * MB)


@test("behind all that the server is as it was: empty, with as many children and no more memory than it was given")
def _(server):
    wait_until(lambda: len(server.children()) == server.children_wanted, "no old child is there", 10)
    state = server.status(verify=True)
    equal((state["BayeuxVerify"], state["BayeuxSessions"]), ("ok", "0"))
    sizes = [size for pid in [server.pid, *server.children()] for size in procs.shared_sizes(pid)]
    large = sorted(round(size / MB) for size in sizes if size >= 4 * MB)
    equal(large, [FIRST["memory"]] * (1 + server.children_wanted), "MB shared by the parent and its children")


def restarted_often():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return Httpd(children=3, server_limit=12, async_factor=200, conf=conf(FIRST),
                 location="BayeuxTransports long-polling callback-polling websocket eventsource")  # fmt: skip


run(restarted_often)
