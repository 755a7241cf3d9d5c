"""A program behind a proxy, for tests of services: it answers, hangs, drips or breaks as the channel says."""

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Backend:
    """What the last segment of Bayeux-Channel asks for: echo, hang (until release()), drip, break, reset."""

    def __init__(self):
        self._changed = threading.Condition()
        self._waiting = 0
        self._round = 0
        self._stopped = False
        self._open = False
        handler = type("Handler", (_Handler,), {"backend": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.handle_error = lambda *_: None  # a caller that was killed
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def waiting(self):
        """How many calls hang."""
        with self._changed:
            return self._waiting

    def release(self):
        with self._changed:
            self._round += 1
            self._changed.notify_all()

    def let_through(self):
        """What hangs is released, and nothing hangs any more."""
        self._open = True
        self.release()

    def wait(self, seconds=None):
        """A call's thread: True when it is released."""
        with self._changed:
            mine = self._round
            self._waiting += 1
            released = self._changed.wait_for(lambda: self._round != mine or self._open or self._stopped, seconds)
            self._waiting -= 1
            return released

    def stop(self):
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    backend = None

    def do_POST(self):
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        what = self.headers["Bayeux-Channel"].rpartition("/")[2]
        getattr(self, f"do_{what}", self.do_echo)(data)

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_echo(self, data):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.answer({"data": data, "headers": headers})

    def do_hang(self, _):
        self.backend.wait()
        self.answer("released")

    def do_drip(self, _):
        """A byte each 0.2 s, until the proxy has had enough."""
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        try:
            while not self.backend.wait(0.2):
                self.wfile.write(b" ")
        except OSError:
            pass

    def do_break(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"half":')
        self.close_connection = True

    def do_reset(self, _):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_):
        pass
