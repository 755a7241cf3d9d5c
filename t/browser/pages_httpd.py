"""An httpd that serves, beside Bayeux, the pages of t/browser/pages and the stock clients for them."""

import shutil

import harness
import httpd_conf
import node_program
import tap

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


def run_on_all_children(server, program, *arguments):
    """Until each child has served Bayeux: the kernel picks one for each connection, see node_program."""
    for _ in range(6):
        node_program.run_node(program, *arguments, timeout=90)
        served = {line["pid"] for line in server.access_log() if " /bayeux" in line["request"]}
        if served == set(server.children()):
            return
        tap.diag(f"only {sorted(served)} of {sorted(server.children())} served: again")
    raise tap.Failure(f"after six runs only {sorted(served)} of {sorted(server.children())} have served")
