#!/usr/bin/env python3
"""The status page in Chromium, at the width of a desk and of a phone, while the server has something to do.

BAYEUX_SCREENSHOTS names a directory for the pictures; docs/images renews those of the documentation.
"""
# browser

import sys
import threading
from contextlib import ExitStack
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients"), str(T / "browser")]
from demo_httpd import run_in_chromium  # noqa: E402
from event_source import EventSource  # noqa: E402
from harness import Httpd  # noqa: E402
from tap import run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, session, succeeded  # noqa: E402

CONF = """
<Location /watch>
    SetHandler bayeux-status
    Require local
</Location>
"""

# As much as a channel's name can have of what HTML could mistake.
HOSTILE = "/~(x)!$@/" + "long-" * 20


class Publisher(threading.Thread):
    """Publishes ten messages a second until it is stopped."""

    def __init__(self, client):
        super().__init__()
        self._client = client
        self._over = threading.Event()

    def run(self):
        number = 0
        while not self._over.wait(0.1):
            number += 1
            self._client.publish("/ticker", {"number": number})

    def stop(self):
        self._over.set()
        self.join()


@test("the page in Chromium")
def _(server):
    with ExitStack() as stack:
        for number in range(5):
            stack.enter_context(session(server, subscriptions=["/ticker", f"/room/{number}"]))
        for _ in range(4):
            stack.enter_context(connected(server, subscriptions=["/quiet"])).start_connect()
        third = stack.enter_context(session(server, subscriptions=[HOSTILE]))
        stack.enter_context(EventSource(third)).begin()
        web = stack.enter_context(WebSocketClient(server))
        web.handshake()
        succeeded(web.subscribe("/ticker"))
        web.connect()
        load = Publisher(stack.enter_context(session(server)))
        load.start()
        try:
            run_in_chromium(server, "browser/status.mjs", path="watch")
        finally:
            load.stop()


run(lambda: Httpd(CONF, location="BayeuxMaxInterval 60s\nBayeuxTransports long-polling websocket eventsource"))
