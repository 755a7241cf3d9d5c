"""What the demo's services share. Each is a CGI script that httpd calls for a message (docs/services.md)."""

import json
import os
import sys
import urllib.parse
import urllib.request

# This server and no proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def said():
    """The message's data."""
    length = int(os.environ.get("CONTENT_LENGTH") or 0)
    try:
        return json.loads(sys.stdin.buffer.read(length))
    except (ValueError, RecursionError):
        fail(400, "the service does not understand this")


def answer(value, status=200):
    print(f"Status: {status}\r\nContent-Type: application/json\r\n\r\n{json.dumps(value)}", end="")


def fail(code, message):
    answer({"code": code, "message": message}, code)
    sys.exit()


def publish(channel, data, **to):
    """To one session or one user; returns how many sessions got it. The server knows us by the secret, which
    it shares with services alone: pages can say nothing here."""
    request = urllib.request.Request(
        f"{os.environ['PUBLISH_URL']}{channel}?{urllib.parse.urlencode(to)}",
        json.dumps(data).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['PUBLISH_SECRET']}"},
    )
    with _DIRECT.open(request, timeout=5) as reply:
        return json.load(reply)["sessions"]
