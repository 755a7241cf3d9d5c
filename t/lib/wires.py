"""A wire between clients and server that can be cut: from then on no packet passes, and neither end is told.

    wire = cuttable_wire()                    # before the server starts: it may have to start in a place of its own
    server = OnWire(wire, conf)
    alice = ws_connected(server.far, ...)     # the same server, by way of the wire
    wire.cut()

Where the kernel lets us, two network namespaces and a pair of interfaces: each end goes on sending, to an address of
the wire that nobody has. Elsewhere a filter on the clients' sockets: packets come as far as these and are dropped
unseen, so nothing is acknowledged, and the clients do not send anything by themselves.
"""

import ctypes
import os
import socket
import struct
import subprocess
import threading

from harness import Httpd

_CLONE_NEWNET = 0x40000000
_SERVER, _CLIENT = "10.81.7.1", "10.81.7.2"
_NOBODY = "02:00:00:00:00:99"
_ATTACH_FILTER, _DETACH_FILTER = 26, 27

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def cuttable_wire():
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        return _Namespaces()
    except (OSError, subprocess.CalledProcessError) as error:
        _libc.setns(outside, _CLONE_NEWNET)
        return FilteredSockets(f"{error} {getattr(error, 'stderr', '')}")
    finally:
        os.close(outside)


class _Namespaces:
    """This process, and the server that it will start, are in one network; the clients' sockets in another."""

    how = "packets between two network namespaces get lost"
    address = _SERVER

    def __init__(self):
        _checked(_libc.unshare(_CLONE_NEWNET))
        self._here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _checked(_libc.unshare(_CLONE_NEWNET))
        self._there = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _checked(_libc.setns(self._here, _CLONE_NEWNET))
        _ip("link", "set", "lo", "up")
        _ip("link", "add", "wire", "type", "veth", "peer", "name", "wire",
            "netns", f"/proc/{os.getpid()}/fd/{self._there}")  # fmt: skip
        for enter, own in ((self._nothing, _SERVER), (self._over_there, _CLIENT)):
            enter(lambda own=own: (_ip("address", "add", f"{own}/24", "dev", "wire"), _ip("link", "set", "wire", "up")))
        self._macs = {_SERVER: self._mac(), _CLIENT: self._over_there(self._mac)}
        self.mend()

    @staticmethod
    def _nothing(step):
        return step()

    def _over_there(self, step):
        """In a thread of its own, so that whatever happens this one stays here."""
        found = []

        def work():
            try:
                _checked(_libc.setns(self._there, _CLONE_NEWNET))
                found.append((step(), None))
            except BaseException as error:
                found.append((None, error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        result, error = found[0]
        if error:
            raise error
        return result

    @staticmethod
    def _mac():
        return _ip("-brief", "link", "show", "wire").split()[2]

    def _send_to(self, server, client):
        """Where the packets for each go: an address of the wire."""
        for enter, neighbour, mac in ((self._nothing, _CLIENT, client), (self._over_there, _SERVER, server)):
            enter(lambda neighbour=neighbour, mac=mac: _ip(
                "neighbour", "replace", neighbour, "lladdr", mac, "nud", "permanent", "dev", "wire"))  # fmt: skip

    def dial(self, port, timeout):
        return self._over_there(lambda: socket.create_connection((_SERVER, port), timeout))

    def cut(self):
        self._send_to(_NOBODY, _NOBODY)

    def mend(self):
        self._send_to(self._macs[_SERVER], self._macs[_CLIENT])


class FilteredSockets:
    address = None

    def __init__(self, why=""):
        self.how = f"clients' sockets drop what comes, as there are no network namespaces: {why}"
        self._sockets = []

    def dial(self, port, timeout):
        made = socket.create_connection(("127.0.0.1", port), timeout)
        self._sockets.append(made)
        return made

    def _all_open(self):
        return [one for one in self._sockets if one.fileno() >= 0]

    def cut(self):
        drop = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # return 0: of no packet a byte
        program = struct.pack("HL", 1, ctypes.addressof(drop))
        for one in self._all_open():
            one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)

    def mend(self):
        for one in self._all_open():
            try:
                one.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
            except FileNotFoundError:
                pass


class Far:
    """The server as those see it who come by way of the wire."""

    def __init__(self, server, wire):
        self._server = server
        self._wire = wire

    def dial(self, port, timeout, _source=None):
        return self._wire.dial(port, timeout)

    def __getattr__(self, name):
        return getattr(self._server, name)


class OnWire(Httpd):
    """Listens at its end of the wire, too."""

    def __init__(self, wire, conf="", **options):
        super().__init__(conf, **options)
        self._conf = conf
        self.wire = wire
        self.far = Far(self, wire)

    def make_root(self):
        listen = f"Listen {self.wire.address}:{self.port}\n" if self.wire.address else ""
        self.conf = self._conf + listen
        super().make_root()

    def __exit__(self, *details):
        self.wire.mend()
        super().__exit__(*details)
