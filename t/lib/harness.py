"""A private httpd for one test file.

    with Httpd(children=3) as server:
        ...

It has a ServerRoot and a port of its own, several children (never -X, which hides the bugs), and is killed when the
block ends. Then everything that must be true of any run is checked: see Httpd.verify_end() and sweep.py. The
directory is kept, and its path printed, when something failed.

BAYEUX_SANITIZE=address (or thread) runs httpd under the sanitizer that the module was built with.
"""

import ctypes
import http.client
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import crashes
import httpd_conf
import procs
import sweep

SANITIZE = os.environ.get("BAYEUX_SANITIZE", "")
# Everything takes longer under a sanitizer; deadlines are generous anyway, as the machine may be busy.
PATIENCE = 4.0 if SANITIZE else 1.0


class HarnessError(AssertionError):
    """The server did not do what any test expects of it."""


def wait_until(condition, what, timeout=15.0, interval=0.02):
    """Poll until the condition is true and return its value; fail with `what` after the deadline."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise HarnessError(f"not within {timeout * PATIENCE:g} s: {what}")
        time.sleep(interval)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Httpd:
    """One private server. See __init__ for what a test may choose."""

    def __init__(self, conf="", *, modules=("bayeux",), location="", children=3, threads=16, mpm="event",
                 tls=False, tls_conf="", server_limit=None, async_factor=16, env=None,
                 sessions_left=False):  # fmt: skip
        self.conf = conf  # server-level directives
        self.location = location  # directives inside <Location /bayeux>
        self.modules = list(modules)  # beside the MPM and those that any server needs; "ssl", not "mod_ssl"
        self.children_wanted = children
        self.threads = threads
        self.mpm = mpm
        self.tls = tls  # a second port that speaks TLS
        self.tls_conf = tls_conf
        self.server_limit = server_limit or children  # more, for several generations at once
        self.async_factor = async_factor
        self.env = env or {}
        self.sessions_left = sessions_left  # the test leaves sessions behind on purpose
        self.sanitize = SANITIZE
        self.root = None
        self.port = None
        self.tls_port = None
        self._process = None
        self._expected = []
        self._killed = set()
        self._pids_seen = set()
        self._closables = []
        self._asked_from = None

    # --- starting -------------------------------------------------------------------------------------------------

    def __enter__(self):
        if "bayeux" in self.modules and not httpd_conf.module_file().exists():
            raise HarnessError(f"{httpd_conf.module_file()} is missing: run make, or set BAYEUX_BUILDDIR")
        for _ in range(5):
            self.port = free_port()
            if self.tls:
                self.tls_port = free_port()
            self.make_root()
            self._launch()
            try:
                self._wait_ready()
                return self
            except HarnessError:
                output = self.error_log()
                self._kill()
                if "Address already in use" not in output:
                    print(f"# kept {self.root}", file=sys.stderr, flush=True)
                    raise
                shutil.rmtree(self.root)
            except BaseException:
                self._kill()
                raise
        raise HarnessError("five times another process took the port first")

    def make_root(self):
        self.root = Path(tempfile.mkdtemp(prefix="bx-"))
        self.root.chmod(0o755)
        (self.root / "htdocs").mkdir()
        (self.root / "htdocs" / "static.txt").write_text("static\n", encoding="ascii")
        for name in ("sanitizer", crashes.DIRECTORY):
            (self.root / name).mkdir()
            (self.root / name).chmod(0o777)  # the children, who are another user, write there
        if self.tls:
            httpd_conf.make_certificate(self.root)
        (self.root / "httpd.conf").write_text(httpd_conf.httpd_conf(self), encoding="utf-8")

    def environment(self):
        env = {"PATH": os.environ.get("PATH", ""), "LANG": "C", "TMPDIR": str(self.root)}
        reports = self.root / "sanitizer"
        if SANITIZE == "address":
            libraries = [_compiler_file(f"lib{name}.so") for name in ("asan", "ubsan")]
            env["LD_PRELOAD"] = ":".join(libraries)
            # httpd itself leaks by design at exit; growth is measured by tests of their own.
            env["ASAN_OPTIONS"] = f"log_path={reports}/asan:detect_leaks=0:handle_abort=1"
            env["UBSAN_OPTIONS"] = f"log_path={reports}/ubsan:print_stacktrace=1"
        elif SANITIZE == "thread":
            env["LD_PRELOAD"] = _compiler_file("libtsan.so")
            env["TSAN_OPTIONS"] = (
                f"log_path={reports}/tsan:suppressions={httpd_conf.SRCDIR}/t/tsan.supp:second_deadlock_stack=1"
                # prefork ends its children from within a signal's handler, with all cleanups of all modules
                f":report_signal_unsafe={int(self.mpm != 'prefork')}"
            )
        env.update(self.env)
        return env

    def _launch(self):
        with open(self.root / "stderr", "wb") as output:
            self._process = subprocess.Popen(
                [httpd_conf.httpd_binary(), "-DFOREGROUND", "-d", str(self.root),
                 "-f", str(self.root / "httpd.conf")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment(),
                start_new_session=True, preexec_fn=_before_exec, cwd=self.root,
            )  # fmt: skip
        self._pids_seen = {self._process.pid}

    def _wait_ready(self):
        def ready():
            if self._process.poll() is not None:
                raise HarnessError(
                    f"httpd exited with {self._process.returncode} while starting:\n{self.error_log()}"
                )
            return self._all_serving()

        try:
            wait_until(ready, "the server answers with all its children", 30)
        except HarnessError as error:
            raise HarnessError(f"{error}\n{self.error_log()}") from None

    def _all_serving(self):
        if len(self.children()) < self.children_wanted:
            return False
        try:
            status = self.status()
        except (OSError, http.client.HTTPException):
            return False
        if self.mpm == "prefork":
            return True
        ready = int(status.get("IdleWorkers", 0)) + int(status.get("BusyWorkers", 0))
        return ready >= self.children_wanted * self.threads

    # --- steering -------------------------------------------------------------------------------------------------

    @property
    def pid(self):
        return self._process.pid

    def graceful(self, at_once=False):
        """Reload: returns when the new generation serves, and no other; old children may still drain. `at_once`: some
        of them may still accept, as those that are young do for a second or more."""
        self._reload(signal.SIGUSR1, at_once)

    def restart(self):
        self._reload(signal.SIGHUP, True)

    def _reload(self, signal_number, at_once):
        before = self._generation()
        old = self.children()
        self._let_question_go()
        os.kill(self.pid, signal_number)

        def renewed():
            if self._process.poll() is not None:
                raise HarnessError(f"httpd exited with {self._process.returncode} on reload:\n{self.error_log()}")
            try:
                return self._generation() > before and self._all_serving() and (at_once or not self._still_accept(old))
            except (OSError, http.client.HTTPException):
                return False

        wait_until(renewed, "a new generation serves after the reload", 30)

    def _still_accept(self, pids):
        """Some child of before may still get a connection. (One of prefork may, until it has done with a request.)"""
        return self.mpm == "event" and any(procs.listens(pid, self.port) for pid in pids)

    def _generation(self):
        return int(self.status()["ParentServerMPMGeneration"])

    def stop(self, graceful=False):
        """Stop and return the exit code, negative for a signal."""
        if self._process.poll() is None:
            self._note_pids()
            self._let_question_go()
            os.kill(self.pid, signal.SIGWINCH if graceful else signal.SIGTERM)
        try:
            return self._process.wait(timeout=60 * PATIENCE)
        except subprocess.TimeoutExpired:
            self._kill()
            raise HarnessError("httpd did not stop within 60 s") from None

    def children(self):
        found = procs.children_of(self.pid)
        self._pids_seen.update(found)
        return found

    def kill_child(self, pid, signal_number=signal.SIGKILL):
        """Send a signal to one child; after SIGKILL it is gone when this returns."""
        if pid not in self.children():
            raise HarnessError(f"{pid} is not a child of this server")
        self._killed.add(pid)
        os.kill(pid, signal_number)
        if signal_number == signal.SIGKILL:
            wait_until(lambda: not procs.alive(pid), f"child {pid} is gone")

    def wait_all_children(self):
        """Wait until every child that was killed has been replaced and serves."""
        wait_until(self._all_serving, "all children serve", 30)

    def child_of(self, connection):
        """The pid of the child that accepted this client connection (anything with local and remote address)."""
        local, remote = connection.remote_address, connection.local_address
        return wait_until(
            lambda: procs.socket_owner(self.children(), local, remote), "a child accepts the connection", interval=0.002
        )

    def at_end_close(self, closable):
        """Close it before the server is asked what is left: an open connection is not a leak."""
        self._closables.append(closable)

    @staticmethod
    def dial(port, timeout, source=None):
        """A client's socket, connected to one of the ports."""
        return socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=source)

    # --- looking --------------------------------------------------------------------------------------------------

    def get(self, path, timeout=10):
        """(status, body) of a plain GET on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * PATIENCE)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            self._asked_from = connection.sock.getsockname()[1]
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def status(self, verify=False):
        """server-status?auto as a dict of strings."""
        code, body = self.get("/server-status?auto" + ("&bayeux-verify" if verify else ""))
        if code != 200:
            raise http.client.HTTPException(f"server-status answered {code}")
        pairs = (line.partition(":") for line in body.decode("utf-8", "replace").splitlines())
        return {name.strip(): value.strip() for name, colon, value in pairs if colon}

    def error_log(self):
        """The error log, after what httpd said before it had one."""
        text = ""
        for name in ("stderr", "error_log"):
            path = self.root / name
            if path.exists():
                text += path.read_text(encoding="utf-8", errors="replace")
        return text

    def access_log(self):
        """A list of dicts: time, pid, port (the client's), kept (requests before it), status, bytes, ..."""
        names = ("time", "pid", "port", "kept", "status", "bytes", "micros", "end", "request")
        path = self.root / "access_log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return [
            {name: int(value) if value.isdigit() and name != "request" else value
             for name, value in zip(names, line.split("\t", len(names) - 1))}
            for line in lines
        ]  # fmt: skip

    def expect(self, *patterns):
        """Warnings that this test provokes: ids (BX0003, AH01630) or regular expressions."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    # --- the end --------------------------------------------------------------------------------------------------

    def __exit__(self, kind, error, trace):
        faults = []
        try:
            self._close_clients()
            self._note_pids()
            if kind is None and self._process.poll() is None:
                if "bayeux" in self.modules:
                    faults += self.verify_end()
                self.let_connections_go()
            shm_files = procs.shared_memory_files(self._pids_seen)
            faults += sweep.exit_code(self.stop())
            faults += sweep.leftovers(self._process.pid, self._pids_seen, shm_files)
        except HarnessError as fault:
            faults.append(str(fault))
        finally:
            self._kill()
        faults += sweep.error_log(self.error_log(), self._expected, self._killed, self._crashed_by_httpd())
        faults += sweep.sanitizer_reports(self.root)
        faults += crashes.faults(self.root, self.error_log(), httpd_conf.httpd_binary())
        if faults or kind is not None:
            print(f"# kept {self.root}", file=sys.stderr, flush=True)
        else:
            shutil.rmtree(self.root)
        if faults and kind is None:
            raise HarnessError("after the test:\n" + "\n".join(faults) + f"\nkept {self.root}")
        for fault in faults:
            print(f"# also: {fault}", file=sys.stderr, flush=True)

    def let_connections_go(self):
        """httpd frees a connection while its stop may still look for it (event.c, close_worker_sockets): that race is
        not what is tested here, so nothing is being closed when the server is told to stop."""
        deadline = time.monotonic() + 3
        quiet = 0
        while quiet < 5 and time.monotonic() < deadline:
            quiet = quiet + 1 if procs.connections_at(self.port) == 0 else 0
            time.sleep(0.01)

    def _let_question_go(self):
        """The same for the connection of our last get(), where others stay."""
        if self._asked_from is not None:
            wait_until(lambda: not procs.is_held(self.port, self._asked_from), "httpd closes a connection", 5, 0.005)
            time.sleep(0.02)

    def verify_end(self):
        """What the store must look like when all clients are gone."""
        wanted = {} if self.sessions_left else {"BayeuxSessions": "0", "BayeuxParked": "0", "BayeuxConnections": "0"}
        state = {}

        def clean():
            state.update(self.status(verify=True))
            if state.get("BayeuxVerify") != "ok":
                return False
            if any(state.get(name) != value for name, value in wanted.items()):
                return False
            return self.sessions_left or state.get("BayeuxMemoryUsed") == state.get("BayeuxMemoryEmpty") is not None

        try:
            # A session that nobody disconnected lives for BayeuxMaxInterval, 10 s, and a sweep more.
            wait_until(clean, "the store is empty again", 20, 0.1)
        except (HarnessError, OSError, http.client.HTTPException) as error:
            seen = {name: value for name, value in state.items() if name.startswith("Bayeux")}
            return [f"{error}: server-status says {seen or 'nothing about Bayeux'}"]
        return []

    def _crashed_by_httpd(self):
        found = crashes.httpds_own(self.root, self.error_log())
        for pid in found:
            print(f"# child {pid} died in httpd's own race at an ungraceful stop", file=sys.stderr, flush=True)
        return found

    def _close_clients(self):
        for closable in self._closables:
            closable.close()
        self._closables.clear()

    def _note_pids(self):
        if self._process.poll() is None:
            self.children()

    def _kill(self):
        """Whatever is left of this server, by pid."""
        if self._process is None:
            return
        for pid in procs.members_of_session(self._process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()


def _compiler_file(name):
    found = subprocess.run(
        [os.environ.get("CXX", "g++"), f"-print-file-name={name}"], check=True, capture_output=True, text=True
    ).stdout.strip()
    if not os.path.isabs(found):
        raise HarnessError(f"the compiler has no {name}: apt-get install libasan8 libubsan1 libtsan2")
    return os.path.realpath(found)


_libc = ctypes.CDLL(None, use_errno=True)


def _before_exec():
    """A killed test takes its server along; a crash leaves a core, for its backtrace."""
    pr_set_pdeathsig = 1
    _libc.prctl(pr_set_pdeathsig, signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
