#!/usr/bin/env python3
"""A thousand calls a second through a C handler; and 500 sessions that chat while a service hangs."""
# alone

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
import backend  # noqa: E402
from harness import SANITIZE, Httpd, wait_until  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from services import ask  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import connected  # noqa: E402

SECONDS = 3
CALLERS = 10
RATE = 100 if SANITIZE else 1000  # calls a second, of all callers together
SUBSCRIBERS = 100 if SANITIZE else 500

node = backend.Backend()

CONF = f"""
ProxyPass /node http://127.0.0.1:{node.port}/
<Location /reflect>
    SetHandler reflector
</Location>
"""

LOCATION = """
BayeuxMaxSessionsPerBrowser -1
BayeuxMaxInterval 60s
BayeuxService "/service/reflect" "/reflect"
BayeuxService "/service/node/*" "/node"
"""


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Caller(threading.Thread):
    """Calls at a steady pace; a call's time counts from when it was to be made, however late the machine is."""

    def __init__(self, client, pace, count):
        super().__init__(daemon=True)
        self.client = client
        self.pace = pace
        self.count = count
        self.times = []
        self.wrong = []

    def run(self):
        begin = time.monotonic()
        for n in range(self.count):
            due = begin + n * self.pace
            time.sleep(max(0.0, due - time.monotonic()))
            message = {**self.client.message("/service/reflect"), "data": {"n": n}}
            self.client.send([message])
            answer = None
            while answer is None:
                answer = next((m for m in self.client.read() if "data" in m), None)
            self.times.append(time.monotonic() - due)
            if (answer["id"], answer["successful"], answer["data"]) != (message["id"], True, {"n": n}):
                self.wrong.append(answer)


@test(f"{RATE} calls a second through a C handler, over {CALLERS} WebSockets: each is answered, in time")
def _(server):
    count = RATE * SECONDS // CALLERS
    callers = [Caller(ws_connected(server), CALLERS / RATE, count) for _ in range(CALLERS)]
    begin = time.monotonic()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    took = time.monotonic() - begin
    times = [t * 1000 for caller in callers for t in caller.times]
    equal([answer for caller in callers for answer in caller.wrong], [])
    equal(len(times), count * CALLERS)
    diag(f"{len(times) / took:.0f} calls/s, p50 {percentile(times, 0.5):.1f} ms, p99 {percentile(times, 0.99):.1f} ms, "
         f"longest {max(times):.1f} ms")  # fmt: skip
    for caller in callers:
        caller.client.disconnect()
        caller.client.close()
    if not SANITIZE:
        check(len(times) / took > 0.9 * RATE, f"{len(times) / took:.0f} calls a second")


def chat(server):
    """The report of sessions that chat in rooms for a while."""
    command = [str(builddir() / "bayeux"), "bench", "fanout", "--json", "--url", f"http://127.0.0.1:{server.port}/bayeux",
               "--subscribers", str(SUBSCRIBERS), "--rooms", "50", "--rooms-each", "1", "--publishers", "2",
               "--rate", "200", "--seconds", "2"]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    check(result.returncode == 0, f"{result.returncode}: {result.stdout} {result.stderr}")
    return json.loads(result.stdout)


@test(f"{SUBSCRIBERS} sessions chat: as well while a service hangs, and calls of it wait")
def _(server):
    before = chat(server)
    clients = [connected(server, child=child) for child in 3 * server.children()]  # each child has its own cap
    for client in clients:
        for n in range(8):
            ask(client, "/service/node/hang", n)
    wait_until(lambda: node.waiting() >= 16, "calls that hang")
    during = chat(server)
    check(node.waiting() >= 16, "the calls have ended")
    node.let_through()
    for client in clients:
        client.disconnect()
        client.close()
    for what, report in (("before", before), ("while calls hang", during)):
        diag(f"{what}: {report['deliveries_per_second']} deliveries/s, latency ms p50 {report['latency_p50_us'] / 1000} "
             f"p99 {report['latency_p99_us'] / 1000} max {report['latency_max_us'] / 1000}")  # fmt: skip
    if not SANITIZE:
        check(during["latency_p99_us"] < 3 * before["latency_p99_us"] + 20000, "p99 has grown")


def fixture():
    modules = ("bayeux", "alias", "proxy", "proxy_http", "reflector")
    server = Httpd(CONF, modules=modules, location=LOCATION, children=3, threads=16, async_factor=250)
    server.expect("AH00484", "BX0030")  # all workers are busy for a moment; calls that hang for too long
    return server


run(fixture)
