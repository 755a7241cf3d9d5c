"""HTTP/1.1 over a raw socket: any bytes out, one response at a time in, with deadlines."""

import json
import select
import socket
import ssl
import time

import harness


class Closed(ConnectionError):
    """The server closed the connection where a response should have been."""


class Response:
    def __init__(self, status, reason, headers, body, raw_head):
        self.status = status
        self.reason = reason
        self.headers = headers  # list of (name, value) in order
        self.body = body
        self.raw_head = raw_head

    def header(self, name):
        """The value of the first such field, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def header_values(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:200]!r}>"


class Connection:
    """One client connection. Responses come in the order of the requests; nothing is sent behind the test's back."""

    def __init__(self, server, *, tls=False, timeout=10.0, alpn=None, begin=True, source=None):
        self.server = server
        self.timeout = timeout * harness.PATIENCE
        port = server.tls_port if tls else server.port
        # Any address of 127.0.0.0/8 may be where it comes from.
        own = (source, 0) if source is not None else None
        self._socket = server.dial(port, self.timeout, own)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local_address = self._socket.getsockname()[:2]
        self.remote_address = self._socket.getpeername()[:2]
        if tls and begin:
            self.begin_tls(alpn)
        self._buffer = b""
        self._ended = False
        server.at_end_close(self)

    def begin_tls(self, alpn=None):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(alpn)
        self._socket = context.wrap_socket(self._socket)

    # --- bytes ----------------------------------------------------------------------------------------------------

    def send(self, data):
        self._socket.settimeout(self.timeout)
        self._socket.sendall(data)

    def _fill(self, deadline):
        """Read once, until the deadline; False at the end of the stream."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no (further) bytes in time; so far {self._buffer[:200]!r}")
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self._ended = True
        self._buffer += data
        return bool(data)

    def _deadline(self, timeout):
        return time.monotonic() + (self.timeout if timeout is None else timeout * harness.PATIENCE)

    def has_input(self, timeout=0.0):
        """Whether bytes, or the end of the stream, are there or come in time. False is how a held request looks."""
        if self._buffer or self._ended:
            return True
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], timeout)[0])

    def read_exactly(self, count, timeout=None):
        deadline = self._deadline(timeout)
        while len(self._buffer) < count:
            if not self._fill(deadline):
                raise Closed(f"end of stream after {self._buffer[:200]!r}")
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def read_until(self, mark, timeout=None):
        """Everything up to and including the mark."""
        deadline = self._deadline(timeout)
        while mark not in self._buffer:
            if not self._fill(deadline):
                raise Closed(f"end of stream after {self._buffer[:200]!r}")
        head, _, self._buffer = self._buffer.partition(mark)
        return head + mark

    def closed_by_server(self, timeout=None):
        """Wait for the end of the stream; False if other bytes come first."""
        deadline = self._deadline(timeout)
        while not self._ended and not self._buffer:
            self._fill(deadline)
        return not self._buffer

    def shut_write(self):
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Go away rudely: the server gets a RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._socket.close()

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- HTTP -----------------------------------------------------------------------------------------------------

    def send_request(self, method, path, headers=(), body=b""):
        """`headers`: pairs. Host and, with a body, Content-Length are added unless given."""
        given = {name.lower() for name, _ in headers}
        lines = [f"{method} {path} HTTP/1.1"]
        if "host" not in given:
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in headers]
        if (body or method == "POST") and not given & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def read_response(self, timeout=None, head_only=False):
        """The next final response (1xx are skipped); Closed if there is none."""
        deadline = self._deadline(timeout)
        while True:
            left = max(0.0, deadline - time.monotonic()) / harness.PATIENCE
            raw_head = self.read_until(b"\r\n\r\n", left)
            lines = raw_head.decode("latin-1").split("\r\n")
            _, status, reason = (lines[0] + "  ").split(" ", 2)
            headers = [(name.strip(), value.strip()) for name, _, value in
                       (line.partition(":") for line in lines[1:] if line)]  # fmt: skip
            response = Response(int(status), reason.strip(), headers, b"", raw_head)
            if response.status >= 200 or response.status == 101:
                break
        if not head_only and response.status not in (101, 204, 304):
            response.body = self._read_body(response, deadline)
        return response

    def _read_body(self, response, deadline):
        def left():
            return max(0.0, deadline - time.monotonic()) / harness.PATIENCE

        if (response.header("Transfer-Encoding") or "").lower() == "chunked":
            body = b""
            while size := int(self.read_until(b"\r\n", left()).split(b";")[0], 16):
                body += self.read_exactly(size + 2, left())[:-2]
            while self.read_until(b"\r\n", left()) != b"\r\n":
                pass
            return body
        length = response.header("Content-Length")
        if length is not None:
            return self.read_exactly(int(length), left())
        while self._fill(deadline):
            pass
        body, self._buffer = self._buffer, b""
        return body

    def request(self, method, path, headers=(), body=b"", timeout=None):
        self.send_request(method, path, headers, body)
        return self.read_response(timeout)


def connect_to(server, child, *, tls=False, tries=2000):
    """A connection that this child accepted. The others stay open meanwhile, and each keeps a worker, so that in the
    end no other child can accept: left alone, the kernel may give one child none for many seconds."""
    most = server.threads * (len(server.children()) - 1) + 4
    spare = []
    try:
        for _ in range(tries):
            connection = Connection(server, tls=tls, begin=False)
            if server.child_of(connection) == child:
                if tls:
                    connection.begin_tls()
                return connection
            spare.append(connection)
            if len(spare) > most:
                spare.pop(0).close()
    finally:
        for connection in spare:
            connection.close()
    raise harness.HarnessError(f"none of {tries} connections came to child {child}")
