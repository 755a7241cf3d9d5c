#!/usr/bin/env python3
"""Who may do what on which channel: <BayeuxChannel>, BayeuxRequire (design 7, PB-8, SB-3), and domains."""

import base64
import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from wire import connected, hold, poll, refused, succeeded  # noqa: E402
from wire import session as bare_session  # noqa: E402

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "authz_groupfile", "env", "setenvif")

GUARDED = """
    SetHandler bayeux
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    AuthGroupFile {files}/groups
    Require valid-user
"""

CONF = """
<Location /guarded>
%(guarded)s
    <BayeuxChannel "/sealed/**">
        BayeuxRequire create all denied
        BayeuxRequire subscribe all denied
        BayeuxRequire publish all denied
    </BayeuxChannel>
    <BayeuxChannel "/open/**">
        BayeuxRequire publish all granted
    </BayeuxChannel>
    <BayeuxChannel "/user/alice">
        BayeuxRequire subscribe user alice
        BayeuxRequire publish user alice bob
    </BayeuxChannel>
    <BayeuxChannel "/members/*">
        BayeuxRequire subscribe valid-user
        BayeuxRequire publish group staff
    </BayeuxChannel>
    <BayeuxChannel "/either">
        BayeuxRequire publish user nobody
        BayeuxRequire publish user bob
        BayeuxRequire publish group staff
    </BayeuxChannel>
    <BayeuxChannel "/fixed/**">
        BayeuxRequire create user alice
    </BayeuxChannel>
    <BayeuxChannel "/here">
        BayeuxRequire subscribe ip 127.0.0.0/8
        BayeuxRequire publish ip 10.0.0.0/8
    </BayeuxChannel>
    <BayeuxChannel "/own/**">
        BayeuxRequire subscribe expr "%%{env:BAYEUX_CHANNEL} == '/own/' . %%{REMOTE_USER}"
        BayeuxRequire publish expr "%%{env:BAYEUX_CHANNEL} =~ m#^/own/# && %%{env:BAYEUX_OPERATION} == 'publish'"
    </BayeuxChannel>
    <BayeuxChannel "/operation">
        BayeuxRequire subscribe expr "%%{env:BAYEUX_OPERATION} == 'publish'"
        BayeuxRequire publish expr "%%{env:BAYEUX_OPERATION} == 'publish'"
    </BayeuxChannel>
    <BayeuxChannel "/spec/**">
        BayeuxRequire publish all denied
        BayeuxRequire subscribe all denied
    </BayeuxChannel>
    <BayeuxChannel "/spec/a/**">
        BayeuxRequire publish user alice
    </BayeuxChannel>
    <BayeuxChannel "/spec/a/b/*">
        BayeuxRequire publish user bob
    </BayeuxChannel>
    <BayeuxChannel "/spec/a/b/c">
        BayeuxRequire publish user carol
        BayeuxRequire subscribe all granted
    </BayeuxChannel>
    <BayeuxChannel "/spec/star/*">
        BayeuxRequire publish all granted
    </BayeuxChannel>
    <BayeuxChannel "/private/**">
        BayeuxRequire subscribe user alice
    </BayeuxChannel>
    <BayeuxChannel "/private/public/**">
        BayeuxRequire subscribe valid-user
    </BayeuxChannel>
    <BayeuxChannel "/mixed/secret">
        BayeuxRequire subscribe user alice
    </BayeuxChannel>
    <BayeuxChannel "/service/**">
        BayeuxRequire publish user alice
    </BayeuxChannel>
    <BayeuxChannel "/service/all">
        BayeuxRequire publish valid-user
    </BayeuxChannel>
</Location>
<Location /second>
    SetHandler bayeux
</Location>
<Location /apart>
%(guarded)s
    BayeuxDomain apart
    <BayeuxChannel "/sealed/**">
        BayeuxRequire publish valid-user
    </BayeuxChannel>
    <BayeuxChannel "/**">
        BayeuxRequire publish user alice
    </BayeuxChannel>
</Location>
<Location /apart2>
    SetHandler bayeux
    BayeuxDomain apart
</Location>
<Location /everything>
%(guarded)s
    BayeuxDomain everything
    <BayeuxChannel "/**">
        BayeuxRequire create all denied
        BayeuxRequire subscribe all denied
        BayeuxRequire publish all denied
    </BayeuxChannel>
    <BayeuxChannel "/a/**">
        BayeuxRequire create all granted
        BayeuxRequire subscribe user alice
        BayeuxRequire publish user alice
    </BayeuxChannel>
    <BayeuxChannel "/a/b/**">
        BayeuxRequire subscribe valid-user
    </BayeuxChannel>
    <BayeuxChannel "/exact">
        BayeuxRequire create all granted
        BayeuxRequire subscribe all granted
        BayeuxRequire publish all granted
    </BayeuxChannel>
</Location>
"""

HOSTS = """
<VirtualHost *>
    ServerName main.example
</VirtualHost>
<VirtualHost *>
    ServerName other.example
    <Location /bayeux>
        SetHandler bayeux
    </Location>
    <Location /shared>
        SetHandler bayeux
        BayeuxDomain common
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName third.example
    BayeuxDomain common
    <Location /bayeux>
        SetHandler bayeux
    </Location>
</VirtualHost>
"""


def password(user):
    return f"pw-{user}"


def make_files():
    """Users alice, bob and carol; alice is staff."""
    files = Path(tempfile.mkdtemp(prefix="bx-auth-"))
    files.chmod(0o755)
    lines = []
    for user in ("alice", "bob", "carol"):
        digest = base64.b64encode(hashlib.sha1(password(user).encode()).digest()).decode()
        lines.append(f"{user}:{{SHA}}{digest}")
    (files / "users").write_text("\n".join(lines) + "\n", encoding="ascii")
    (files / "groups").write_text("staff: alice\n", encoding="ascii")
    return files


def user_header(user, password_=None):
    token = base64.b64encode(f"{user}:{password_ or password(user)}".encode()).decode()
    return ("Authorization", f"Basic {token}")


def session(server, user, path="/guarded", host=None, connect=False):
    headers = [user_header(user)] if user else []
    headers += [("Host", host)] if host else []
    return (connected if connect else bare_session)(server, path, headers=headers)


def denied(reply, text):
    refused(reply, "403")
    check(re.fullmatch(rf"403:[a-z_]+:{text}", reply["error"]), reply)
    check("advice" not in reply, reply)


def may(server, user, operation, channel, path="/guarded"):
    """Whether this user may, asked of the server."""
    with session(server, user, path) as client:
        if operation == "publish":
            reply = client.publish(channel, 1).reply
            text = "publish_denied"
        else:
            reply = client.subscribe(channel).reply
            text = "subscribe_denied"
        if not reply["successful"]:
            denied(reply, text)
        return reply["successful"]


def expect(server, operation, channel, users, path="/guarded"):
    """Of alice, bob and carol just these may."""
    allowed = [user for user in ("alice", "bob", "carol") if may(server, user, operation, channel, path)]
    equal(allowed, users, f"who may {operation} {channel}")


# --- one section --------------------------------------------------------------------------------------------------

@test("httpd's own Require guards the Location: no Bayeux without a user")
def _(server):
    nobody = Client(server, "/guarded")
    equal(nobody.post([nobody.message("/meta/handshake")]).status, 401)
    liar = Client(server, "/guarded", headers=[user_header("alice", "wrong")])
    equal(liar.post([liar.message("/meta/handshake")]).status, 401)


@test("PB-8 SB-3 all denied: create, with the two texts of subscribe and publish")
def _(server):
    with session(server, "alice") as alice:
        denied(alice.subscribe("/sealed/x").reply, "create_denied")
        denied(alice.publish("/sealed/x", 1).reply, "channel_create_denied")
        denied(alice.subscribe("/sealed/**").reply, "(create|subscribe)_denied")
        denied(alice.subscribe(["/open/x", "/sealed/x"]).reply, "create_denied")
        denied(alice.publish("/sealed/deep/er", 1).reply, "channel_create_denied")


@test("no rule at all: allowed; and the section's own name is not below its **")
def _(server):
    for channel in ("/free", "/sealed", "/open/x", "/userx", "/user"):
        expect(server, "publish", channel, ["alice", "bob", "carol"])
        expect(server, "subscribe", channel, ["alice", "bob", "carol"])


@test("user: each operation on its own")
def _(server):
    expect(server, "subscribe", "/user/alice", ["alice"])
    expect(server, "publish", "/user/alice", ["alice", "bob"])


@test("group and valid-user")
def _(server):
    expect(server, "subscribe", "/members/x", ["alice", "bob", "carol"])
    expect(server, "publish", "/members/x", ["alice"])
    expect(server, "publish", "/members/x/deeper", ["alice", "bob", "carol"])


@test("several rules for one operation are alternatives")
def _(server):
    expect(server, "publish", "/either", ["alice", "bob"])


@test("ip")
def _(server):
    expect(server, "subscribe", "/here", ["alice", "bob", "carol"])
    expect(server, "publish", "/here", [])


@test("expr with BAYEUX_CHANNEL, REMOTE_USER and BAYEUX_OPERATION")
def _(server):
    expect(server, "subscribe", "/own/alice", ["alice"])
    expect(server, "subscribe", "/own/bob", ["bob"])
    expect(server, "subscribe", "/own/dave", [])
    expect(server, "subscribe", "/own/**", [])
    expect(server, "publish", "/own/dave", ["alice", "bob", "carol"])
    expect(server, "publish", "/operation", ["alice", "bob", "carol"])
    expect(server, "subscribe", "/operation", [])


@test("expr: several channels in one request are judged one by one")
def _(server):
    with session(server, "bob") as bob:
        denied(bob.subscribe(["/own/bob", "/own/alice"]).reply, "subscribe_denied")
        replies = bob.call([
            bob.message("/meta/subscribe", subscription="/own/bob"),
            bob.message("/meta/subscribe", subscription="/own/alice"),
            bob.message("/meta/subscribe", subscription="/own/bob"),
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies], [True, False, True])


@test("create: only alice may; once the channel is there, others may use it")
def _(server):
    with session(server, "alice") as alice, session(server, "bob") as bob:
        denied(bob.publish("/fixed/room", 1).reply, "channel_create_denied")
        denied(bob.subscribe("/fixed/room").reply, "create_denied")
        succeeded(alice.subscribe("/fixed/room").reply)
        succeeded(bob.subscribe("/fixed/room").reply)
        equal(bob.publish("/fixed/room", "x").data, ["x"])
        equal(poll(alice).data, ["x"])
        denied(bob.publish("/fixed/other", 1).reply, "channel_create_denied")


@test("a denied publish reaches nobody, a denied subscription brings nothing")
def _(server):
    with session(server, "alice") as alice, session(server, "carol") as carol:
        succeeded(alice.subscribe("/user/alice").reply)
        denied(carol.subscribe("/user/alice").reply, "subscribe_denied")
        denied(carol.publish("/user/alice", "forged").reply, "publish_denied")
        alice.publish("/user/alice", "own")
        equal(poll(alice).data, [])
        equal(poll(carol).data, [])


@test("a denied message in a batch: the others are processed")
def _(server):
    with session(server, "carol") as carol:
        replies = carol.call([
            {**carol.message("/open/a"), "data": 1},
            {**carol.message("/user/alice"), "data": 1},
            {**carol.message("/open/b"), "data": 1},
        ])  # fmt: skip
        equal([reply["successful"] for reply in replies], [True, False, True])


@test("service channels are guarded as well")
def _(server):
    expect(server, "publish", "/service/x", ["alice"])
    expect(server, "publish", "/service/all", ["alice", "bob", "carol"])


@test("CH-4 S1 other spellings of a guarded name do not get around its rule")
def _(server):
    with session(server, "carol") as carol, session(server, "alice") as alice:
        succeeded(alice.subscribe("/user/alice").reply)
        for name in ("/user/alice/", "/user/alice ", "/user/alice/ ", "/user/alice  ", "//user/alice", "/user//alice",
                     "/user/alice\u0000", "/user/./alice", "/x/../user/alice", "/USER/alice"):  # fmt: skip
            carol.publish(name, "forged")
            carol.subscribe(name)
        alice.publish("/user/alice", "secret")
        equal(poll(carol).data, [])
        check("forged" not in poll(alice).data, "forged")
        denied(carol.publish("/user/alice/", 1).reply, "publish_denied")
        denied(carol.subscribe("/user/alice/").reply, "subscribe_denied")


@test("unsubscribing needs no right")
def _(server):
    with session(server, "alice") as alice, session(server, "carol") as carol:
        succeeded(alice.subscribe("/user/alice").reply)
        succeeded(carol.unsubscribe("/user/alice").reply)


# --- which section decides ----------------------------------------------------------------------------------------

@test("the most specific section with a rule decides: exact name, then *, then the deepest **")
def _(server):
    expect(server, "publish", "/spec/x", [])
    expect(server, "publish", "/spec/x/y/z", [])
    expect(server, "publish", "/spec/a/x", ["alice"])
    expect(server, "publish", "/spec/a/x/y", ["alice"])
    expect(server, "publish", "/spec/a/b/x", ["bob"])
    expect(server, "publish", "/spec/a/b/x/y", ["alice"])
    expect(server, "publish", "/spec/a/b/c", ["carol"])
    expect(server, "publish", "/spec/a/b/c/d", ["alice"])
    expect(server, "publish", "/spec/star/x", ["alice", "bob", "carol"])


@test("a section without a rule for the operation is skipped: a broader one decides")
def _(server):
    expect(server, "subscribe", "/spec/a/x", [])
    expect(server, "subscribe", "/spec/a/b/x", [])
    expect(server, "subscribe", "/spec/star/x", [])
    expect(server, "subscribe", "/spec/a/b/c", ["alice", "bob", "carol"])


@test("a rule for everything, and exceptions from it")
def _(server):
    expect(server, "publish", "/exact", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/exact", ["alice", "bob", "carol"], "/everything")
    expect(server, "publish", "/a/x", ["alice"], "/everything")
    expect(server, "subscribe", "/a/x", ["alice"], "/everything")
    with session(server, "alice", "/everything") as alice:
        denied(alice.publish("/anything", 1).reply, "channel_create_denied")
        denied(alice.subscribe("/anything").reply, "create_denied")
        denied(alice.publish("/service/x", 1).reply, "(channel_create|publish)_denied")


# --- subscribing to patterns --------------------------------------------------------------------------------------

for pattern in ("/**", "/private/**", "/private/*"):

    @test(f"nobody but alice reads /private by subscribing to {pattern}")
    def _(server, pattern=pattern):
        with session(server, "alice") as alice, session(server, "bob") as bob:
            denied(bob.subscribe(pattern).reply, "(create|subscribe)_denied")
            denied(bob.subscribe(["/free", pattern]).reply, "(create|subscribe)_denied")
            alice.publish("/private/x", "secret")
            equal(poll(bob).data, [])


@test("alice may subscribe to /private/** and /private/*, and gets it")
def _(server):
    with session(server, "alice") as alice:
        succeeded(alice.subscribe("/private/**").reply)
        equal(alice.publish("/private/x", 1).data, [1])
        succeeded(alice.unsubscribe("/private/**").reply)
        succeeded(alice.subscribe("/private/*").reply)
        equal(alice.publish("/private/x", 2).data, [2])


@test("a pattern that is wholly covered by a more specific section is decided by that one")
def _(server):
    for pattern in ("/private/public/**", "/private/public/*", "/private/public/a/**", "/private/public/a/*",
                    "/private/public/x"):  # fmt: skip
        expect(server, "subscribe", pattern, ["alice", "bob", "carol"])
    expect(server, "subscribe", "/a/b/**", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/a/b/c/*", ["alice", "bob", "carol"], "/everything")
    expect(server, "subscribe", "/a/**", ["alice"], "/everything")
    expect(server, "subscribe", "/a/*", ["alice"], "/everything")


@test("a pattern that overlaps a section of one exact name needs its grant")
def _(server):
    expect(server, "subscribe", "/mixed/*", ["alice"])
    expect(server, "subscribe", "/mixed/**", ["alice"])
    expect(server, "subscribe", "/mixed/other", ["alice", "bob", "carol"])
    expect(server, "subscribe", "/mixed/secret/**", ["alice", "bob", "carol"])


@test("a * pattern one level above or below does not overlap")
def _(server):
    # /* matches /either and /here (ip grants all of us), but none of the deeper ones; /operation denies everybody.
    expect(server, "subscribe", "/*", [])
    expect(server, "subscribe", "/user/alice/*", ["alice", "bob", "carol"])


@test("/** needs the grant of each section: alice has not all of them")
def _(server):
    for user in ("alice", "bob", "carol"):
        with session(server, user) as client:
            denied(client.subscribe("/**").reply, "(create|subscribe)_denied")


@test("no subscription to a pattern of another domain's rules: /apart has none for subscribe")
def _(server):
    expect(server, "subscribe", "/**", ["alice", "bob", "carol"], "/apart")


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
    with session(server, None, "/bayeux", "main.example") as one, session(server, None, "/bayeux", "other.example") as two:
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
    with session(server, None, "/shared", "other.example") as one, session(server, None, "/bayeux", "third.example") as two:
        succeeded(one.subscribe("/host/x").reply)
        succeeded(two.publish("/host/x", 1).reply)
        equal(poll(one).data, [1])
        one.headers, own = two.headers, one.headers
        one.path = "/bayeux"
        equal(one.publish("/host/x", 2).data, [2])
        one.headers, one.path = own, "/shared"


# --- configuration ------------------------------------------------------------------------------------------------

def section(text, pattern="/x", location="/one"):
    return f'<Location {location}>\nSetHandler bayeux\n<BayeuxChannel "{pattern}">\n{text}\n</BayeuxChannel>\n</Location>\n'


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


FILES = make_files()


def fixture():
    conf = CONF % {"guarded": GUARDED.format(files=FILES)}
    server = Httpd(conf + HOSTS, modules=MODULES)
    server.expect("AH01618", "AH01617")  # the wrong password
    return server


try:
    run(fixture)
finally:
    shutil.rmtree(FILES)
