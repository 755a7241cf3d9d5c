#!/usr/bin/env python3
"""The access log's line of a stream: written when it closes, and says what the request was, however little of it stays."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from event_source import EventSource  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import connected, succeeded  # noqa: E402

# What a request had, in the order of FIELDS.
FORMAT = r"%{X-Test}i|%{remote}p|%m|%U|%q|%H|%>s|%r|%u|%v|%f|%{TESTED}e|%{X-Out}o|%{Connection}i|%a|%L|%R|%b|%D"
FIELDS = ("test", "port", "method", "path", "query", "protocol", "status", "request", "user", "host", "file", "env",
          "out", "connection", "address", "id", "handler", "bytes", "micros")  # fmt: skip
CONF = f"""
LogFormat "{FORMAT}" streams
CustomLog logs_of_streams streams env=TESTED
SetEnvIf X-Test (.+) TESTED=$1
Header always set X-Out "seen"
<Location /ruled>
    SetHandler bayeux
    BayeuxDomain ruled
    <BayeuxChannel /closed/**>
        BayeuxRequire subscribe all denied
    </BayeuxChannel>
</Location>
"""
HELD_SECONDS = 0.3


def lines_of(server, name):
    path = server.root / "logs_of_streams"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = [dict(zip(FIELDS, line.split("|"))) for line in text.splitlines()]
    return [line for line in found if line["test"] == name]


def only_line(server, name):
    wait_until(lambda: lines_of(server, name), f"the line of {name}")
    (line,) = lines_of(server, name)
    return line


def socket_of(server, path, name):
    client = ws_connected(server, f"{path}?a=b%20c", headers=[("X-Test", name), ("Cookie", "x" * 2000)])
    succeeded(client.subscribe("/open"))
    for n in range(10):
        succeeded(client.publish("/open", "y" * 1000))
    equal(len(client.events(10)), 10)
    time.sleep(HELD_SECONDS)
    equal(lines_of(server, name), [], "written before it has closed")
    client.close()


def check_line(line, path, status):
    expected = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "status": status, "user": "-",
                "host": "localhost", "address": "127.0.0.1", "handler": "bayeux"}  # fmt: skip
    equal({name: line[name] for name in expected}, expected)
    check(int(line["bytes"]) > 10 * 1000, f"the bytes that were sent: {line['bytes']}")
    check(int(line["micros"]) >= HELD_SECONDS * 1e6, f"how long it was open: {line['micros']}")


for PATH, WHAT in (("/bayeux", "whose request is let go"), ("/ruled", "for whose request providers may be asked")):

    @test(f"a WebSocket {WHAT}: its line has the upgrade's fields, the bytes sent and how long it was open")
    def _(server, path=PATH):
        name = "socket" + path.replace("/", "-")
        socket_of(server, path, name)
        line = only_line(server, name)
        check_line(line, path, "101")
        equal((line["query"], line["request"], line["env"]), ("?a=b%20c", f"GET {path}?a=b%20c HTTP/1.1", name))
        check(line["connection"].lower() == "upgrade", line["connection"])


@test("S19 an event source: the same, and of the clientId in its path the beginning only")
def _(server):
    with connected(server, subscriptions=["/open"]) as client, connected(server) as other:
        source = EventSource(client, headers=[("X-Test", "source")]).begin()
        for _ in range(12):
            succeeded(other.publish("/open", "y" * 1000).reply)
        equal(len(source.events(12)), 12)
        time.sleep(HELD_SECONDS)
        equal(lines_of(server, "source"), [], "written before it has closed")
        source.close()
        line = only_line(server, "source")
        check_line(line, f"/bayeux/{client.client_id[:6]}...", "200")
        check(client.client_id not in str(line), line)
        equal((line["out"], line["env"]), ("seen", "source"))


@test("a request with a note of another module stays whole: mod_log_forensic sees its end")
def _(_server):
    with server_with(["log_forensic"], "ForensicLog forensic") as server:
        socket_of(server, "/bayeux", "noted")
        check_line(only_line(server, "noted"), "/bayeux", "101")
        text = (server.root / "forensic").read_text(encoding="utf-8")
        begun = [line[1:].split("|")[0] for line in text.splitlines() if line.startswith("+") and "X-Test:noted" in line]
        ended = [line[1:] for line in text.splitlines() if line.startswith("-")]
        equal(len(begun), 1)
        equal(ended.count(begun[0]), 1)


def server_with(modules=(), conf=""):
    return Httpd(CONF + conf, modules=("bayeux", "setenvif", "headers", *modules))


run(server_with)
