"""What the tests of the wire rules (protocol.md) have in common."""

import re

from bayeux import Batch, Client
from harness import wait_until
from tap import check, equal

# ER-1: three digits, arguments, text, all of a small alphabet.
_ERROR_FORM = re.compile(r"[0-9]{3}:[A-Za-z0-9\-_!~()$@ /*.,]*:[A-Za-z0-9\-_!~()$@ /*.]*")


def session(server, path="/bayeux", subscriptions=(), **options):
    """A client that has shaken hands and subscribed. Its first connect is still to come (CN-4)."""
    client = Client(server, path, **options)
    reply = client.handshake()
    check(reply["successful"] is True, f"handshake: {reply}")
    for name in subscriptions:
        succeeded(client.subscribe(name).reply)
    return client


def connected(server, path="/bayeux", subscriptions=(), **options):
    """A client whose first connect is over: the next one is held."""
    client = session(server, path, subscriptions, **options)
    succeeded(client.connect().reply)
    return client


def hold(client, count=1, advice_timeout=None):
    """Start a connect and wait until `count` are held by the server."""
    held = client.start_connect(advice_timeout)
    parked(client.server, count)
    check(not held.answered(), "the connect was answered instead of being held")
    return held


def parked(server, count):
    counter(server, "BayeuxParked", count)


def counter(server, name, value, timeout=15.0):
    """Wait until server-status says so."""
    seen = {}

    def reached():
        seen["value"] = server.status().get(name)
        return seen["value"] == str(value)

    try:
        wait_until(reached, name, timeout)
    except AssertionError as error:
        raise AssertionError(f"{name} is {seen.get('value')}, not {value}: {error}") from None


def number(server, name):
    return int(server.status()[name])


def poll(client):
    """What is queued for the client: a Batch.

    A response may be here before the server has noted that it was written, and until then no other one carries events,
    so that they cannot overtake each other. So this waits a moment for events, and after them for the server.
    """
    queued = number(client.server, "BayeuxQueuedEvents")
    found = client.connect(25)
    if found.events:
        left = queued - len(found.events)
        wait_until(lambda: number(client.server, "BayeuxQueuedEvents") <= left, "the response is noted as written")
    return found


def succeeded(reply):
    check(reply.get("successful") is True, f"unsuccessful: {reply}")
    check("error" not in reply, f"ENV-12 error on success: {reply}")
    return reply


def refused(reply, *errors):
    """The reply is unsuccessful with one of these errors: whole strings, or codes such as "403"."""
    check(reply.get("successful") is False, f"not refused: {reply}")
    error = reply.get("error")
    check(isinstance(error, str) and _ERROR_FORM.fullmatch(error), f"ER-1 error has another form: {reply}")
    if errors:
        known = any(error == wanted or (len(wanted) == 3 and error.startswith(wanted + ":")) for wanted in errors)
        check(known, f"error {error!r} should be one of {errors}: {reply}")
    check("data" not in reply, f"PB-2 data in a reply: {reply}")
    return reply


# The codes of "there is no room": 503 where the store is full, 403 where a cap is a matter of policy.
FULL = ("503", "403")


def refused_handshake(server, path, child=None):
    """No room for a session: no clientId, no cookie, and advice to come again later (design 8)."""
    nobody = Client(server, path, child=child)
    response = nobody.post([{"channel": "/meta/handshake", "version": "1.0", "id": "1"}])
    reply = refused(batch(response).reply, *FULL)
    equal(response.header("Set-Cookie"), None)
    check("clientId" not in reply, reply)
    equal(reply["advice"]["reconnect"], "retry")
    check(reply["advice"]["interval"] > 0, reply)
    nobody.close()


def bad_request(response, *statuses):
    """Refused as a whole: 400 (or one of these) and a one-line JSON error body (design 8)."""
    check(response.status in (statuses or (400,)), f"status should be {statuses or 400}: {response!r}")
    body = response.body.decode("utf-8")
    check(body and "\n" not in body.rstrip("\n"), f"the error body should be one line: {response!r}")
    check(response.json is not None, "the error body should be JSON")
    check((response.header("Content-Type") or "").startswith("application/json"), f"type: {response!r}")
    return response


def serves(server, path="/bayeux"):
    """The server still does all that it is there for."""
    with session(server, path) as client:
        succeeded(client.subscribe("/serves").reply)
        equal(client.publish("/serves", 1).data, [1])
        succeeded(client.connect().reply)


def batch(response):
    equal(response.status, 200, f"status of {response!r}")
    return Batch(response)
