#!/usr/bin/env python3
"""Twenty stock Faye clients over long-polling, spread over three children."""

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients")]
from harness import Httpd  # noqa: E402
from node_program import run_on_all_children  # noqa: E402
from tap import run, test  # noqa: E402


@test("faye clients when three children serve then each gets each message exactly once")
def _(server):
    run_on_all_children(server, "clients/faye.mjs")


run(lambda: Httpd(children=3, location="BayeuxMaxInterval 6s"))
