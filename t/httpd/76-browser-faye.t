#!/usr/bin/env python3
"""The stock Faye client in Chromium over each of its transports, from its own and from another origin."""
# slow
# browser

import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients"), str(T / "browser")]
from node_program import run_node  # noqa: E402
from pages_httpd import PagesHttpd  # noqa: E402
from tap import run, test  # noqa: E402

# The pages come from the port of httpd, which is another origin than the port of the network in between.
LOCATION = """
BayeuxTransports websocket eventsource long-polling cross-origin-long-polling callback-polling
BayeuxAllowOrigin self http://127.0.0.1:{port}
"""


class FayeHttpd(PagesHttpd):
    def make_root(self):
        self.location = LOCATION.format(port=self.port)
        super().make_root()


@test("faye clients in Chromium when each has another transport then all hear all, also after a cut")
def _(server):
    run_node("browser/faye.mjs", str(server.port), timeout=90)


run(FayeHttpd)
