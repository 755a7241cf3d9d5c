"""Debian's own apache2, by its own configuration and start script: what a test asks of it."""

import os
import re
import socket
import subprocess
from pathlib import Path

from harness import wait_until
from http_client import Connection
from procs import alive, children_of


class InstalledHttpd:
    port = 80
    _log = Path("/var/log/apache2/error.log")

    @staticmethod
    def dial(port, timeout, source=None):
        return socket.create_connection(("127.0.0.1", port), timeout, source)

    def at_end_close(self, connection):
        """Whoever makes one closes it."""

    def start(self):
        self._log.unlink(missing_ok=True)
        subprocess.run(["service", "apache2", "start"], check=True, stdin=subprocess.DEVNULL)
        wait_until(self._answers, "apache2 answers")

    def stop(self):
        parent = self.parent()
        subprocess.run(["apache2ctl", "stop"], check=True, stdin=subprocess.DEVNULL)
        wait_until(lambda: not alive(parent), "apache2 ends")

    def _answers(self):
        try:
            return self._status() is not None
        except OSError:
            return False

    def _status(self):
        with Connection(self) as visitor:
            response = visitor.request("GET", "/server-status?auto")
        return response.body.decode() if response.status == 200 else None

    def parent(self):
        return int(Path("/run/apache2/apache2.pid").read_text(encoding="ascii"))

    def generation(self):
        """How often it was reloaded since its start."""
        return int(re.search(r"^ParentServerMPMGeneration: (\d+)$", self._status(), re.M).group(1))

    def until_generation(self, number):
        wait_until(lambda: self._answers() and self.generation() == number, f"reload number {number}")

    def new_children(self):
        """Those whose module is the file that is there now, all of them when the old ones are gone."""
        children = children_of(self.parent())
        return children if children and not any("(deleted)" in self._map_lines(pid) for pid in children) else None

    @staticmethod
    def _map_lines(pid):
        try:
            maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        except OSError:
            return ""
        return "\n".join(line for line in maps.splitlines() if "mod_bayeux" in line)

    def maps(self, file, pid=None):
        """The inodes under which a process has mapped it."""
        lines = self._map_lines(pid or self.parent()).splitlines()
        return {int(line.split()[4]) for line in lines if os.path.basename(file) in line}

    def no_trouble_but(self, *expected):
        """Fails if a warning or worse was logged."""
        log = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        bad = [line for line in log if re.search(r":(warn|error|crit|alert|emerg)\]|exit signal", line)]
        bad = [line for line in bad if not any(word in line for word in expected)]
        if bad:
            raise AssertionError("\n".join(bad))
