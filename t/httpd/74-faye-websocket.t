#!/usr/bin/env python3
"""Twenty stock Faye clients over WebSocket and long-polling, spread over three children; the network is cut."""

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients")]
from children_seen import on_all_children  # noqa: E402
from harness import Httpd  # noqa: E402
from node_program import run_node  # noqa: E402
from tap import run, test  # noqa: E402


def clients(server, transport):
    run_node("clients/faye_network.mjs", transport, f"http://127.0.0.1:{server.port}/bayeux", timeout=90)


@test("faye over WebSocket when the network is cut")
def _(server):
    on_all_children(server, lambda: clients(server, "websocket"))


@test("faye over long-polling when the network is cut")
def _(server):
    on_all_children(server, lambda: clients(server, "long-polling"))


run(lambda: Httpd(children=3, location="BayeuxMaxInterval 10s\nBayeuxTimeout 3s"))
