#!/usr/bin/env python3
"""Stock cometd clients call services: remoteCall() over long-polling and WebSocket, with and without ack."""

import shutil
import sys
from pathlib import Path

T = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(T / "lib"), str(T / "clients")]
import services  # noqa: E402
import tap  # noqa: E402
from harness import Httpd  # noqa: E402
from node_program import run_node  # noqa: E402
from tap import test  # noqa: E402

MORE = """
BayeuxService "/service/reflect" "/reflect"
BayeuxService "/service/denied" "/reflect"
<BayeuxChannel "/service/denied">
    BayeuxRequire publish all denied
</BayeuxChannel>
"""

REFLECT = """
<Location /reflect>
    SetHandler reflector
</Location>
"""


def clients(server, transport):
    run_node("clients/services.mjs", transport, f"http://127.0.0.1:{server.port}/bayeux")


@test("remoteCall() over long-polling")
def _(server):
    clients(server, "long-polling")


@test("remoteCall() over WebSocket")
def _(server):
    clients(server, "websocket")


files = services.make_files()


def fixture():
    conf = services.CONF.replace("{files}", str(files)).replace("{node}", "9") + REFLECT
    return Httpd(conf, modules=(*services.MODULES, "reflector"), location=services.SERVICES + MORE)


try:
    tap.run(fixture)
finally:
    shutil.rmtree(files)
