"""HTTP without blocking, for the clients of a load."""

import selectors
import socket


class Connection:
    """One connection of a client of the load. What has come is in `inbuf`, of which _take() takes a piece: false when
    none is whole. fail() is told that the other end is gone."""

    def __init__(self, load, owner):
        self.load = load
        self.owner = owner
        self.sock = None
        self.inbuf = b""

    def dial(self):
        self.sock = socket.create_connection(("127.0.0.1", self.load.port), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.inbuf = b""
        self.load.selector.register(self.sock, selectors.EVENT_READ, self)

    def close(self):
        if self.sock is not None:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def readable(self):
        try:
            data = self.sock.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.fail()
            return
        self.inbuf += data
        while self.sock is not None and self._take():
            pass


class Http(Connection):
    """A request out, its response in."""

    def __init__(self, load, owner):
        super().__init__(load, owner)
        self.pending = None  # the bytes of the request that waits for its answer
        self.kept = False  # an answer came on this connection before

    def request(self, payload):
        self.pending = payload
        if self.sock is None:
            self._open()
        self._write()

    def _open(self):
        self.dial()
        self.kept = False

    def _write(self):
        try:
            sent = self.sock.send(self.pending)
            if sent != len(self.pending):
                raise OSError("a small request did not fit into the socket")
        except OSError:
            self.fail()

    def fail(self):
        """The connection ended where an answer should have begun or gone on."""
        kept, began = self.kept, bool(self.inbuf)
        self.close()
        if self.pending is not None:
            self.pending = None
            self.owner.failed(self, kept and not began)

    def _take(self):
        head, mark, rest = self.inbuf.partition(b"\r\n\r\n")
        if not mark:
            return False
        length, closing, cookie = 0, False, None
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b": ")
            lowered = name.lower()
            if lowered == b"content-length":
                length = int(value)
            elif lowered == b"connection":
                closing = value.lower() == b"close"
            elif lowered == b"set-cookie":
                cookie = value.split(b";")[0].decode()
        if len(rest) < length:
            return False
        body, self.inbuf = rest[:length], rest[length:]
        status = int(head[9:12])
        self.kept = True
        self.pending = None
        if closing:
            self.close()
        self.owner.answered(self, status, body, cookie)
        return True
