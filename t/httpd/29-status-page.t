#!/usr/bin/env python3
"""`SetHandler bayeux-status`: figures that are what a small load did, as JSON and for Prometheus; closed by default."""

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from event_source import EventSource  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from metrics import Metrics  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, hold, session, succeeded  # noqa: E402

TRANSPORTS = ("websocket", "eventsource", "long-polling", "callback-polling")

PAGE = """
<Location /watch>
    SetHandler bayeux-status
    Require local
</Location>
"""

CONF = PAGE + """
<Location /nobody>
    SetHandler bayeux-status
    Require all denied
</Location>
<Location /limited>
    SetHandler bayeux
    BayeuxDomain limited
    BayeuxLimitHandshakes 1/60s
</Location>
<Location /closed>
    SetHandler bayeux
    BayeuxDomain closed
    <BayeuxChannel "/no/**">
        BayeuxRequire publish all denied
    </BayeuxChannel>
    <BayeuxChannel "/short/**">
        BayeuxFilter max-size 3
    </BayeuxChannel>
</Location>
"""


def figures(server):
    code, body = server.get("/watch?format=json")
    equal(code, 200)
    return json.loads(body)


def metrics(server):
    code, body = server.get("/watch?format=prometheus")
    equal(code, 200)
    return Metrics(body.decode())


def when(server, condition, what):
    """The figures, as soon as they are like that: what has been written is counted a moment later."""
    return wait_until(lambda: (now := figures(server)) and condition(now) and now, what)


def delivered(now):
    return sum(now["messages"]["delivered"].values())


def shape(value):
    """What of a document is fixed: names and kinds, and of a list the first element."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if type(value) in (int, float) else type(value).__name__


# --- who is let in ----------------------------------------------------------------------------------------------------


@test("S23 a status page without a Require of its own: httpd does not start, and says what to write")
def _(_server):
    for conf in (
        "<Location /watch>\nSetHandler bayeux-status\n</Location>\n",
        "<Location />\nRequire local\n</Location>\n<Location /watch>\nSetHandler bayeux-status\n</Location>\n",
        "<Location /watch>\nSetHandler bayeux-status\n<Limit POST>\nRequire local\n</Limit>\n</Location>\n",
    ):
        code, said = config_test(conf)
        check(code != 0, f"accepted:\n{conf}")
        for word in ("BX0041", "SetHandler bayeux-status", '"/watch"', "Require local"):
            check(word in said, f"{word!r} is not in {said!r}")
    equal(config_test(PAGE)[0], 0)


@test("S23 the page when not mapped, forbidden, or mapped by something without a Require then closed")
def _(server):
    equal(server.get("/bayeux-status?format=json")[0], 404)
    server.expect("AH01630")
    equal(server.get("/nobody?format=json")[0], 403)
    conf = "TypesConfig /dev/null\nAddHandler bayeux-status .txt\n<Directory />\nRequire all granted\n</Directory>\n"
    with Httpd(conf, modules=("bayeux", "mime"), children=1) as other:
        other.expect("BX0070")
        equal(other.get("/static.txt?format=json")[0], 403)


@test("POST and others: 405 with Allow; HEAD: the head of GET; another query: 404")
def _(server):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with Connection(server) as connection:
            response = connection.request(method, "/watch?format=json", [], b"" if method == "OPTIONS" else b"x")
            equal((response.status, response.header("Allow")), (405, "GET, HEAD"), method)
    for form, kind in (("json", "application/json;charset=UTF-8"),
                       ("prometheus", "text/plain; version=0.0.4; charset=utf-8")):
        with Connection(server) as connection:
            connection.send_request("HEAD", f"/watch?format={form}", [])
            head = connection.read_response(head_only=True)
            equal((head.status, head.header("Content-Type").replace("; charset=UTF", ";charset=UTF")), (200, kind))
            check("no-store" in head.header("Cache-Control"), head)
            equal(head.header("X-Content-Type-Options"), "nosniff")
            connection.send_request("GET", "/server-status?auto", [])
            equal(connection.read_response().status, 200, "behind a HEAD")
    equal(server.get("/watch?format=xml")[0], 404)


# --- what it says -----------------------------------------------------------------------------------------------------


@test("3 messages to 4 subscribers: published +3, delivered +12, each by its own transport")
def _(server):
    before, scraped = figures(server), metrics(server)
    with (
        connected(server, subscriptions=["/load"]) as one,
        connected(server, subscriptions=["/load"]) as two,
        session(server, subscriptions=["/load"]) as third,
        EventSource(third) as stream,
        WebSocketClient(server) as web,
        session(server) as publisher,
    ):
        stream.begin()
        web.handshake()
        succeeded(web.subscribe("/load"))
        web.connect()
        for number in range(3):
            held = [one.start_connect(), two.start_connect()]
            now = when(server, lambda now: now["held"]["long-polling"] == 2, "two held connects")
            equal([now["held"][name] for name in TRANSPORTS], [1, 1, 2, 0])
            equal(sum(child["held"]["long-polling"] for child in now["children"]), 2)
            succeeded(publisher.publish("/load", {"number": number}).reply)
            for connect in held:
                equal([event["data"]["number"] for event in connect.wait().events], [number])
        equal(len(stream.data(3)), 3)
        equal(len(web.events(3)), 3)
        now = when(server, lambda now: delivered(now) == delivered(before) + 12, "twelve deliveries")
        equal(now["messages"]["published"] - before["messages"]["published"], 3)
        equal(now["messages"]["queued"] - before["messages"]["queued"], 12)
        change = {name: now["messages"]["delivered"][name] - before["messages"]["delivered"][name]
                  for name in (*TRANSPORTS, "none")}
        equal(change, {"websocket": 3, "eventsource": 3, "long-polling": 6, "callback-polling": 0, "none": 0})
        after = metrics(server)
        equal(after["bayeux_messages_published_total", ""] - scraped["bayeux_messages_published_total", ""], 3)
        equal(after["bayeux_events_delivered_total", "long-polling"]
              - scraped["bayeux_events_delivered_total", "long-polling"], 6)
        equal(after["bayeux_held", "eventsource"], 1)


@test("refusals are counted by their reasons")
def _(server):
    server.expect("BX0060")
    before = figures(server)["refusals"]
    with session(server, "/closed") as client:
        client.publish("/no/x", 1)
        client.publish("/short/x", "too long")
        client.call([{"channel": "/meta/subscribe", "clientId": client.client_id}])
        with Client(server) as other:
            other.call([{"channel": "/meta/connect", "clientId": "00" * 20, "connectionType": "long-polling"}])
            other.post(b"[{")
    for _ in range(2):
        with Client(server, "/limited") as client:
            client.call([{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}])
    with Connection(server) as connection:
        connection.request("POST", "/bayeux", [("Origin", "https://evil.example")], b"[]")
    after = figures(server)["refusals"]
    change = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    equal(change, {"denied": 1, "filter": 1, "invalid": 1, "session_unknown": 1, "unreadable": 1, "origin": 1,
                   "limit_handshakes": 1})


@test("the JSON has all documented fields and no others")
def _(server):
    wait_until(lambda: figures(server)["history"], "the first sample")
    with session(server, subscriptions=["/fields"]), session(server) as other:
        succeeded(other.publish("/fields", 1).reply)
        now = when(server, lambda now: now["survey"]["slowest"], "somebody for whom something waits")
    durations = {name: "number" for name in ("timed", "p50_seconds", "p99_seconds", "p999_seconds", "longest_seconds")}
    numbers = lambda *names: {name: "number" for name in names}  # noqa: E731
    by_transport = numbers(*TRANSPORTS)
    channel = {"channel": "str", **numbers("subscribers", "published")}
    equal(shape(now), {
        "version": "str",
        "time": "number",
        "sessions": {"now": "number", "created": "number", "ended": numbers("expired", "overflow", "other")},
        **numbers("channels", "subscriptions", "present", "users"),
        "held": by_transport,
        "connections": numbers("now", "adopted", "connects_answered", "fast_requests"),
        "messages": {**numbers("published", "queued", "waiting", "dropped_oldest", "dropped_newest"),
                     "delivered": {**by_transport, "none": "number"}},
        "per_second": numbers("published", "delivered"),
        "refusals": numbers("no_room", "limit_handshakes", "limit_messages", "limit_bytes", "denied", "filter",
                            "origin", "session_unknown", "invalid", "unreadable"),
        "services": numbers("running", "waiting", "done", "failed", "refused", "dropped"),
        "memory": {**numbers("size", "fixed", "free", "spare", "used"),
                   "kinds": numbers("sessions", "channels", "subscriptions", "queues", "messages", "domains",
                                    "publications", "browsers", "users", "presence")},
        "lock_hold": durations,
        "loop_turn": durations,
        **numbers("dead_children", "repairs"),
        "children": [{**numbers("pid", "connections", "services_running", "services_waiting"), "held": by_transport,
                      "loop_turn": durations}],
        "history": [numbers("seconds_ago", "published", "queued", "delivered", "sessions", "waiting")],
        "survey": {"complete": "bool", "most_subscribers": [channel], "most_messages": [channel],
                   "slowest": [{"session": "str", "transport": "str", "away": "bool", **numbers("waiting", "bytes")}]},
    })  # fmt: skip
    check(re.fullmatch(r"\d+\.\d+\.\d+", now["version"]), now["version"])
    equal(sum(now["memory"]["kinds"].values()), now["memory"]["used"])
    equal(sum(now["memory"][part] for part in ("fixed", "free", "spare", "used")), now["memory"]["size"])
    equal(sorted(child["pid"] for child in now["children"]), sorted(server.children()))
    check(now["loop_turn"]["timed"] > 0 and 0 < now["loop_turn"]["p50_seconds"] <= now["loop_turn"]["p99_seconds"], now)


@test("the metrics are valid, agree with the JSON and with server-status, and no label tells of a client")
def _(server):
    with session(server, subscriptions=["/label/secret-room"]) as client:
        text = server.get("/watch?format=prometheus")[1].decode()
        found = Metrics(text)
        for secret in ("secret-room", client.client_id, client.client_id[:6]):
            check(secret not in text, f"{secret} is in\n{text}")
        equal(set(found.labels), {"version", "cause", "transport", "which", "reason", "result", "kind", "le"})
        now, status = figures(server), server.status()
        equal(found["bayeux_sessions", ""], now["sessions"]["now"])
        equal(int(status["BayeuxSessions"]), now["sessions"]["now"])
        equal(int(status["BayeuxPublished"]), now["messages"]["published"])
        equal(found["bayeux_children", ""], 3)
    if promtool := shutil.which("promtool"):
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        equal((done.returncode, done.stdout + done.stderr), (0, ""), "promtool check metrics")
    else:
        diag("no promtool here: read by t/lib/metrics.py alone")


# --- the page ---------------------------------------------------------------------------------------------------------


class Cells(HTMLParser):
    """The texts of a page's cells and list items, row by row; what it would load; and its tags."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.loads, self.tags = [], set(), []
        self._text = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads |= {value for name, value in attrs if name in ("src", "href")}
        check(not any(name.startswith("on") or name == "style" for name, _ in attrs), f"{tag} {attrs}")
        if tag in ("tr", "li"):
            self.rows.append([])
        elif tag in ("td", "th", "span", "b"):
            self._text = ""

    def handle_data(self, data):
        self._text = None if self._text is None else self._text + data

    def handle_endtag(self, tag):
        if tag in ("td", "th", "span", "b") and self.rows and self._text is not None:
            self.rows[-1].append(self._text)
            self._text = None

    def row(self, name):
        return next(row[1:] for row in self.rows if row and row[0] == name)


@test("S19 the page has the same numbers, escapes names of channels, shows the beginning of ids only, and has no script in it")
def _(server):
    name = "/x/~(a)!$@"
    with session(server, subscriptions=[name, "/x/many"]) as slow, session(server, subscriptions=["/x/many"]) as other:
        for number in range(4):
            succeeded(other.publish("/x/many", number).reply)
        full = lambda now: [s["waiting"] for s in now["survey"]["slowest"]] == [4]  # noqa: E731
        now = when(server, full, "a slow consumer")
        survey = now["survey"]
        equal(survey["most_subscribers"][0], {"channel": "/x/many", "subscribers": 2, "published": 4})
        equal(survey["most_messages"][0]["channel"], "/x/many")
        equal({channel["channel"] for channel in survey["most_subscribers"]}, {name, "/x/many"})
        equal(survey["slowest"][0]["session"], slow.client_id[:6])
        text = wait_until(lambda: (page := server.get("/watch")[1].decode()) and slow.client_id[:6] in page and page,
                          "the page")
        for document in (text, json.dumps(now)):
            for client in (slow, other):
                check(client.client_id not in document and client.client_id[:7] not in document, "a clientId")
        page = Cells(text)
        for label, number in (
            ("channels", now["channels"]),
            ("messages published", now["messages"]["published"]),
            ("sessions created", now["sessions"]["created"]),
            ("not authorized", now["refusals"]["denied"]),
            ("children that were killed", now["dead_children"]),
        ):
            equal(page.row(label), [f"{number:,}"], label)
        equal(page.row("/x/many"), ["2", "4"])
        for child in now["children"]:
            check(page.row(str(child["pid"])), child)
    check("style" not in page.tags, "a style in the page")
    equal(page.tags.count("script"), 1)
    equal(page.loads, {"?file=page.css", "?file=page.js", "?format=json", "?format=prometheus", "data:,"})
    equal(len(re.findall(r'<svg class="plot ', text)), 4)
    check('<noscript><meta http-equiv="refresh"' in text, text[:500])


@test("the page's files have their types; everything says what the browser may load")
def _(server):
    for query, kind in (("", "text/html"), ("?file=page.css", "text/css"), ("?file=page.js", "text/javascript")):
        with Connection(server) as connection:
            response = connection.request("GET", "/watch" + query, [], b"")
            check(response.header("Content-Type").startswith(kind), response)
            policy = response.header("Content-Security-Policy")
            check("default-src 'none'" in policy and "unsafe" not in policy, policy)
            equal(response.header("X-Content-Type-Options"), "nosniff")


@test("many who look at once: one walk of the store in a second for each child, and all get their page")
def _(server):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: server.get("/watch")[0], range(120)))
    equal(set(answers), {200})


# --- what stays -------------------------------------------------------------------------------------------------------


def totals(server):
    """All that only grows."""
    return {key: value for key, value in metrics(server).items() if re.search(r"_(total|count|sum|bucket)$", key[0])}


def none_fell(before, after):
    fell = {key: (value, after.get(key)) for key, value in before.items() if after.get(key, -1) < value}
    equal(fell, {}, "what fell")


@test("totals and history survive a graceful restart and a killed child, who is counted")
def _(server):
    for child in server.children():
        with session(server) as client, connected(server, subscriptions=["/x"], connect_child=child) as other:
            held = hold(other)
            succeeded(client.publish("/x", 1).reply)
            held.wait()
    before, history = totals(server), figures(server)["history"]
    check(before["bayeux_connects_answered_total", ""] >= 3, before)
    victim = server.children()[0]
    server.kill_child(victim)
    server.wait_all_children()
    after = when(server, lambda now: now["dead_children"] >= 1, "the dead child is noticed")
    none_fell(before, totals(server))
    check(victim not in [child["pid"] for child in after["children"]], after["children"])
    before = totals(server)
    server.graceful()
    none_fell(before, totals(server))
    now = figures(server)["history"]
    check(len(now) >= len(history) and now[0]["published"] <= now[-1]["published"], now)
    equal(sorted(sample["seconds_ago"] for sample in now), [sample["seconds_ago"] for sample in reversed(now)])


run(lambda: Httpd(CONF, location="BayeuxMaxInterval 60s\nBayeuxTransports long-polling websocket eventsource"))
