"""The demo's own httpd, from demo/httpd.conf.in as ./quickstart starts it, under the test harness."""

import os
import re
import secrets
import shutil

import httpd_conf
from harness import Httpd
from node_program import run_node


class DemoHttpd(Httpd):
    def __init__(self):
        super().__init__(children=3, threads=16)

    def make_root(self):
        super().make_root()
        # Copies, as the children's user may have no way into the tree under test.
        shutil.copytree(httpd_conf.SRCDIR / "demo", self.root / "demo")
        shutil.copytree(httpd_conf.SRCDIR / "node_modules" / "cometd", self.root / "node_modules" / "cometd")
        (self.root / "httpd.conf").write_text(self._conf(), encoding="utf-8")

    def _conf(self):
        user, group = httpd_conf.run_as() or ("nobody", "nobody")
        values = {
            "PORT": self.port,
            "ROOT": self.root,
            "MODULE": httpd_conf.module_file(),
            "LIBEXECDIR": httpd_conf.apxs("LIBEXECDIR"),
            "DEMO": self.root / "demo",
            "DOCS": self.root / "docs",
            "NODE_MODULES": self.root / "node_modules",
            "SOCKETS": self.root,
            "SECRET": secrets.token_hex(24),
            "USER": user,
            "GROUP": group,
        }
        template = (httpd_conf.SRCDIR / "demo" / "httpd.conf.in").read_text(encoding="utf-8")
        return re.sub(r"@([A-Z_]+)@", lambda name: str(values[name.group(1)]), template)


def run_in_chromium(server, program, *arguments, path=""):
    """Pictures go where BAYEUX_SCREENSHOTS says, docs/images for those of the documentation."""
    pictures = os.environ.get("BAYEUX_SCREENSHOTS")
    directory = (httpd_conf.SRCDIR / pictures).resolve() if pictures else server.root
    url = f"http://127.0.0.1:{server.port}/{path}"
    run_node(program, url, *arguments, timeout=120, env={"BAYEUX_SCREENSHOTS": str(directory)})
