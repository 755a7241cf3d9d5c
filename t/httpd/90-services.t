#!/usr/bin/env python3
"""Services: messages on /service/** that a script, Lua, a proxied program or httpd itself answers (PB-11, PB-15)."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import backend  # noqa: E402
import services  # noqa: E402
import tap  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from services import ask, bad, good, remote_call, wait_answer  # noqa: E402
from tap import check, equal, test  # noqa: E402
from wire import connected, counter  # noqa: E402

node = backend.Backend()


@test("CGI: the answer is an event on the channel, with the id and successful (PB-15)")
def _(server):
    with connected(server) as alice:
        answer = remote_call(alice, "/service/echo", {"n": [1, "ü<", None]})
        answer_id = answer.pop("id")
        check(isinstance(answer_id, str), answer_id)
        equal(answer, {"channel": "/service/echo", "successful": True, "data": {"n": [1, "ü<", None]}})


@test("the bytes of data go to the service and back as they are")
def _(server):
    with connected(server) as alice:
        data = b'{ "big": 12345678901234567890, "tenth":0.10, "escape":"\\u00fc" }'
        alice.post(
            b'[{"channel":"/service/echo","id":"x1","clientId":"%s","data":%s}]' % (alice.client_id.encode(), data)
        )
        response = alice.start_connect().wait_response()
        check(data in response.body, response)


@test("CGI: what the program is told, and what not")
def _(server):
    with connected(server, headers=[
        ("Host", f"localhost:{server.port}"), ("Bayeux-User", "forged"), ("Bayeux_Session", "forged"), ("If-None-Match", "*"), ("Range", "bytes=0-1"),
        ("X-Other", "kept"), ("Accept-Encoding", "gzip"),
    ]) as alice:  # fmt: skip
        alice.cookies = {"a": "1", **alice.cookies, "b": "2"}
        told = good(alice, "/service/environment", 1)
        equal(told["BAYEUX_CHANNEL"], "/service/environment")
        equal(told["HTTP_BAYEUX_CHANNEL"], "/service/environment")
        equal(told["BAYEUX_SESSION"], alice.client_id)
        check(told["BAYEUX_ID"].isdigit(), told["BAYEUX_ID"])
        equal([told["REQUEST_METHOD"], told["CONTENT_TYPE"], told["CONTENT_LENGTH"], told["QUERY_STRING"]],
              ["POST", "application/json", "1", "a=1"])  # fmt: skip
        equal([told["REMOTE_ADDR"], told["HTTP_X_OTHER"], told["REQUEST_URI"]],
              ["127.0.0.1", "kept", "/cgi/echo/environment?a=1"])  # fmt: skip
        equal(told["HTTP_COOKIE"], "a=1; b=2")
        equal(told["SERVER_PORT"], str(server.port))
        for name in ("BAYEUX_USER", "HTTP_BAYEUX_USER", "HTTP_IF_NONE_MATCH", "HTTP_RANGE", "HTTP_ACCEPT_ENCODING",
                     "REMOTE_USER", "BAYEUX_OPERATION"):  # fmt: skip
            check(name not in told, name)
        check("forged" not in str(told) and alice.cookies["BAYEUX_BROWSER"] not in str(told), told)


@test("CH-10 templates: variables; and of several that match the plainest is meant")
def _(server):
    with connected(server) as alice:
        told = good(alice, "/service/room/12/of/x y", 1)
        equal([told["BAYEUX_VAR_ID"], told["BAYEUX_VAR_HOUSE_2"], told["HTTP_BAYEUX_VAR_HOUSE_2"]], ["12", "x y", "x y"])
        equal(good(alice, "/service/room/12", 5), 5)
        equal(good(alice, "/service/hall/12", 1)["BAYEUX_VAR_ID"], "12")
        equal(good(alice, "/service/hall/main", 5), 5)
        bad(alice, "/service/room/12/of", 1, 502)
        bad(alice, "/service/hall/12/of", 1, 502)


@test("Lua, and a proxied program")
def _(server):
    with connected(server) as alice:
        equal(good(alice, "/service/lua", [1]), {"lua": [1], "channel": "/service/lua"})
        answer = good(alice, "/service/node/echo", {"a": 1})
        equal(answer["data"], {"a": 1})
        equal(answer["headers"]["bayeux-channel"], "/service/node/echo")
        equal(answer["headers"]["bayeux-session"], alice.client_id)
        equal(answer["headers"]["content-type"], "application/json")
        check("transfer-encoding" not in answer["headers"], answer)


@test("a channel without a service, and a message without an id: acknowledged; the event is as any other")
def _(server):
    with connected(server) as alice:
        ask(alice, "/service/nobody", 1)
        alice.answers = []
        batch = alice.call([{"channel": "/service/echo", "clientId": alice.client_id, "data": 7}])
        got = [message for message in batch if "data" in message]
        while not got:
            got = [message for message in alice.connect(advice_timeout=1000) if "data" in message]
        equal(got, [{"channel": "/service/echo", "data": 7}])


@test("204, and an empty answer: nothing but the acknowledgement")
def _(server):
    with connected(server) as alice:
        for wanted in ({"status": "204 No Content"}, {"status": "200 OK", "body": " \n"}):
            ask(alice, "/service/status", wanted)
        equal(good(alice, "/service/echo", "behind"), "behind")
        equal(alice.answers, [])


@test("4xx and 5xx: the RPC failure form, or the service's own JSON")
def _(server):
    with connected(server) as alice:
        equal(bad(alice, "/service/status", {"status": "404 Not Found", "body": "gone away"}, 404)["message"],
              "the service answered 404 Not Found")  # fmt: skip
        equal(bad(alice, "/service/status", {"status": "422 X", "type": "application/json", "body": '{"field":"a"}'}),
              {"field": "a"})  # fmt: skip
        bad(alice, "/service/status", {"status": "500 Oops"}, 500)
        bad(alice, "/service/status", {"status": "302 Found"}, 302)
        bad(alice, "/service/missing", 1, 404)
        bad(alice, "/service/loop", [], 508)


@test("a script that sends httpd to another URL: what is there is the answer")
def _(server):
    (server.root / "htdocs" / "answer.json").write_text('{"from":"a file"}\n', encoding="ascii")
    with connected(server) as alice:
        equal(good(alice, "/service/redirect", "/answer.json"), {"from": "a file"})
        bad(alice, "/service/redirect", "/nowhere", 404)
        bad(alice, "/service/redirect", "http://elsewhere.example/", 302)
        bad(alice, "/service/redirect", "/bayeux", 508)


@test("garbage, too much, a program that dies: failures that say so")
def _(server):
    with connected(server) as alice:
        equal(bad(alice, "/service/garbage", 1, 502)["message"], "the service's answer is not JSON")
        equal(bad(alice, "/service/static", 1, 502)["message"], "the service's answer is not JSON")
        bad(alice, "/service/dies", 1, 502)
        equal(good(alice, "/service/big", 60000), "x" * 60000)
        equal(bad(alice, "/service/big", 65536, 502)["message"], "the service's answer is too large")
        with connected(server, "/lean") as bob:
            equal(good(bob, "/service/big", 1022), "x" * 1022)
            equal(bad(bob, "/service/big", 1023, 502)["message"], "the service's answer is too large")
        bad(alice, "/service/silent", 1, 500)
        equal(bad(alice, "/service/node/break", 1, 502)["message"], "the service's answer broke off")
        bad(alice, "/service/node/reset", 1, 502)
        equal(good(alice, "/service/echo", "alive"), "alive")


@test("a service that hangs: a failure when its time is over, and the late answer is dropped")
def _(server):
    with connected(server, "/brief") as alice:
        equal(bad(alice, "/service/brief/drip", 1, 504)["message"], "the service did not answer in time")
        counter(server, "BayeuxServiceRunning", 0)  # its thread is free, though each byte came in time for httpd
        equal(bad(alice, "/service/brief/hang", 1, 504)["message"], "the service did not answer in time")
        node.release()
        equal(good(alice, "/service/brief/echo", 1)["data"], 1)
        equal(alice.answers, [])


@test("the answer reaches a held connect, which no other request of the session ends")
def _(server):
    with connected(server) as alice:
        alice.answers = []
        held = alice.start_connect()
        asked = ask(alice, "/service/node/hang", 1)
        wait_until(lambda: node.waiting() == 1, "the call")
        check(not held.answered(), "the connect was answered")
        node.release()
        batch = held.wait()
        equal([(message["id"], message["data"]) for message in batch if "data" in message], [(asked, "released")])


@test("a session that ends while it waits: nobody is told, nothing is logged")
def _(server):
    alice = connected(server)
    ask(alice, "/service/node/hang", 1)
    wait_until(lambda: node.waiting() == 1, "the call")
    alice.disconnect()
    alice.close()
    node.release()
    with connected(server) as bob:
        equal(good(bob, "/service/echo", 1), 1)


@test("several calls of one batch: each is answered, with its id")
def _(server):
    with connected(server) as alice:
        messages = [{**alice.message("/service/echo"), "data": n} for n in range(10)]
        batch = alice.call(messages)
        equal(len([m for m in batch if "data" not in m and m["successful"]]), 10)
        alice.answers = [m for m in batch if "data" in m]
        for message in messages:
            equal(wait_answer(alice, message["id"])["data"], message["data"])


PLACES = """
<Location /brief>
    SetHandler bayeux
    BayeuxServiceTimeout 1s
    BayeuxMaxSessionsPerBrowser -1
    BayeuxService "/service/brief/*" "/node"
</Location>
<Location /lean>
    SetHandler bayeux
    BayeuxServiceMaxAnswer 1K
</Location>
"""

files = services.make_files()


def fixture():
    conf = services.CONF.replace("{files}", str(files)).replace("{node}", str(node.port)) + PLACES
    server = Httpd(conf, modules=services.MODULES, location=services.SERVICES)
    server.expect("BX0030", "AH01215", "AH02550", "AH10158", "AH01102", "AH01110", "AH01114", "AH00898", "AH01262",
                  "Premature end|End of script output")  # fmt: skip
    return server


try:
    tap.run(fixture)
finally:
    node.stop()
    shutil.rmtree(files)
