"""An httpd that serves, beside Bayeux, the pages of t/browser/pages and the stock clients for them."""

import shutil

import harness
import httpd_conf
import node_program
import tap
from spread import Spread

MODULES = ("bayeux", "mime")

TYPES = """
TypesConfig /dev/null
AddType text/html .html
AddType text/javascript .js
"""


class PagesHttpd(harness.Httpd):
    def __init__(self, location=""):
        super().__init__(modules=MODULES, conf=TYPES, location=location, children=3)

    def make_root(self):
        super().make_root()
        packages = httpd_conf.SRCDIR / "node_modules"
        for source, name in (
            (httpd_conf.SRCDIR / "t" / "browser" / "pages", "pages"),
            (packages / "cometd", "cometd"),
            (packages / "faye" / "client", "faye"),
        ):
            shutil.copytree(source, self.root / "htdocs" / name)


def run_on_all_children(server, program):
    """The program gets a port whose connections are spread over all children."""
    with Spread(server) as front:
        node_program.run_node(program, str(front.port), timeout=90)
        tap.diag(f"connections of each child: {front.given()}")
    served = {line["pid"] for line in server.access_log() if " /bayeux" in line["request"]}
    tap.equal(served, set(server.children()), "the children that served")
