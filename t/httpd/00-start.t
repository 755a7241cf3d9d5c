#!/usr/bin/env python3
"""The module loads, serves from three children, stops clean; wrong configuration is refused with a sentence."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import procs  # noqa: E402
from harness import Httpd  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

DEFAULT_SEGMENT = 64 << 20  # BayeuxSharedMemory

# (directive, wrong arguments). The refusal must name the directive, the first word that is wrong, and what is allowed.
WRONG_ON_SERVER = [
    ("BayeuxSharedMemory", ["x", "0", "-1M", "10", "64Q", "99999999999999G"]),
    ("BayeuxDrainTimeout", ["later", "-1s", "10parsecs"]),
    ("BayeuxMaxBlockingHolds", ["many", "-1", "1.5"]),
]
WRONG_ANYWHERE = [
    ("BayeuxDomain", ['"two words"']),
    ("BayeuxTimeout", ["soon", "-1s", "30x", "999999999h"]),
    ("BayeuxInterval", ["soon", "-1s", "1.5s"]),
    ("BayeuxMaxInterval", ["never", "-1"]),
    ("BayeuxTransports", ["carrier-pigeon"]),
    ("BayeuxMaxMessageSize", ["big", "0", "-64K", "99999G"]),
    ("BayeuxMaxQueue", ["all", "-1", "0"]),
    ("BayeuxQueueOverflow", ["explode", "drop"]),
    ("BayeuxMaxSessions", ["some", "-1", "99999999999999999999"]),
    ("BayeuxMaxChannels", ["some", "-1"]),
    ("BayeuxMaxSubscriptions", ["some", "-1"]),
    ("BayeuxCookie", ['"semi;colon"', '"with blank"', "eq=ual"]),
    ("BayeuxTrustClientId", ["Maybe", "1"]),
    ("BayeuxDuplicateConnectStatus", ["200", "9999", "abc", "399"]),
    ("BayeuxAllowOrigin", ["www.example.org", "https://a.example/path", "https://*.example", "selfish"]),
    ("BayeuxBroadcastToPublisher", ["perhaps"]),
    ("BayeuxMetaConnectDeliverOnly", ["perhaps"]),
    ("BayeuxUnconnectedPublish", ["perhaps"]),
]
# Whole lines of a Location, with what the refusal must mention.
WRONG_LINES = [
    ("BayeuxMaxQueue 1000 lots", ["BayeuxMaxQueue", "lots"]),
    ("BayeuxCookie NAME colour=blue", ["BayeuxCookie", "colour=blue"]),
    ("BayeuxCookie NAME samesite=sometimes", ["BayeuxCookie", "samesite=sometimes"]),
    ("BayeuxCookie NAME path=relative", ["BayeuxCookie", "path=relative"]),
    ("BayeuxCookie NAME partitioned", ["BayeuxCookie", "secure"]),
    ("BayeuxAllowOrigin * https://a.example", ["BayeuxAllowOrigin", "alone"]),
    ("BayeuxTimeout 10 20", ["BayeuxTimeout"]),
    ("BayeuxSharedMemory 64M", ["BayeuxSharedMemory", "not allowed in"]),
    ("BayeuxRequire publish all granted", ["BayeuxRequire", "BayeuxChannel"]),
    ("BayeuxPersistent On", ["BayeuxPersistent", "BayeuxChannel"]),
]
WRONG_CHANNELS = ["chat", "/a/*/b", "/a//b", "/a/**/b", "/meta/connect", "/meta/**", "/a%b", "/"]
WRONG_RULES = [
    ("BayeuxRequire fly all granted", ["BayeuxRequire", "fly", "create, subscribe or publish"]),
    ("BayeuxRequire publish", ["BayeuxRequire"]),
    ("BayeuxRequire publish no-such-provider x", ["BayeuxRequire", "no-such-provider"]),
    ("BayeuxRequire publish ip not-an-address", ["BayeuxRequire", "not-an-address"]),
    ("BayeuxPersistent perhaps", ["BayeuxPersistent", "perhaps"]),
    ("BayeuxBroadcastToPublisher perhaps", ["BayeuxBroadcastToPublisher", "perhaps"]),
    ("BayeuxTimeout 10s", ["BayeuxTimeout", "BayeuxChannel"]),
]

RIGHT_ON_SERVER = """
BayeuxSharedMemory 8M
BayeuxDrainTimeout 500ms
BayeuxMaxBlockingHolds 4
BayeuxTimeout 20
"""
RIGHT_IN_LOCATION = """
BayeuxDomain chat
BayeuxTimeout 30s
BayeuxInterval 500ms
BayeuxMaxInterval 10s
BayeuxTransports long-polling
BayeuxMaxMessageSize 64K
BayeuxMaxQueue 1000 1M
BayeuxQueueOverflow drop-oldest
BayeuxMaxSessions 1000
BayeuxMaxChannels 1000
BayeuxMaxSubscriptions 100
BayeuxCookie BAYEUX_BROWSER path=/ samesite=lax secure maxage=3600
BayeuxTrustClientId off
BayeuxDuplicateConnectStatus 500
BayeuxAllowOrigin self https://a.example http://b.example:8080
BayeuxBroadcastToPublisher Off
BayeuxMetaConnectDeliverOnly On
BayeuxUnconnectedPublish On
<BayeuxChannel "/chat/**">
    BayeuxRequire create all denied
    BayeuxRequire subscribe ip 127.0.0.1
    BayeuxRequire publish expr "%{env:BAYEUX_CHANNEL} == '/chat/x'"
    BayeuxRequire publish ip 10.0.0.0/8
    BayeuxPersistent On
    BayeuxBroadcastToPublisher On
</BayeuxChannel>
<BayeuxChannel "/chat/*">
    BayeuxRequire publish all granted
</BayeuxChannel>
"""


def refused(mentions, **configuration):
    code, output = config_test(**configuration)
    check(code > 0, f"accepted, or died: {code} {output}")
    for word in mentions:
        check(word in output, f"the refusal does not mention {word!r}:\n{output}")
    # One sentence of ours or httpd's: "AH00526: Syntax error on line N of FILE:" and then the reason.
    reason = output.split("httpd.conf:\n")[-1]
    check(len(reason.split()) >= 4, f"no sentence:\n{output}")


def first_word(arguments):
    return arguments.strip('"')


def refusals(directive, wrong, where):
    for arguments in wrong:
        line = f"{directive} {arguments}"
        refused([directive, first_word(arguments), "allowed"], **{where: line})


for directive, wrong in WRONG_ON_SERVER:
    test(f"{directive} on the server refuses {', '.join(wrong)}")(
        lambda directive=directive, wrong=wrong: refusals(directive, wrong, "conf")
    )
for directive, wrong in WRONG_ANYWHERE:
    test(f"{directive} in a Location refuses {', '.join(wrong)}")(
        lambda directive=directive, wrong=wrong: refusals(directive, wrong, "location")
    )
for line, mentions in WRONG_LINES:
    test(f"refused: {line}")(lambda line=line, mentions=mentions: refused(mentions, location=line))
for name in WRONG_CHANNELS:
    test(f"<BayeuxChannel {name}> is refused")(
        lambda name=name: refused(
            ["BayeuxChannel", name],
            location=f'<BayeuxChannel "{name}">\nBayeuxRequire publish all denied\n</BayeuxChannel>',
        )
    )
for line, mentions in WRONG_RULES:
    test(f"refused in a <BayeuxChannel>: {line}")(
        lambda line=line, mentions=mentions: refused(
            mentions, location=f'<BayeuxChannel "/chat/**">\n{line}\n</BayeuxChannel>'
        )
    )


@test("the same pattern and operation twice in a domain is refused")
def _():
    section = '<BayeuxChannel "/chat/**">\nBayeuxRequire publish all denied\n</BayeuxChannel>\n'
    other = f'<Location "/other">\nSetHandler bayeux\n{section}</Location>'
    refused(["/chat/**", "publish"], conf=other, location=section)


@test("the same pattern and operation in two domains is accepted")
def _():
    section = '<BayeuxChannel "/chat/**">\nBayeuxRequire publish all denied\n</BayeuxChannel>\n'
    other = f'<Location "/other">\nSetHandler bayeux\nBayeuxDomain other\n{section}</Location>'
    code, output = config_test(conf=other, location=section)
    equal(code, 0, output)


@test("sections nested in one another are refused")
def _():
    inner = '<BayeuxChannel "/b">\n</BayeuxChannel>\n'
    refused(["BayeuxChannel"], location=f'<BayeuxChannel "/a">\n{inner}</BayeuxChannel>')


@test("right values of every directive are accepted")
def _():
    code, output = config_test(conf=RIGHT_ON_SERVER, location=RIGHT_IN_LOCATION)
    equal(code, 0, output)


@test("a server with these values starts and stops clean")
def _():
    with Httpd(conf=RIGHT_ON_SERVER, location=RIGHT_IN_LOCATION) as server:
        equal(server.get("/static.txt"), (200, b"static\n"))


@test("three children serve, the status page has our lines, the store is empty")
def _():
    with Httpd() as server:
        equal(len(server.children()), 3)
        status = server.status(verify=True)
        for name in ("Sessions", "Channels", "Subscriptions", "Messages", "QueuedEvents", "Parked", "Connections"):
            equal(status.get(f"Bayeux{name}"), "0", f"Bayeux{name}")
        equal(status.get("BayeuxVerify"), "ok")
        check(int(status["BayeuxMemoryUsed"]) == int(status["BayeuxMemoryEmpty"]), f"memory: {status}")


@test("S24 the shared memory has no name, by which another could open it or which a crash could leave")
def _():
    with Httpd() as server:
        pids = [server.pid, *server.children()]
        equal(procs.shared_memory_files(pids), set())
        equal(procs.sysv_segments(pids), [])
        for pid in pids:
            shared = procs.shared_mappings(pid)
            check(any(size >= DEFAULT_SEGMENT for size in shared.values()), f"no segment in {shared}")
            named = [path for path in shared if not path.endswith(" (deleted)")]
            equal(named, [], "files that are mapped to be shared")


@test("a server without a Bayeux location starts and stops clean")
def _():
    with Httpd(modules=()) as plain:
        equal(plain.get("/static.txt")[0], 200)


@test("an immediate stop and a graceful stop end with code 0 and leave nothing")
def _():
    for graceful in (False, True):
        with Httpd() as server:
            server.let_connections_go()  # those that asked whether it serves
            equal(server.stop(graceful), 0)


@test("prefork and worker start, too")
def _():
    for mpm in ("worker", "prefork"):
        with Httpd(mpm=mpm, server_limit=8) as server:
            equal(server.get("/static.txt")[0], 200)


run()
