#!/usr/bin/env python3
"""The stock CometD client in Chromium over WebSocket, spread over three children."""
# slow
# browser

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients"), str(T / "browser")]
from pages_httpd import PagesHttpd, run_on_all_children  # noqa: E402
from tap import run, test  # noqa: E402


@test("cometd clients in Chromium when three children serve and a network is cut then nothing is lost or doubled")
def _(server):
    run_on_all_children(server, "browser/cometd.mjs")


run(PagesHttpd)
