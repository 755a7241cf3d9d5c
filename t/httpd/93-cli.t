#!/usr/bin/env python3
"""bayeux publish and bayeux subscribe against a real server: what arrives, restarts, TLS, logins, exit codes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from guarded import password  # noqa: E402
from harness import PATIENCE, free_port, wait_until  # noqa: E402
from httpd_conf import builddir  # noqa: E402
from publishing import run_with_logins  # noqa: E402
from scripted import ScriptedServer  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import number, parked, poll, session, succeeded  # noqa: E402

PROGRAM = str(builddir() / "bayeux")
DONE, REFUSED, USAGE, UNREACHABLE, LOGIN_WANTED, LATE = range(6)

CONF = """
<Location /guarded>
    SetHandler bayeux
    BayeuxDomain guarded
    Require valid-user
%(login)s
    <BayeuxChannel "/closed/**">
        BayeuxRequire publish all denied
        BayeuxRequire subscribe all denied
    </BayeuxChannel>
</Location>
<Location /brief>
    SetHandler bayeux
    BayeuxDomain brief
    BayeuxMaxInterval 200ms
    BayeuxTimeout 1s
</Location>
"""


def environment(**more):
    return {"PATH": os.environ.get("PATH", ""), "LANG": "C", **{k: v for k, v in os.environ.items() if k == "LD_PRELOAD"},
            **more}  # fmt: skip


def bayeux(*words, input_=None, **env):
    return subprocess.run([PROGRAM, *words], input=input_, capture_output=True, timeout=60 * PATIENCE, check=False,
                          env=environment(**env))  # fmt: skip


def ends(code, result, words=""):
    equal(result.returncode, code, f"{result.args[1:]}: {result.stderr.decode()}")
    check(words in result.stderr.decode(), f"{words!r} should be in {result.stderr.decode()!r}")
    return result


def sink_to(server, count):
    """Wait until there are no more sessions than that: tests before may have left some, which end meanwhile."""
    wait_until(lambda: number(server, "BayeuxSessions") <= count, f"no more than {count} sessions are left")


class Subscriber:
    """A `bayeux subscribe` that runs, once it has subscribed."""

    def __init__(self, *words, to=None, **env):
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, "subscribe", "--verbose", *words], stdin=subprocess.DEVNULL,
                                        stdout=to or self._out, stderr=self._err, env=environment(**env))  # fmt: skip

    def __enter__(self):
        wait_until(lambda: "subscribed" in self.said(), "it has subscribed")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @staticmethod
    def _read(file):
        return os.pread(file.fileno(), 1 << 24, 0).decode()

    def said(self):
        return self._read(self._err)

    def lines(self):
        return [json.loads(line) for line in self._read(self._out).splitlines()]

    def wait_lines(self, count, timeout=20):
        wait_until(lambda: len(self.lines()) >= count or self.process.poll() is not None, f"{count} lines", timeout)
        return self.lines()

    def ends(self):
        return self.process.wait(timeout=30 * PATIENCE)


def url(server, path="/bayeux"):
    return f"http://127.0.0.1:{server.port}{path}"


# --- publish ------------------------------------------------------------------------------------------------------

@test("publish sends each message; the payload arrives byte for byte; the session is gone afterwards")
def _(server):
    before = number(server, "BayeuxSessions")
    with session(server, subscriptions=["/cli/**"]) as alice:
        ends(DONE, bayeux("publish", url(server), "/cli/a", '{"n":12345678901234567890,"x":0.10}', "[1]", "null"))
        found = alice.connect(25)
        check(b'{"channel":"/cli/a","data":{"n":12345678901234567890,"x":0.10}' in found.response.body, str(found))
        equal(found.data[1:], [[1], None])
        sink_to(server, before + 1)


@test("publish - sends the lines of standard input, many in one request, and each as soon as it is there")
def _(server):
    with session(server, subscriptions=["/cli/lines"]) as alice:
        lines = b"".join(b'{"n":%d}\n' % n for n in range(500)) + b"\n  \n" + b'"last"'
        ends(DONE, bayeux("publish", "--verbose", url(server), "/cli/lines", "-", input_=lines), "501 accepted")
        wanted = [{"n": n} for n in range(500)] + ["last"]
        got = []
        wait_until(lambda: got.extend(alice.connect(100).data) or len(got) >= len(wanted), "all are there")
        equal(got, wanted)
        slow = subprocess.Popen([PROGRAM, "publish", url(server), "/cli/lines", "-"], stdin=subprocess.PIPE,
                                env=environment())  # fmt: skip
        for turn in range(3):
            slow.stdin.write(b"%d\n" % turn)
            slow.stdin.flush()
            got = []
            wait_until(lambda got=got: got.extend(alice.connect(100).data) or got, "the line is there before the next comes")
            equal(got, [turn])
        slow.stdin.close()
        equal(slow.wait(timeout=20 * PATIENCE), DONE)


@test("publish - gives up when --timeout is over, also if no line comes: exit code 5")
def _(server):
    late = subprocess.Popen([PROGRAM, "publish", "--timeout", "1", url(server), "/cli/late", "-"], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment())  # fmt: skip
    equal(late.wait(timeout=20 * PATIENCE), LATE)
    said = late.stderr.read()
    check(b"the time is over" in said, said)
    late.stdin.close()


@test("publish - handshakes again when its session has expired between two lines")
def _(server):
    before = number(server, "BayeuxSessions")
    with session(server, "/brief", ["/cli/slow"]) as alice:
        slow = subprocess.Popen([PROGRAM, "publish", url(server, "/brief"), "/cli/slow", "-"], stdin=subprocess.PIPE,
                                env=environment())  # fmt: skip
        alice.connect()
        got = []
        for turn in range(2):
            slow.stdin.write(b"%d\n" % turn)
            slow.stdin.flush()
            wait_until(lambda turn=turn: got.extend(alice.connect(100).data) or turn in got, "it arrives")
            wait_until(lambda: alice.connect(100) and number(server, "BayeuxSessions") <= before + 1, "it expires")
        slow.stdin.close()
        equal(slow.wait(timeout=20 * PATIENCE), DONE)
        equal(got, [0, 1])


@test("publish: what is no JSON is not sent: exit code 2, which line it is, and what came before was sent")
def _(server):
    with session(server, subscriptions=["/cli/json"]) as alice:
        ends(USAGE, bayeux("publish", url(server), "/cli/json", "1", "{broken"), "not valid JSON")
        equal(poll(alice).data, [])
        ends(USAGE, bayeux("publish", url(server), "/cli/json", "-", input_=b"1\n2\nbroken\n4\n"), "line 3")
        equal(poll(alice).data, [1, 2])


@test("exit codes: refused by the server, wrong command line, no login")
def _(server):
    guarded = url(server, "/guarded")
    alice = {"BAYEUX_LOGIN": f"alice:{password('alice')}"}
    ends(LOGIN_WANTED, bayeux("publish", guarded, "/a", "1"), "401")
    ends(LOGIN_WANTED, bayeux("publish", guarded, "/a", "1", BAYEUX_LOGIN="alice:wrong"), "401")
    ends(LOGIN_WANTED, bayeux("subscribe", guarded, "/a"), "401")
    ends(DONE, bayeux("publish", guarded, "/a", "1", **alice))
    ends(REFUSED, bayeux("publish", guarded, "/closed/x", "1", **alice), "publish_denied")
    ends(REFUSED, bayeux("subscribe", guarded, "/closed/**", **alice), "subscribe_denied")
    ends(REFUSED, bayeux("publish", url(server), "/oort/x", "1"), "403")
    ends(REFUSED, bayeux("publish", url(server), "/a", json.dumps("x" * 70000)), "too large")
    for words in (("publish",), ("publish", guarded), ("publish", guarded, "/a"), ("publish", guarded, "a", "1"),
                  ("publish", guarded, "/a/*", "1"), ("publish", "ftp://x/y", "/a", "1"), ("publish", "--loud", guarded),
                  ("publish", "http://alice:pw@localhost/x", "/a", "1"), ("subscribe",), ("subscribe", guarded),
                  ("subscribe", guarded, "/a", "/b"), ("subscribe", guarded, "/a", "--count", "0"),
                  ("subscribe", guarded, "/a", "--count"), ("subscribe", guarded, "/a", "--timeout", "soon"),
                  ("subscribe", guarded, "/a", "--cacert", "/nonexistent"), ("explode",)):  # fmt: skip
        ends(USAGE, bayeux(*words), "bayeux")
    for tool in ("publish", "subscribe"):
        check(b"usage: bayeux " + tool.encode() in ends(DONE, bayeux(tool, "--help")).stdout, tool)


@test("a login from a file, or from the environment, but from no word that others could read")
def _(server):
    login = server.root / "login"
    login.write_text(f"bob:{password('bob')}\n", encoding="ascii")
    ends(DONE, bayeux("publish", "--login-file", str(login), url(server, "/guarded"), "/a", "1"))
    login.write_bytes(f"bob:{password('bob')}\r\nanother line\r\n".encode())
    ends(DONE, bayeux("publish", "--login-file", str(login), url(server, "/guarded"), "/a", "1"))
    login.write_text("bob\n", encoding="ascii")
    ends(USAGE, bayeux("publish", "--login-file", str(login), url(server, "/guarded"), "/a", "1"), "name:password")
    ends(USAGE, bayeux("publish", url(server, "/guarded"), "/a", "1", BAYEUX_LOGIN="bob"), "name:password")


@test("exit code 3: nobody there, no such host, no Bayeux there, and a server that has gone")
def _(server):
    for tool, *more in (("publish", "1"), ("subscribe",)):
        ends(UNREACHABLE, bayeux(tool, f"http://127.0.0.1:{free_port()}/bayeux", "/a", *more), "bayeux " + tool)
        ends(UNREACHABLE, bayeux(tool, "http://nowhere.invalid/bayeux", "/a", *more), "nowhere.invalid")
        ends(UNREACHABLE, bayeux(tool, url(server, "/static.txt"), "/a", *more), "no Bayeux")
        ends(UNREACHABLE, bayeux(tool, url(server, "/nothing-here"), "/a", *more), "404")


# --- subscribe ----------------------------------------------------------------------------------------------------

@test("subscribe prints each message on one line as soon as it comes, and ends after --count with a disconnect")
def _(server):
    before = number(server, "BayeuxSessions")
    with session(server) as alice, Subscriber("--count", "3", url(server), "/cli/**") as cli:
        for turn, data in enumerate((b'{\n "a": [1,\r\n 2]}', b'"\\n"')):
            alice.call(b'[{"channel":"/cli/%d","clientId":"%s","data":%s}]'
                       % (turn, alice.client_id.encode(), data))  # fmt: skip
            cli.wait_lines(turn + 1)
        equal(cli.lines(), [{"channel": "/cli/0", "data": {"a": [1, 2]}}, {"channel": "/cli/1", "data": "\n"}])
        equal(cli.process.poll(), None)
        alice.call([{**alice.message("/cli/2"), "data": n} for n in (3, 4)])
        equal(cli.ends(), DONE)
        equal([line["data"] for line in cli.lines()], [{"a": [1, 2]}, "\n", 3])
        sink_to(server, before + 1)


@test("subscribe --data prints the data only; --timeout ends it: exit code 5 if fewer came than --count, else 0")
def _(server):
    before = number(server, "BayeuxSessions")
    with session(server) as alice, Subscriber("--data", "--timeout", "3", "--count", "5", url(server), "/cli/x") as cli:
        succeeded(alice.publish("/cli/x", {"only": "this"}).reply)
        equal(cli.wait_lines(1), [{"only": "this"}])
        equal(cli.ends(), LATE)
    ends(DONE, bayeux("subscribe", "--timeout", "1", url(server), "/cli/x"))
    sink_to(server, before)


@test("SIGINT and SIGTERM end it with a disconnect: exit code 0, or 5 before --count")
def _(server):
    before = number(server, "BayeuxSessions")
    for signal_number, code, words in ((signal.SIGINT, DONE, ()), (signal.SIGTERM, DONE, ()),
                                (signal.SIGTERM, LATE, ("--count", "2"))):  # fmt: skip
        with Subscriber(*words, url(server), "/cli/x") as cli:
            parked(server, 1)
            cli.process.send_signal(signal_number)
            equal(cli.ends(), code)
        sink_to(server, before)


@test("subscribe goes on through a graceful restart and a full one: nothing is lost, nothing comes twice")
def _(server):
    with session(server) as alice, Subscriber(url(server), "/cli/kept") as cli:
        parked(server, 1)
        sent = 0
        for reload in (server.graceful, server.restart):
            for _ in range(3):
                sent += 1
                succeeded(alice.publish("/cli/kept", sent).reply)
            reload()
            alice.close()
            for _ in range(3):
                sent += 1
                succeeded(alice.publish("/cli/kept", sent).reply)
        equal([line["data"] for line in cli.wait_lines(sent)], list(range(1, sent + 1)))
        cli.process.send_signal(signal.SIGTERM)
        equal(cli.ends(), DONE)


@test("subscribe goes on when the child that served it was killed, and handshakes anew when its session is lost")
def _(server):
    with session(server) as alice, Subscriber(url(server), "/cli/killed") as cli:
        parked(server, 1)
        for child in server.children():
            server.kill_child(child)
        server.wait_all_children()
        alice.close()
        succeeded(alice.publish("/cli/killed", 1).reply)
        equal([line["data"] for line in cli.wait_lines(1)], [1])
    before = number(server, "BayeuxSubscriptions")
    with Subscriber(url(server, "/brief"), "/cli/lost") as cli, session(server, "/brief") as bob:
        cli.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: bob.connect(100) and number(server, "BayeuxSubscriptions") <= before, "its session is lost")
        cli.process.send_signal(signal.SIGCONT)
        wait_until(lambda: bob.connect(100) and "subscribed again" in cli.said(), "it has subscribed again")
        succeeded(bob.publish("/cli/lost", 2).reply)
        equal([line["data"] for line in cli.wait_lines(1)], [2])


UNKNOWN = {"successful": False, "error": "402::session_unknown", "advice": {"reconnect": "handshake"}}


@test("subscribe gives a session back that could not subscribe, after the one before was lost, and tries again")
def _(_):
    sessions = []
    connects = []
    refusals = {"2": 503, "3": UNKNOWN}

    def answer(message):
        kind = message["channel"].rpartition("/")[2]
        name = message.get("clientId")
        if kind == "handshake":
            sessions.append(str(len(sessions) + 1))
            return {"clientId": sessions[-1]}
        if kind == "subscribe":
            return refusals.get(name, {"subscription": message["subscription"]})
        if kind == "connect":
            connects.append(time.monotonic())
            return UNKNOWN if name == "1" else {"advice": {"interval": 300}}
        return {}

    with ScriptedServer(answer) as scripted, Subscriber(scripted.url, "/x") as cli:
        wait_until(lambda: "subscribed again" in cli.said(), "it has subscribed again", 20)
        wait_until(lambda: len(connects) >= 4, "it has connected some times")
        check(connects[3] - connects[1] > 0.55, f"it did not wait for as long as the server advises: {connects}")
        cli.process.send_signal(signal.SIGTERM)
        equal(cli.ends(), DONE)
    equal([line for line in scripted.channels() if "connect 4" not in line],
          ["/meta/handshake", "/meta/subscribe 1", "/meta/connect 1", "/meta/disconnect 1",
           "/meta/handshake", "/meta/subscribe 2", "/meta/disconnect 2",
           "/meta/handshake", "/meta/subscribe 3", "/meta/disconnect 3",
           "/meta/handshake", "/meta/subscribe 4"])  # fmt: skip


@test("what a server says is shown without what a terminal would act on")
def _(_):
    evil = "403::no\u001b[2J\u001b]0;mine\u0007 \u009b31m\r\n\u007f\u0000caf\u00e9"

    def answer(message):
        return {"clientId": "1"} if message["channel"] == "/meta/handshake" else {"successful": False, "error": evil}

    with ScriptedServer(answer) as scripted:
        for words in (("publish", scripted.url, "/x", "1"), ("subscribe", scripted.url, "/x")):
            said = ends(REFUSED, bayeux(*words), "403::no").stderr.decode()
            check(said.endswith("\n") and "caf\u00e9" in said, repr(said))
            equal([c for c in said[:-1] if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0], [], repr(said))


@test("subscribe through a pipe whose reader has gone ends")
def _(server):
    reader = subprocess.Popen(["head", "-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with reader, session(server) as alice, Subscriber(url(server), "/cli/pipe", to=reader.stdin) as cli:
        reader.stdin.close()
        succeeded(alice.publish("/cli/pipe", 1).reply)
        equal(json.loads(reader.stdout.read()), {"channel": "/cli/pipe", "data": 1})
        equal(reader.wait(timeout=20 * PATIENCE), 0)
        succeeded(alice.publish("/cli/pipe", 2).reply)
        equal(cli.ends(), DONE)


# --- TLS ----------------------------------------------------------------------------------------------------------

@test("https: with the private CA it works, without it exit code 3")
def _(server):
    secure = f"https://localhost:{server.tls_port}/bayeux"
    trusted = ("--cacert", str(server.root / "cert.pem"))
    ends(UNREACHABLE, bayeux("publish", secure, "/a", "1"), "certificate")
    ends(UNREACHABLE, bayeux("subscribe", secure, "/a"), "certificate")
    elsewhere = f"https://other.invalid:{server.tls_port}/bayeux"
    ends(UNREACHABLE, bayeux("publish", *trusted, elsewhere, "/a", "1"))
    with Subscriber(*trusted, "--count", "1", secure, "/tls") as cli:
        ends(DONE, bayeux("publish", *trusted, secure, "/tls", '"safe"'))
        equal(cli.ends(), DONE)
        equal(cli.lines(), [{"channel": "/tls", "data": "safe"}])


if __name__ == "__main__":
    run_with_logins(CONF, "AH01617", "AH10392", tls=True, server_limit=12, location="BayeuxMaxInterval 60s",
                    tls_conf="<Location /bayeux>\nSetHandler bayeux\n</Location>", sessions_left=True)  # fmt: skip
