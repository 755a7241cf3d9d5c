"""A TCP front that gives each child its share of the connections: left alone, the kernel may give one child none."""

import selectors
import socket
import threading
from collections import Counter


class _Upstream:
    """What Httpd.child_of() wants to know of a connection."""

    def __init__(self, sock):
        self.sock = sock
        self.local_address = sock.getsockname()
        self.remote_address = sock.getpeername()


class Spread:
    """Listens on `port` while the context lasts; bytes pass as they are."""

    TRIES = 200

    def __init__(self, server):
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._given = Counter()  # connections ever, by child
        self._open = set()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for sock in self._open:
                sock.close()

    def given(self):
        """How many connections each child has got."""
        return dict(self._given)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            upstream = self._connect()
        except OSError:
            client.close()
            return
        with self._lock:
            self._open.update((client, upstream))
        self._pump(client, upstream)

    def _connect(self):
        """A connection to the child that has got the fewest."""
        with self._lock:
            wanted = min(self._server.children(), key=lambda pid: self._given[pid])
            self._given[wanted] += 1
        others = []
        try:
            # Two at a time would keep each other's children busy.
            with self._one_at_a_time:
                for _ in range(self.TRIES):
                    upstream = _Upstream(socket.create_connection(("127.0.0.1", self._server.port), timeout=20))
                    if self._server.child_of(upstream) == wanted:
                        upstream.sock.settimeout(None)
                        return upstream.sock
                    # Kept open, it keeps a worker of its child, until only the wanted one can accept.
                    others.append(upstream.sock)
                raise OSError(f"{self.TRIES} connections, none to child {wanted}")
        finally:
            for sock in others:
                sock.close()

    def _pump(self, client, upstream):
        peer = {client: upstream, upstream: client}
        try:
            with selectors.DefaultSelector() as selector:
                for sock in peer:
                    selector.register(sock, selectors.EVENT_READ)
                while selector.get_map():
                    for key, _ in selector.select():
                        data = key.fileobj.recv(65536)
                        if data:
                            peer[key.fileobj].sendall(data)
                        else:
                            selector.unregister(key.fileobj)
                            peer[key.fileobj].shutdown(socket.SHUT_WR)
        except (OSError, ValueError, KeyError):
            pass  # one side is gone: so is the other
        with self._lock:
            self._open -= {client, upstream}
        client.close()
        upstream.close()
