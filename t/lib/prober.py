"""Somebody who has nothing to do with Bayeux, and wants a page again and again."""

import threading
import time


class Prober(threading.Thread):
    """Asks for a page on a new connection each time, while the block runs; a dying child may take one with it."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.ended = threading.Event()
        self.longest = 0.0
        self.answered = 0
        self.broken = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        last = time.monotonic()
        while not self.ended.wait(0.02):
            try:
                if self.server.get("/static.txt")[0] == 200:
                    self.answered += 1
                    now = time.monotonic()
                    self.longest, last = max(self.longest, now - last), now
            except OSError:
                self.broken += 1
            except Exception:  # http.client has several for a connection that ends early
                self.broken += 1

    def __str__(self):
        return f"a page: {self.answered} answers, {self.broken} broken, longest gap {self.longest:.2f} s"
