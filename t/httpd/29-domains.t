#!/usr/bin/env python3
"""Which rules hold for whom: the user of a request, domains, virtual hosts, and httpd -t (design 7)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from guarded import denied, expect, run, session, user_header  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import hold, poll, refused, succeeded  # noqa: E402


# --- who the user is ----------------------------------------------------------------------------------------------

@test("rules hold in every Location of the domain: one without authentication has no user")
def _(server):
    with session(server, None, "/second") as nobody, session(server, "alice") as alice:
        denied(nobody.subscribe("/user/alice").reply, "(create|subscribe)_denied")
        denied(nobody.publish("/members/x", 1).reply, "(channel_create|publish)_denied")
        denied(nobody.subscribe("/private/**").reply, "(create|subscribe)_denied")
        denied(nobody.subscribe("/members/x").reply, "(create|subscribe)_denied")
        succeeded(nobody.subscribe("/free/x").reply)
        succeeded(alice.publish("/free/x", "across").reply)
        equal(poll(nobody).data, ["across"])


@test("two Locations of one domain share sessions and channels")
def _(server):
    with session(server, "alice", connect=True) as alice:
        succeeded(alice.subscribe("/shared/x").reply)
        held = hold(alice)
        alice.path = "/second"
        alice.headers = []
        equal(alice.publish("/shared/x", 1).data, [1])
        denied(alice.publish("/user/alice", 1).reply, "(channel_create|publish)_denied")
        check(not held.answered(), "answered")
        with session(server, None, "/second") as other:
            succeeded(other.publish("/shared/x", 2).reply)
        equal(held.wait(5).data, [2])
        alice.headers = [user_header("alice")]
        alice.path = "/guarded"


@test("the user is the one of the request: the same session as bob may what bob may")
def _(server):
    with session(server, "alice") as client:
        succeeded(client.subscribe("/user/alice").reply)
        client.headers = [user_header("bob")]
        denied(client.subscribe("/private/x").reply, "(create|subscribe)_denied")
        succeeded(client.publish("/either", 1).reply)
        client.headers = [user_header("carol")]
        denied(client.publish("/either", 1).reply, "publish_denied")


# --- domains ------------------------------------------------------------------------------------------------------

@test("another domain: other rules, other channels, other sessions")
def _(server):
    expect(server, "publish", "/sealed/x", ["alice", "bob", "carol"], "/apart")
    expect(server, "publish", "/free", ["alice"], "/apart")
    with session(server, "alice") as here, session(server, "alice", "/apart") as there:
        succeeded(here.subscribe("/dom/**").reply)
        succeeded(there.subscribe("/dom/**").reply)
        here.publish("/dom/x", "here")
        there.publish("/dom/x", "there")
        equal(poll(here).data + poll(there).data, [])
        here.path = "/apart"
        refused(here.publish("/dom/x", 1).reply, "402::session_unknown")
        refused(here.connect(timeout=5).reply, "402::session_unknown")
        here.path = "/guarded"
        here.publish("/dom/x", 2)


@test("the same domain by name: shared")
def _(server):
    with session(server, "alice", "/apart") as alice, session(server, None, "/apart2") as nobody:
        succeeded(nobody.subscribe("/dom/y").reply)
        succeeded(alice.publish("/dom/y", 1).reply)
        equal(poll(nobody).data, [1])
        denied(nobody.publish("/dom/y", 1).reply, "publish_denied")


@test("each virtual host is a domain of its own")
def _(server):
    one = session(server, None, "/bayeux", "main.example")
    with one, session(server, None, "/bayeux", "other.example") as two:
        succeeded(one.subscribe("/host/**").reply)
        succeeded(two.subscribe("/host/**").reply)
        equal(one.publish("/host/x", 1).data, [1])
        equal(poll(two).data, [])
        one.headers, own = two.headers, one.headers
        refused(one.publish("/host/x", 1).reply, "402::session_unknown")
        one.headers = own


@test("the Locations of the main server are served by each virtual host: their rules hold there, too")
def _(server):
    for host in ("main.example", "other.example", "third.example", "unheard-of.example"):
        with session(server, "carol", "/guarded", host) as carol, session(server, None, "/second", host) as nobody:
            for client in (carol, nobody):
                denied(client.publish("/sealed/x", 1).reply, "channel_create_denied")
                denied(client.subscribe("/private/**").reply, "(create|subscribe)_denied")
                denied(client.subscribe("/user/alice").reply, "(create|subscribe)_denied")
                succeeded(client.subscribe("/free").reply)


@test("a domain named alike in two virtual hosts, and in a Location of one of them: shared")
def _(server):
    one = session(server, None, "/shared", "other.example")
    with one, session(server, None, "/bayeux", "third.example") as two:
        succeeded(one.subscribe("/host/x").reply)
        succeeded(two.publish("/host/x", 1).reply)
        equal(poll(one).data, [1])
        one.headers, own = two.headers, one.headers
        one.path = "/bayeux"
        equal(one.publish("/host/x", 2).data, [2])
        one.headers, one.path = own, "/shared"


# --- configuration ------------------------------------------------------------------------------------------------

def section(text, pattern="/x", location="/one"):
    inner = f'<BayeuxChannel "{pattern}">\n{text}\n</BayeuxChannel>'
    return f"<Location {location}>\nSetHandler bayeux\n{inner}\n</Location>\n"


@test("httpd -t refuses the same pattern and operation twice in a domain, in two sections or two Locations")
def _(server):
    deny = "BayeuxRequire publish all denied"
    for second in (section(deny, location="/two"), section(deny)):
        code, said = config_test(section(deny) + second)
        check(code != 0 and "/x" in said, said)
    for second in (
        section("BayeuxRequire subscribe all denied", location="/two"),
        section(deny, pattern="/y", location="/two"),
        section(deny, location="/two").replace("SetHandler", "BayeuxDomain elsewhere\nSetHandler"),
    ):
        code, said = config_test(section(deny) + second)
        equal(code, 0, said)


@test("httpd -t refuses what BayeuxRequire and <BayeuxChannel> do not know, and names it")
def _(server):
    for text, pattern, named in (
        ("BayeuxRequire fly all granted", "/x", "fly"),
        ("BayeuxRequire publish no-such-provider x", "/x", "no-such-provider"),
        ("BayeuxRequire publish", "/x", "BayeuxRequire"),
        ("BayeuxRequire", "/x", "BayeuxRequire"),
        ("BayeuxRequire publish all granted", "x", "x"),
        ("BayeuxRequire publish all granted", "/a//b", "/a//b"),
        ("BayeuxRequire publish all granted", "/a/*/b", "/a/*/b"),
        ("BayeuxRequire publish all granted", "", "BayeuxChannel"),
        ('BayeuxRequire publish expr "%{env:X} =="', "/x", "expr"),
        ("BayeuxRequire publish ip 300.1.1.1", "/x", "300.1.1.1"),
    ):
        code, said = config_test(section(text, pattern))
        check(code != 0 and named in said, f"{text!r} {pattern!r}: {code} {said}")
    code, said = config_test("BayeuxRequire publish all granted")
    check(code != 0 and "BayeuxRequire" in said, said)


run()
