"""A server whose channels are guarded: users alice, bob and carol, of whom alice is staff. /guarded asks for a login,
/second shares its domain and does not; /apart and /everything are domains of their own; three virtual hosts."""

import base64
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

import tap
from harness import Httpd
from tap import check, equal
from wire import connected, refused
from wire import session as bare_session

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


def run():
    """The tests of the file, against this server."""
    files = make_files()

    def fixture():
        server = Httpd(CONF % {"guarded": GUARDED.format(files=files)} + HOSTS, modules=MODULES)
        server.expect("AH01618", "AH01617")  # the wrong password
        return server

    try:
        tap.run(fixture)
    finally:
        shutil.rmtree(files)
