"""Rules of each kind, for each operation, and whom they let in: a table for tests of authorization.

A guard's name is the last but one segment of the channels that it guards: /publish/group/x asks for the group. A person
is a list of header fields; where from he comes is one of them, as behind a proxy (mod_remoteip).
"""

import dataclasses
import shutil

import tap
from bayeux import Client
from guarded import make_files, user_header
from harness import Httpd, HarnessError
from services import LUA as ECHO_LUA
from tap import check
from websocket import WebSocketClient, ws_connected
from wire import connected, number, refused

MODULES = ("bayeux", "auth_basic", "authn_core", "authn_file", "authz_user", "authz_groupfile", "env", "setenvif",
           "remoteip", "lua")  # fmt: skip

ALICE = [user_header("alice")]
BOB = [user_header("bob")]
CAROL = [user_header("carol")]


@dataclasses.dataclass
class Guard:
    rule: str
    allowed: list | None  # the fields of somebody who may; None: nobody may
    refused: list | None


GUARDS = {
    "user": Guard("user alice", ALICE, BOB),
    "group": Guard("group staff", ALICE, BOB),
    "ip": Guard("ip 192.0.2.0/24", [*BOB, ("X-From", "192.0.2.7")], [*BOB, ("X-From", "198.51.100.7")]),
    "expr": Guard("expr \"%{HTTP:X-Badge} == 'blue' && %{REMOTE_USER} =~ /^(alice|bob)$/\"",
                  [*BOB, ("X-Badge", "blue")], [*BOB, ("X-Badge", "red")]),
    "denied": Guard("all denied", None, ALICE),
    "granted": Guard("all granted", BOB, None),
}  # fmt: skip


def section(pattern, operation, rule):
    return f'<BayeuxChannel "{pattern}">\nBayeuxRequire {operation} {rule}\n</BayeuxChannel>\n'


SECTIONS = "".join(
    section(f"/{operation}/{name}/**", operation, guard.rule)
    for operation in ("create", "subscribe", "publish")
    for name, guard in GUARDS.items()
) + "".join(section(f"/service/{name}", "publish", guard.rule) for name, guard in GUARDS.items())

SERVICES = "".join(
    f'BayeuxService "/service/{name}" "/lua/answer"\nBayeuxService "/service/at/{name}" "/lua/answer/{name}"\n'
    for name in GUARDS
)

PLACES = "".join(
    f"<Location /publish-{name}>\nSetHandler bayeux-publish\n%(login)s\nRequire {guard.rule}\n</Location>\n"
    f"<Location /lua/answer/{name}>\n%(login)s\nRequire {guard.rule}\n</Location>\n"
    for name, guard in GUARDS.items()
)

LOGIN = """
    AuthType Basic
    AuthName here
    AuthUserFile {files}/users
    AuthGroupFile {files}/groups
"""

CONF = (
    """
RemoteIPHeader X-From
RemoteIPInternalProxy 127.0.0.1
LuaMapHandler ^/lua/answer(/.*)?$ "{files}/answer.lua" handle
"""
    + SERVICES
    + "<Location /fast>\nSetHandler bayeux\nBayeuxMaxInterval 20s\n%(login)s\nRequire valid-user\n"
    + SECTIONS
    + """</Location>
<Location /slow>
    SetHandler bayeux
    BayeuxFastLane Off
    BayeuxMaxInterval 20s
%(login)s
    Require valid-user
</Location>
<Location /unconnected>
    SetHandler bayeux
    BayeuxUnconnectedPublish On
%(login)s
    Require valid-user
</Location>
<Location /outside>
    SetHandler bayeux-publish
    Require local
</Location>
"""
    + PLACES
)

TRANSPORTS = ("the slow lane", "the fast lane", "WebSocket")


def speaker(server, transport, person, path=None):
    """Somebody whose first connect is over, with one connection for all."""
    if transport == "WebSocket":
        return ws_connected(server, path or "/fast", headers=person)
    client = connected(server, path or ("/fast" if transport == "the fast lane" else "/slow"), headers=person)
    client.connection = client.connect_connection
    return client


def stranger(server, transport, person):
    """The same without a session, for what needs none."""
    if transport == "WebSocket":
        return WebSocketClient(server, "/unconnected", headers=person)
    client = Client(server, "/unconnected", headers=person)
    client.connect_connection = client.connection
    return client


def reply_of(answer):
    return answer if isinstance(answer, dict) else answer.replies[0]


def again(server, transport, step):
    """The same, several times: the second time the answers of providers are known; on the fast lane, until a request
    did take it."""
    before = number(server, "BayeuxFast")
    for turn in range(8):
        step(turn)
        if turn > 0 and (transport != "the fast lane" or number(server, "BayeuxFast") > before):
            return
    raise HarnessError("no request took the fast lane")


def turned_down(reply, text):
    refused(reply, "403")
    check(reply["error"].endswith(f":{text}"), f"{text}: {reply}")


def run(conf="", scripts=None, **options):
    """The tests of the file, against a server with all these guards. `scripts`: more files, by their names."""
    files = make_files()
    files.chmod(0o777)
    for name, text in {"answer.lua": ECHO_LUA, **(scripts or {})}.items():
        (files / name).write_text(text, encoding="ascii")

    def fixture():
        text = (CONF + conf).replace("%(login)s", LOGIN).replace("{files}", str(files))
        server = Httpd(text, modules=MODULES, **options)
        server.expect("AH01617", "AH01618", "AH01629", "AH01630", "AH01631")  # refusals
        return server

    try:
        tap.run(fixture)
    finally:
        shutil.rmtree(files)


