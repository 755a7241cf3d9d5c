#!/usr/bin/env python3
"""Who may publish from outside: the Location's own Require, by user, group, address and expression (S25, S23)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from guarded import user_header  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from publishing import JSON, reached, refused, run_with_logins, send  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import poll, session  # noqa: E402

GUARDS = {
    "user": "Require user alice",
    "group": "Require group staff",
    "valid": "Require valid-user",
    "ip": "Require ip 127.0.0.0/8",
    "other-ip": "Require ip 10.0.0.0/8",
    "expr": "Require expr \"%{HTTP:X-Token} == 's3cret' && %{REQUEST_METHOD} == 'POST'\"",
    "denied": "Require all denied",
    "granted": "Require all granted",
    "both": "<RequireAll>\nRequire ip 127.0.0.0/8\nRequire user alice\n</RequireAll>",
}

CONF = "".join(
    f"<Location /{name}>\nSetHandler bayeux-publish\n%(login)s\n{guard}\n</Location>\n" for name, guard in GUARDS.items()
) + """
<Location /guarded>
    SetHandler bayeux
%(login)s
    Require valid-user
    <BayeuxChannel "/sealed/**">
        BayeuxRequire create all denied
        BayeuxRequire subscribe valid-user
        BayeuxRequire publish all denied
    </BayeuxChannel>
    <BayeuxChannel "/waiting">
        BayeuxLazy 60s
    </BayeuxChannel>
</Location>
<Location /user/inner>
    Require user bob
%(login)s
</Location>
"""


def statuses(server, name, **options):
    return {user: send(server, "/a", 1, at=f"/{name}", user=user, **options).status
            for user in ("alice", "bob", None)}  # fmt: skip


@test("user, group, valid-user")
def _(server):
    equal(statuses(server, "user"), {"alice": 200, "bob": 401, None: 401})
    equal(statuses(server, "group"), {"alice": 200, "bob": 401, None: 401})
    equal(statuses(server, "valid"), {"alice": 200, "bob": 200, None: 401})
    equal(send(server, "/a", 1, [JSON, user_header("alice", "wrong")], at="/valid", user=None).status, 401)


@test("ip, expr, all denied, all granted, and several at once")
def _(server):
    equal(statuses(server, "ip"), {"alice": 200, "bob": 200, None: 200})
    equal(statuses(server, "other-ip"), {"alice": 403, "bob": 403, None: 403})
    token = ("X-Token", "s3cret")
    equal(send(server, "/a", 1, [JSON, token], at="/expr", user=None).status, 200)
    equal(send(server, "/a", 1, [JSON, ("X-Token", "guess")], at="/expr", user=None).status, 403)
    equal(send(server, "/a", 1, at="/expr", user=None).status, 403)
    equal(statuses(server, "denied"), {"alice": 403, "bob": 403, None: 403})
    equal(statuses(server, "granted"), {"alice": 200, "bob": 200, None: 200})
    equal(statuses(server, "both"), {"alice": 200, "bob": 401, None: 401})


@test("who is refused publishes nothing")
def _(server):
    with session(server, subscriptions=["/a"]) as alice:
        for name in ("user", "group", "denied", "other-ip", "expr"):
            check(send(server, "/a", 1, at=f"/{name}", user="bob").status in (401, 403), name)
        equal(poll(alice).data, [])
        equal(reached(send(server, "/a", 2, at="/user")), 1)
        equal(poll(alice).data, [2])


@test("an inner Location may say more of a part of the channels; the channel is still counted from the outer one")
def _(server):
    with session(server, subscriptions=["/inner/*"]) as alice:
        equal(send(server, "/inner/x", 1, at="/user").status, 401)
        equal(reached(send(server, "/inner/x", 2, at="/user", user="bob")), 1)
        equal(poll(alice).events, [{"channel": "/inner/x", "data": 2}])


@test("the channel sections' rules are for sessions: the Location's Require is the guard, their options hold")
def _(server):
    with session(server, "/guarded", headers=[user_header("alice")]) as alice:
        equal(send(server, "/sealed/x", 1, at="/user", user="bob").status, 401)
        equal(reached(send(server, "/sealed/x", 1, at="/user")), 0)
        check(alice.subscribe("/sealed/x").reply["successful"], "the channel exists now")
        equal(alice.publish("/sealed/x", 1).reply["successful"], False)
        equal(reached(send(server, "/sealed/x", 2, at="/user")), 1)
        equal(poll(alice).data, [2])
        alice.subscribe("/waiting")
        held = alice.start_connect(1500)
        equal(reached(send(server, "/waiting", 3, at="/user")), 1)
        check(not held.answered(0.4), "BayeuxLazy: it waits for company")
        equal(held.wait(10).data, [3])


def location(text):
    return f"<Location /pub>\nSetHandler bayeux-publish\n{text}\n</Location>\n"


def host(name, text):
    return f"<VirtualHost *>\nServerName {name}.example\n{text}</VirtualHost>\n"


@test("S25 without a Require in the Location httpd does not start, and says why")
def _(server):
    inherited = '<Directory "/">\nRequire all granted\n</Directory>\n<Location "/">\nRequire all granted\n</Location>\n'
    for conf in (
        "<Location /pub>\nSetHandler bayeux-publish\n</Location>\n",
        inherited + '<Location "/pub/">\nSetHandler "bayeux-publish"\nBayeuxDomain x\n</Location>\n',
        "<VirtualHost *>\nServerName a.example\n<Location /pub>\nSetHandler bayeux-publish\n</Location>\n</VirtualHost>\n",
        "<Location /pub>\n<IfModule bayeux_module>\nSetHandler bayeux-publish\n</IfModule>\n</Location>\n"
        "<Location /pub/x>\nRequire all denied\n</Location>\n",
        location("AuthMerging And"),
        location("AuthMerging Off\nAuthzSendForbiddenOnFailure On"),
        inherited + location("AuthMerging Or"),
        location("<Limit GET>\nRequire all denied\n</Limit>"),
        location("<LimitExcept POST>\nRequire all denied\n</LimitExcept>"),
        location("<Limit POST>\n<RequireAll>\nRequire local\n</RequireAll>\n</Limit>"),
        location("<If \"%{REQUEST_METHOD} == 'GET'\">\nRequire all denied\n</If>"),
        location("<IfModule !bayeux_module>\nRequire local\n</IfModule>"),
        location("<IfDefine NOWHERE>\nRequire local\n</IfDefine>"),
        location("# Require local"),
        location("") + '<LocationMatch "^/pub">\nRequire local\n</LocationMatch>\n',
        location("") + '<Location ~ "/pub">\nRequire local\n</Location>\n',
        location("") + '<Location "/pub*">\nRequire local\n</Location>\n',
        location("") + '<Directory "/pub">\nRequire local\n</Directory>\n',
        location("") + host("a", "<Location /pub>\nRequire local\n</Location>\n"),
        host("a", location("")) + host("b", location("Require local")),
        host("a", location("Require local")) + host("b", location("")),
        "<Location /pub>\nSetHandler Bayeux-Publish\n</Location>\n",
    ):
        code, said = config_test(conf)
        check(code != 0, f"accepted:\n{conf}")
        for word in ("BX0041", "SetHandler bayeux-publish", '"/pub', "Require valid-user"):
            check(word in said, f"{word!r} is not in {said!r}")
    for conf in (
        "<Location /pub>\nSetHandler bayeux-publish\nRequire local\n</Location>\n",
        "<Location /pub>\nSetHandler bayeux-publish\n</Location>\n<Location /pub>\nRequire local\n</Location>\n",
        "<Location /pub>\nSetHandler bayeux-publish\n<RequireAny>\nRequire local\n</RequireAny>\n</Location>\n",
        "<Location /pub>\nRequire local\n</Location>\n<Location '/pub/'>\nSetHandler bayeux-publish\n</Location>\n",
        location("<RequireAny>\n<RequireAll>\nRequire local\nRequire not ip 10.0.0.0/8\n</RequireAll>\n</RequireAny>"),
        location("<IfModule bayeux_module>\n<IfDefine !NOWHERE>\nRequire local\n</IfDefine>\n</IfModule>"),
        "<IfModule bayeux_module>\n" + location("Require local") + "</IfModule>\n",
        location("Require local\n<Limit GET>\nRequire all denied\n</Limit>"),
        location("AuthMerging And\nRequire local"),
        host("a", location("")) + "<Location /pub>\nRequire local\n</Location>\n",
        host("a", "<Location /pub>\nRequire local\n</Location>\n" + location("")),
        "<IfModule bayeux_module>\n" + host("a", location("Require local")) + "</IfModule>\n" + host("b", ""),
        '<LocationMatch "^/pub">\nSetHandler bayeux-publish\n</LocationMatch>\n',  # served to nobody
    ):
        code, said = config_test(conf)
        equal(code, 0, f"{conf}{said}")


@test("two hosts: a Location of one is none of the other's")
def _(server):
    hosts = [("Host", "one.example")]
    equal(reached(send(server, "/x/y", 1, [JSON, *hosts], at="/hosted")), 0)
    equal(send(server, "/x/y", 1, [JSON, ("Host", "two.example")], at="/hosted").status, 404)
    refused(send(server, "/meta/y", 1, [JSON, *hosts], at="/hosted"), 400, "/meta")


HOSTS = """
<VirtualHost *>
    ServerName localhost
</VirtualHost>
<VirtualHost *>
    ServerName one.example
    <Location /hosted>
        SetHandler bayeux-publish
        Require local
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName two.example
    <Location /hosted/x/y>
        Require all granted
    </Location>
</VirtualHost>
"""


if __name__ == "__main__":
    run_with_logins(CONF + HOSTS, "AH01617", "AH01630", "AH01631")
