#!/usr/bin/env python3
"""A channel section guards the domain that requests to its Location really use (design.md 7)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from harness import Httpd  # noqa: E402
from tap import run, test  # noqa: E402
from wire import refused, session, succeeded  # noqa: E402

SEALED = """
    <BayeuxChannel "%s">
        BayeuxRequire publish all denied
    </BayeuxChannel>
"""

CONF = f"""
<Location /outer>
    SetHandler bayeux
    BayeuxDomain outer
</Location>
<Location /outer/inner>
{SEALED % "/from/inner"}
</Location>
<Location /outermost>
    SetHandler bayeux
{SEALED % "/from/outermost"}
</Location>
"""


@test("a section in a Location without a domain guards the domain of the Location around it")
def _(server):
    for path in ("/outer", "/outer/inner"):
        with session(server, path=path) as client:
            refused(client.publish("/from/inner", 1).reply, "403:denied_by_not_granting:publish_denied")
            succeeded(client.publish("/from/outermost", 1).reply)


@test("a Location whose path only begins alike is not inside another one")
def _(server):
    with session(server, path="/outermost") as client:
        refused(client.publish("/from/outermost", 1).reply, "403:denied_by_not_granting:publish_denied")
        succeeded(client.publish("/from/inner", 1).reply)


run(lambda: Httpd(CONF))
