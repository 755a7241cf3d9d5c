#!/usr/bin/env python3
"""Twenty stock Faye clients over long-polling, spread over three children."""

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients")]
from harness import Httpd  # noqa: E402
from node_program import run_node  # noqa: E402
from tap import equal, run, test  # noqa: E402


@test("faye clients when three children serve then each gets each message exactly once")
def _(server):
    run_node("clients/faye.mjs", f"http://127.0.0.1:{server.port}/bayeux")


@test("the children share the work")
def _(server):
    served = {line["pid"] for line in server.access_log() if line["request"].startswith("POST /bayeux")}
    equal(served, set(server.children()), "children that served")


run(lambda: Httpd(children=3, location="BayeuxMaxInterval 3s"))
