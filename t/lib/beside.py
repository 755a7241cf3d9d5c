"""A well-behaved pair beside whoever misbehaves: how long its messages take."""

import threading
import time

import harness
from tap import check, diag
from websocket import WebSocketClient
from wire import session, succeeded

MOST_MS = 50  # what the 99th percentile may be


class Flood:
    """Runs `step` again and again, until the block ends."""

    def __init__(self, step):
        self._step = step
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._error = None
        self.steps = 0

    def _run(self):
        try:
            while not self._stop.is_set():
                self._step()
                self.steps += 1
        except BaseException as error:
            self._error = error

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self._error:
            raise self._error


def p99_beside(server, path="/bayeux", seconds=3.0, headers=()):
    """Milliseconds from a publish until its subscriber has it, over WebSocket, at 25 a second."""
    took = []
    with WebSocketClient(server, path, headers=headers) as bob:
        bob.handshake()
        succeeded(bob.connect())
        succeeded(bob.subscribe("/beside"))
        connect = bob.start_connect()  # else his session ends after BayeuxMaxInterval
        with session(server, path, headers=headers) as alice:
            end = time.monotonic() + seconds * harness.PATIENCE
            while time.monotonic() < end:
                began = time.monotonic()
                succeeded(alice.publish("/beside", 1).reply)
                bob.events(1)
                took.append((time.monotonic() - began) * 1000)
                if bob.has_reply(connect):
                    connect = bob.start_connect()
                time.sleep(max(0.0, 0.04 - (time.monotonic() - began)))
    took.sort()
    p99 = took[len(took) * 99 // 100 - 1]
    diag(f"{len(took)} messages: median {took[len(took) // 2]:.1f} ms, p99 {p99:.1f} ms")
    return p99


def undisturbed(p99):
    check(p99 < MOST_MS * harness.PATIENCE, f"p99 is {p99:.1f} ms")
