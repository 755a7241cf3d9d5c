#!/usr/bin/env python3
"""Who may call a service, whom it takes the caller for; domains, hosts, TLS and HTTP/2; the directives (S6, S19)."""

import base64
import hashlib
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import services  # noqa: E402
import tap  # noqa: E402
from bayeux import Client  # noqa: E402
from guarded import user_header  # noqa: E402
from harness import Httpd  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from services import ask, good, remote_call  # noqa: E402
from tap import check, equal, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, refused  # noqa: E402

CONF = """
<Location /guarded>
    SetHandler bayeux
    BayeuxDomain guarded
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    Require valid-user
    BayeuxService "/service/open" "/cgi/echo/environment"
    BayeuxService "/service/alice" "/cgi/echo/environment/for/alice"
    BayeuxService "/service/elsewhere" "/cgi/echo/environment/elsewhere"
    BayeuxService "/service/ours" "/cgi/echo/environment/ours"
    BayeuxService "/service/nobody" "/cgi/echo/environment/nobody"
    BayeuxService "/service/rule" "/cgi/echo"
    BayeuxService "/service/tls" "/cgi/echo/environment/tls"
    BayeuxService "/service/moved" "/cgi/redirect"
    <BayeuxChannel "/service/rule">
        BayeuxRequire publish user alice
    </BayeuxChannel>
</Location>
<Location /cgi/echo/environment/for/alice>
    AuthType Basic
    AuthName here
    AuthUserFile {files}/none
    Require user alice
</Location>
<Location /cgi/echo/environment/elsewhere>
    AuthType Basic
    AuthName "another realm"
    AuthUserFile {files}/bobs
    Require valid-user
</Location>
<Location /cgi/echo/environment/ours>
    Require expr "-n %{env:BAYEUX_CHANNEL}"
</Location>
<Location /cgi/echo/environment/nobody>
    Require all denied
</Location>
<Location /cgi/echo/environment/tls>
    Require expr "%{REQUEST_SCHEME} == 'https'"
</Location>
<Location /anybody>
    SetHandler bayeux
    BayeuxDomain guarded
    AuthType Basic
    AuthName anybody
    AuthBasicProvider anon
    Anonymous "*"
    Anonymous_MustGiveEmail Off
    Require valid-user
</Location>
<Location /others>
    SetHandler bayeux
    BayeuxDomain others
</Location>
<Location /shares>
    SetHandler bayeux
    BayeuxDomain shared
</Location>
<VirtualHost *>
    ServerName main.example
</VirtualHost>
<VirtualHost *>
    ServerName own.example
    BayeuxDomain shared
    <Location /bayeux>
        SetHandler bayeux
    </Location>
    BayeuxService "/service/hosted" "/hosted"
    ScriptAlias /hosted "{files}/cgi/echo/environment"
</VirtualHost>
"""


def call(server, user, channel):
    """The answer that this user gets."""
    with connected(server, "/guarded", headers=[user_header(user)]) as client:
        return remote_call(client, channel, 1)


@test("a channel's rules: who may not publish is refused, and no service hears of it")
def _(server):
    equal(call(server, "alice", "/service/rule")["data"], 1)
    with connected(server, "/guarded", headers=[user_header("bob")]) as bob:
        batch = bob.publish("/service/rule", 1)
        refused(batch.reply, "403")
        check("data" not in batch.reply, batch)


@test("the URL's own Require, with the sender's identity: known already in the same realm, else asked anew")
def _(server):
    answer = call(server, "alice", "/service/alice")
    equal([answer["successful"], answer["data"]["REMOTE_USER"], answer["data"]["AUTH_TYPE"]], [True, "alice", "Basic"])
    equal(call(server, "bob", "/service/alice")["data"]["code"], 401)
    answer = call(server, "bob", "/service/elsewhere")
    equal([answer["successful"], answer["data"]["REMOTE_USER"]], [True, "bob"])
    equal(call(server, "alice", "/service/elsewhere")["data"]["code"], 401)
    equal(call(server, "alice", "/service/nobody")["data"]["code"], 403)


@test("a URL that asks for no login is told who the sender is")
def _(server):
    told = call(server, "bob", "/service/open")["data"]
    equal([told["REMOTE_USER"], told["BAYEUX_USER"], told["HTTP_BAYEUX_USER"]], ["bob", "bob", "bob"])
    check("HTTP_AUTHORIZATION" not in told, told)


@test("S6 a user's name that no header can hold is not told, and forges none")
def _(server):
    name = "eve\r\nforged"
    with connected(server, "/anybody", headers=[user_header(name, "any")]) as eve:
        told = good(eve, "/service/open", 1)
        equal([told["REMOTE_USER"], told["BAYEUX_SESSION"]], [name, eve.client_id])
        check("BAYEUX_USER" not in told and "HTTP_BAYEUX_USER" not in told, told)


@test("a URL for messages only: nobody else gets in, whatever headers he sends")
def _(server):
    equal(call(server, "bob", "/service/ours")["data"]["BAYEUX_CHANNEL"], "/service/ours")
    stranger = Client(server, "/cgi/echo/environment/ours",
                      headers=[("Bayeux-Channel", "/service/ours"), ("BAYEUX_CHANNEL", "x")])  # fmt: skip
    equal(stranger.post([]).status, 403)


@test("over WebSocket: identity and headers are those of the upgrade")
def _(server):
    with WebSocketClient(server, "/guarded", headers=[user_header("alice")]) as alice:
        alice.handshake()
        message = {**alice.message("/service/alice"), "data": 1}
        alice.send([message])
        answer = {}
        while "data" not in answer:
            answer = next((m for m in alice.read() if m.get("id") == message["id"]), {})
        equal([answer["successful"], answer["data"]["REMOTE_USER"]], [True, "alice"])
        check(not [name for name in answer["data"] if "WEBSOCKET" in name or "UPGRADE" in name], answer)


@test("a service belongs to its domain, in whatever Location and host")
def _(server):
    with connected(server, "/others") as alice:
        ask(alice, "/service/open", 1)
        equal(alice.answers, [])
    with connected(server, "/shares") as alice:
        equal(good(alice, "/service/hosted", 1)["SCRIPT_NAME"], "/hosted")
    with connected(server, "/bayeux", headers=[("Host", "own.example")]) as alice:
        equal(good(alice, "/service/hosted", 1)["HTTP_HOST"], "own.example")


@test("over TLS: the service knows that it was TLS")
def _(server):
    with connected(server, "/guarded", tls=True, headers=[user_header("alice")]) as alice:
        told = good(alice, "/service/tls", 1)
        equal([told["REQUEST_SCHEME"], told["REMOTE_USER"]], ["https", "alice"])
        (server.root / "htdocs" / "answer.json").write_text('"moved"', encoding="ascii")
        equal(good(alice, "/service/moved", "/answer.json"), "moved")
        for _ in range(20):
            good(alice, "/service/rule", 1)
    equal(call(server, "alice", "/service/tls")["data"]["code"], 403)


@test("S19 no clientId, cookie, password or data in the logs")
def _(server):
    with connected(server, "/guarded", headers=[user_header("alice")]) as alice:
        remote_call(alice, "/service/nobody", "data-of-alice")
        remote_call(alice, "/service/open", "data-of-alice")
        log = server.error_log() + (server.root / "access_log").read_text(encoding="utf-8")
        for secret in (alice.client_id, alice.cookies["BAYEUX_BROWSER"], user_header("alice")[1][6:], "data-of-alice"):
            check(secret not in log, secret)


# --- directives ---------------------------------------------------------------------------------------------------

WRONG = (
    ('BayeuxService "/chat" "/x"', "/chat"), ('BayeuxService "/service/{}" "/x"', "{}"),
    ('BayeuxService "/service/{a}/{a}" "/x"', "twice"), ('BayeuxService "/service/*/a" "/x"', "/service/*/a"),
    ('BayeuxService "/service/a" "http://h/x"', "http://h/x"), ('BayeuxService "/service/a" "//h/x"', "//h/x"),
    ('BayeuxService "/service/a" "x"', "local URL"), ('BayeuxService "/service/a" "/x#y"', "/x#y"),
    ('BayeuxService "/service/a"', "BayeuxService"), ("BayeuxServiceTimeout 0", "1s"),
    ("BayeuxServiceTimeout 2h", "2h"), ("BayeuxServiceMaxAnswer 17M", "17M"), ("BayeuxServiceMaxAnswer big", "big"),
    ("BayeuxServiceCalls 0", "0"), ("BayeuxServiceCalls 4 many", "many"), ("BayeuxServiceCalls 4 -1", "-1"),
    ("<VirtualHost *>\nBayeuxServiceCalls 4\n</VirtualHost>", "BayeuxServiceCalls"),
    ('<BayeuxChannel "/x">\nBayeuxService "/service/a" "/x"\n</BayeuxChannel>', "BayeuxService"),
)  # fmt: skip

TWICE = (
    'BayeuxService "/service/a" "/x"\n<Location /y>\nBayeuxService "/service/a/" "/y"\n</Location>',
    'BayeuxService "/service/{a}" "/x"\nBayeuxService "/service/{b}" "/x"',
    'BayeuxService "/service/a" "/x"\n<VirtualHost *>\nBayeuxDomain d\n</VirtualHost>\nBayeuxService "/service/a" "/x"',
)

RIGHT = """
BayeuxService "/service/a" "/x?y=1"
BayeuxService "/service/{a}" "/x"
BayeuxService "/service/**" "/x"
<Location /other>
    BayeuxDomain other
    BayeuxService "/service/a" "/y"
</Location>
BayeuxServiceTimeout 1s
BayeuxServiceMaxAnswer 16M
BayeuxServiceCalls 4 0
"""


@test("httpd -t: wrong values are refused with a sentence")
def _(_):
    for line, word in WRONG:
        code, said = config_test(line)
        check(code != 0 and "BayeuxService" in said and word in said, f"{line}: {said}")
    for lines in TWICE:
        code, said = config_test(lines)
        check(code != 0 and "BX0014" in said and "again at" in said, f"{lines}: {said}")
    code, said = config_test(RIGHT)
    equal(code, 0, said)


files = services.make_files()


def hashed(user):
    return f"{user}:{{SHA}}{base64.b64encode(hashlib.sha1(f'pw-{user}'.encode()).digest()).decode()}\n"


def fixture():
    (files / "users").write_text(hashed("alice") + hashed("bob"), encoding="ascii")
    (files / "bobs").write_text(hashed("bob"), encoding="ascii")
    (files / "none").write_text("", encoding="ascii")
    conf = (services.CONF + CONF).replace("{files}", str(files)).replace("{node}", "9")
    server = Httpd(conf, modules=(*services.MODULES, "authn_anon"), location=services.SERVICES, tls=True)
    # Unknown there, and refused by rules.
    server.expect("AH01618", "AH01630", "AH01631", "AH01617")
    return server


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
