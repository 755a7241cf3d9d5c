"""A server with services of several kinds: scripts, Lua, a proxied program, a C handler; and their callers."""

import tempfile
from pathlib import Path

from harness import wait_until
from tap import check, equal

MODULES = (
    "bayeux", "cgid", "alias", "lua", "proxy", "proxy_http", "auth_basic", "authn_core", "authn_file", "authz_user",
    "env", "setenvif", "headers", "dir",
    # They keep something for each connection, and meet calls whose connection has nothing of theirs.
    "reqtimeout", "remoteip", "unique_id", "http2", "usertrack", "session", "filter", "deflate", "rewrite",
    "cache", "request", "include", "ratelimit", "log_forensic", "expires", "substitute",
)  # fmt: skip

ECHO_CGI = r"""#!/usr/bin/env python3
import json, os, sys
body = sys.stdin.buffer.read(int(os.environ["CONTENT_LENGTH"]))
what = os.environ.get("PATH_INFO", "")
if what.startswith("/environment"):
    out = json.dumps({name: value for name, value in os.environ.items()}).encode()
elif what == "/big":
    out = b'"' + b"x" * json.loads(body) + b'"'
elif what == "/garbage":
    out = b"<html>not JSON</html>"
else:
    out = body
sys.stdout.buffer.write(b"Content-Type: application/json\r\n\r\n" + out)
"""

DIES_CGI = r"""#!/usr/bin/env python3
import os, signal, sys
sys.stdout.write('Content-Type: application/json\r\n\r\n{"half":')
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""

SILENT_CGI = r"""#!/usr/bin/env python3
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""

STATUS_CGI = r"""#!/usr/bin/env python3
import json, os, sys
wanted = json.load(sys.stdin)
print(f"Status: {wanted['status']}\r\nContent-Type: {wanted.get('type', 'text/plain')}\r\n\r\n{wanted.get('body', '')}", end="")
"""

REDIRECT_CGI = r"""#!/usr/bin/env python3
import json, sys
print(f"Location: {json.load(sys.stdin)}\r\n\r\n", end="")
"""

LUA = r"""
function handle(r)
    local body = r:requestbody()
    r.content_type = "application/json"
    r:puts('{"lua":', body, ',"channel":"', r.subprocess_env["BAYEUX_CHANNEL"], '"}')
    return apache2.OK
end
"""

CONF = """
ScriptAlias /cgi/ "{files}/cgi/"
<Directory "{files}">
    Require all granted
</Directory>
ScriptSock "{files}/cgisock"
LuaMapHandler ^/lua/answer$ "{files}/answer.lua" handle
ProxyPass /node http://127.0.0.1:{node}/
"""

SERVICES = """
BayeuxMaxInterval 20s
BayeuxMaxSessionsPerBrowser -1
BayeuxService "/service/echo" "/cgi/echo"
BayeuxService "/service/environment" "/cgi/echo/environment?a=1"
BayeuxService "/service/big" "/cgi/echo/big"
BayeuxService "/service/garbage" "/cgi/echo/garbage"
BayeuxService "/service/status" "/cgi/status"
BayeuxService "/service/dies" "/cgi/dies"
BayeuxService "/service/redirect" "/cgi/redirect"
BayeuxService "/service/silent" "/cgi/silent"
BayeuxService "/service/missing" "/nowhere"
BayeuxService "/service/room/**" "/cgi/echo/garbage"
BayeuxService "/service/hall/{id}" "/cgi/echo/environment"
BayeuxService "/service/hall/main" "/cgi/echo"
BayeuxService "/service/hall/**" "/cgi/echo/garbage"
BayeuxService "/service/room/{id}/of/{House-2}" "/cgi/echo/environment"
BayeuxService "/service/room/*" "/cgi/echo"
BayeuxService "/service/lua" "/lua/answer"
BayeuxService "/service/node/**" "/node"
BayeuxService "/service/static" "/static.txt"
BayeuxService "/service/loop" "/bayeux"
"""


def make_files():
    """A folder with the programs."""
    files = Path(tempfile.mkdtemp(prefix="bx-svc-"))
    files.chmod(0o777)
    (files / "cgi").mkdir(mode=0o755)
    programs = {"echo": ECHO_CGI, "dies": DIES_CGI, "silent": SILENT_CGI, "status": STATUS_CGI, "redirect": REDIRECT_CGI}
    for name, text in programs.items():
        (files / "cgi" / name).write_text(text, encoding="ascii")
        (files / "cgi" / name).chmod(0o755)
    (files / "answer.lua").write_text(LUA, encoding="ascii")
    return files


def ask(client, channel, data, **fields):
    """Publish; the acknowledgement is checked, the message's id returned."""
    message = {**client.message(channel, **fields), "data": data}
    batch = client.call([message])
    acks = [reply for reply in batch if reply["channel"] == channel and "data" not in reply]
    check(len(acks) == 1 and acks[0]["successful"] is True, batch)
    client.answers = [*getattr(client, "answers", []), *(m for m in batch if "data" in m)]
    return message["id"]


def wait_answer(client, wanted, timeout=15.0):
    """The answer to the message of this id, with connects as long as it takes."""
    found = {}

    def come():
        for answer in client.answers:
            if answer.get("id") == wanted:
                client.answers.remove(answer)
                found["answer"] = answer
                return True
        batch = client.connect(advice_timeout=1000)
        client.answers += [message for message in batch if "data" in message]
        return False

    wait_until(come, f"the answer to message {wanted}", timeout)
    return found["answer"]


def remote_call(client, channel, data, timeout=15.0):
    return wait_answer(client, ask(client, channel, data), timeout)


def good(client, channel, data):
    """The data of a successful answer."""
    answer = remote_call(client, channel, data)
    check(answer["successful"] is True, answer)
    equal(answer["channel"], channel)
    return answer["data"]


def bad(client, channel, data, code=None):
    """The data of a failure."""
    answer = remote_call(client, channel, data)
    check(answer["successful"] is False, answer)
    if code is not None:
        equal(answer["data"]["code"], code, "code")
    return answer["data"]
