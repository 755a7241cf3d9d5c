"""Clients that do not read, of a Location where there is more to read than sockets and queues hold."""

import random
import socket
import threading

from websocket import Refused, SocketClosed, WebSocketClient

TEXT = "x" * 8000
PATH = "/slow"


class SlowReaders(threading.Thread):
    """Each second five messages of 8 KB for all of them. They come, do not read, and go: with a word, or a reset."""

    def __init__(self, server, count):
        super().__init__(daemon=True)
        self.server = server
        self.count = count
        self.ended = threading.Event()
        self.came = self.broken = 0
        self._shuffle = random.Random(1)
        self._readers = []
        self._publisher = None

    def run(self):
        while not self.ended.wait(1.0):
            try:
                self._turn()
            except (OSError, SocketClosed, Refused, AssertionError):
                self.broken += 1  # a child was killed, or is not there yet
                self._publisher = None

    def _turn(self):
        while len(self._readers) < self.count:
            client = WebSocketClient(self.server, PATH)
            client.socket.connection._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.handshake()
            client.subscribe("/flood")
            client.connect()
            self._readers.append(client)
            self.came += 1
        if self._publisher is None:
            self._publisher = WebSocketClient(self.server, PATH)
            self._publisher.handshake()
        for _ in range(5):
            self._publisher.publish("/flood", TEXT)
        if self._shuffle.random() < self.count / 20:
            client = self._readers.pop(0)
            if self._shuffle.random() < 0.5:
                client.socket.reset()
            self.server._closables = [each for each in self.server._closables if each is not client.socket.connection]
            client.close()

    def end(self):
        self.ended.set()
        self.join()
        for client in [*self._readers, *([self._publisher] if self._publisher else [])]:
            client.close()
