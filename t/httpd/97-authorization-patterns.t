#!/usr/bin/env python3
"""Sections that overlap, and the /** rule: what the rules of directives.md, "How rules decide", say of each channel and
pattern is worked out here from sets of names, and asked of the server on each transport (PB-8, SB-3)."""

import functools
import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import guards  # noqa: E402
from guards import TRANSPORTS, reply_of, speaker, stranger, turned_down  # noqa: E402
from publishing import reached, send  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import ws_connected  # noqa: E402
from wire import refused  # noqa: E402

PEOPLE = {"alice": guards.ALICE, "bob": guards.BOB, "carol": guards.CAROL}

RULES = {
    "subscribe": {
        "/a/**": "alice", "/a/*": "bob", "/a/b": "carol", "/a/b/**": "bob alice", "/a/b/c/*": "alice carol",
        "/b/*": "alice", "/b/a/**": "bob", "/c/**": "alice bob", "/c/a/**": "carol bob", "/c/a/b": "alice bob",
        "/x/a": "carol",
    },
    "publish": {
        "/a/**": "carol", "/a/*": "alice", "/a/b": "bob", "/a/b/c": "alice bob", "/a/b/c/**": "bob",
        "/service/**": "alice", "/service/a/*": "bob", "/service/a/b": "carol", "/service/a/b/**": "alice bob",
    },
    "create": {
        "/n/**": "alice", "/n/*": "bob", "/n/0": "carol", "/n/1": "carol", "/n/2": "carol", "/n/a/b/**": "carol bob",
    },
}  # fmt: skip


def sections(rules):
    return "".join(
        guards.section(pattern, operation, f"user {users}")
        for operation, by_pattern in rules.items()
        for pattern, users in by_pattern.items()
    )


def place(path, domain, more, unconnected="Off"):
    return (f"<Location {path}>\nSetHandler bayeux\nBayeuxDomain {domain}\nBayeuxUnconnectedPublish {unconnected}\n"
            f"%(login)s\nRequire valid-user\n{more}</Location>\n")  # fmt: skip


EVERYTHING = """
    <BayeuxChannel "/**">
        BayeuxRequire create all denied
        BayeuxRequire subscribe all denied
        BayeuxRequire publish all denied
    </BayeuxChannel>
    <BayeuxChannel "/a/**">
        BayeuxRequire create valid-user
        BayeuxRequire subscribe user alice
        BayeuxRequire publish user alice
    </BayeuxChannel>
    <BayeuxChannel "/service/a">
        BayeuxRequire publish user alice
    </BayeuxChannel>
"""

CONF = (
    "MaxKeepAliveRequests 0\n"
    + place("/overlap", "overlap", sections(RULES), "On")
    + place("/everything", "everything", EVERYTHING, "On")
    + "<Location /outside-overlap>\nSetHandler bayeux-publish\nBayeuxDomain overlap\nRequire local\n</Location>\n"
)

# --- the rules, in sets of names ----------------------------------------------------------------------------------

NAMES = ["/" + "/".join(parts) for depth in range(1, 6) for parts in itertools.product("abcx", repeat=depth)]


def matches(pattern, name):
    if pattern.endswith("/**"):
        return name.startswith(pattern[:-2]) and name != pattern[:-2]
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1]) and "/" not in name[len(pattern) - 1 :]
    return name == pattern


@functools.cache
def names_of(pattern):
    return {name for name in NAMES if matches(pattern, name)}


def specific(pattern):
    return (0, pattern.count("/")) if pattern.endswith("**") else (1, 0) if pattern.endswith("*") else (2, 0)


def decides(rules, name):
    """Whom the most specific section of a channel lets in; everybody if there is none."""
    found = [pattern for pattern in rules if matches(pattern, name)]
    return set(rules[max(found, key=specific)].split()) if found else set(PEOPLE)


@functools.cache
def may_subscribe(pattern):
    rules, wanted = RULES["subscribe"], names_of(pattern)
    covering = [section for section in rules if wanted <= names_of(section)]
    allowed = set(rules[max(covering, key=specific)].split()) if covering else set(PEOPLE)
    for section, users in rules.items():
        if section not in covering and wanted & names_of(section):
            allowed &= set(users.split())
    return allowed


CHANNELS = ["/a", "/a/a", "/a/b", "/a/x", "/a/a/b", "/a/b/x", "/a/b/c", "/a/b/c/x", "/a/b/c/x/x", "/b/a", "/b/x",
            "/b/a/x", "/b/x/x", "/c/a", "/c/x/x", "/c/a/b", "/c/a/x", "/x/a", "/x/b", "/x/a/b"]  # fmt: skip
PATTERNS = [f"{base}/{wild}" for base in ("", "/a", "/a/b", "/a/x", "/a/b/c", "/b", "/b/a", "/c", "/c/a", "/c/a/b",
                                          "/c/x", "/x", "/x/a", "/x/b") for wild in ("*", "**")]  # fmt: skip


# --- one channel --------------------------------------------------------------------------------------------------

for transport_name in TRANSPORTS:

    @test(f"{transport_name}: the most specific section decides, for subscribe, publish, create and services")
    def _(server, transport=transport_name):
        names = [*CHANNELS, "/service/x", "/service/a/x", "/service/a/b", "/service/a/b/c", "/service/a/x/y"]
        for user, person in PEOPLE.items():
            with speaker(server, transport, person, "/overlap") as client:
                for _ in range(2):
                    for name in CHANNELS:
                        judge(client.subscribe(name), user in decides(RULES["subscribe"], name), user, name)
                    for name in names:
                        judge(client.publish(name, 1), user in decides(RULES["publish"], name), user, name)
                number = TRANSPORTS.index(transport)
                for name in (f"/n/{number}", *(f"{base}-{user}-{number}" for base in ("/n/x", "/n/x/x", "/n/a/b/x"))):
                    judge(client.publish(name, 1), user in decides(RULES["create"], name), user, name)

    @test(f"PB-10 {transport_name}, without a session: the same sections decide")
    def _(server, transport=transport_name):
        for user, person in PEOPLE.items():
            with stranger(server, transport, person) as client:
                client.path = "/overlap"
                for name in [*CHANNELS, "/service/x", "/service/a/x", "/service/a/b", "/service/a/b/c"]:
                    judge(client.publish(name, 1), user in decides(RULES["publish"], name), user, name)

    @test(f"{transport_name}: a subscription to a pattern needs the deciding section and each that it overlaps")
    def _(server, transport=transport_name):
        for user, person in PEOPLE.items():
            with speaker(server, transport, person, "/overlap") as client:
                for pattern in PATTERNS:
                    for _ in range(2):
                        judge(client.subscribe(pattern), user in may_subscribe(pattern), user, pattern)

    @test(f"the /** rule, {transport_name}: what no other section opens is closed, for everything")
    def _(server, transport=transport_name):
        for user, person in PEOPLE.items():
            with speaker(server, transport, person, "/everything") as client:
                for name in ("/x", "/x/y/z", "/service/b", "/service/a/b", "/aa/x", "/a"):
                    refused(reply_of(client.publish(name, 1)), "403")
                for name in ("/x", "/x/y/z", "/**", "/*", "/x/**", "/x/*", "/aa/**"):
                    refused(reply_of(client.subscribe(name)), "403")
                for name in ("/a/x", "/a/**", "/a/b/*"):
                    judge(client.subscribe(name), user == "alice", user, name)
                for name in ("/a/x", "/a/b/c", "/service/a"):
                    judge(client.publish(name, 1), user == "alice", user, name)
            with stranger(server, transport, person) as client:
                client.path = "/everything"
                refused(reply_of(client.publish("/x", 1)), "403")
                judge(client.publish("/a/x", 1), user == "alice", user, "/a/x")


def judge(answer, may, user, name):
    reply = reply_of(answer)
    check(reply["successful"] is may, f"{user}, {name}: {reply}")
    if not may:
        turned_down(reply, reply["error"].rpartition(":")[2])
        check(reply["error"].endswith("_denied"), reply)


# --- what patterns bring ------------------------------------------------------------------------------------------

@test("nobody gets by a pattern what he may not subscribe to by its name, and all that he may")
def _(server):
    for user, person in PEOPLE.items():
        granted = [pattern for pattern in PATTERNS if user in may_subscribe(pattern)]
        check(granted, f"nothing is granted to {user}")
        for pattern in granted:
            for name in names_of(pattern):
                check(user in decides(RULES["subscribe"], name), f"the rules leak: {user} {pattern} {name}")
        with ws_connected(server, "/overlap", headers=person) as client:
            for pattern in PATTERNS:
                client.subscribe(pattern)
            wanted = [name for name in CHANNELS if any(matches(pattern, name) for pattern in granted)]
            for name in CHANNELS:
                got = reached(send(server, name, name, at="/outside-overlap", user=None))
                equal(got, 1 if name in wanted else 0, f"{user}, {name}")
            equal(client.data(len(wanted)), wanted, user)


guards.run(conf=CONF)
