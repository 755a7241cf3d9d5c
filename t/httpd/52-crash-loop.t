#!/usr/bin/env python3
"""Children that die as fast as they come, so that none is left to clean up after the others (design 1.3, 5)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd, wait_until  # noqa: E402
from tap import equal, run, test  # noqa: E402
from wire import poll, serves, session, succeeded  # noqa: E402


@test("twenty children are killed as soon as they are seen: afterwards new ones serve, and the sessions are there")
def _(server):
    with session(server, subscriptions=["/crash"]) as alice:
        with session(server) as bob:
            bob.publish("/crash", "before")
        killed = set()
        while len(killed) < 20:
            for child in wait_until(lambda: [pid for pid in server.children() if pid not in killed], "a child"):
                server.kill_child(child)
                killed.add(child)
        server.wait_all_children()
        alice.close()
        equal(poll(alice).data, ["before"])
        succeeded(alice.connect(0).reply)
        for _ in range(9):
            serves(server)


def fixture():
    # Of httpd: so many deaths in a row are worth a line to it.
    server = Httpd("<Location /bayeux>\nBayeuxMaxInterval 60s\n</Location>")
    server.expect("AH10392")
    return server


run(fixture)
