#!/usr/bin/env python3
"""PHP as a service, by mod_proxy_fcgi and a real php-fpm: the example of docs/services.md, as it stands there."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from httpd_conf import SRCDIR, run_as  # noqa: E402
from services import bad, good  # noqa: E402
from tap import equal, test  # noqa: E402
from wire import connected  # noqa: E402


def example():
    """(directives, program) of the documentation."""
    text = (SRCDIR / "docs" / "services.md").read_text(encoding="utf-8").partition("\n## PHP\n")[2].partition("\n## ")[0]
    return tuple(re.findall(r"```\w+\n(.*?)```", text, re.DOTALL))


class Fpm:
    """A php-fpm with one worker, below `folder`."""

    def __init__(self, folder):
        self.socket = folder / "php-fpm.sock"
        user = f"user = {run_as()[0]}\ngroup = {run_as()[1]}\nlisten.owner = {run_as()[0]}\n" if run_as() else ""
        conf = folder / "php-fpm.conf"
        conf.write_text(
            f"[global]\nerror_log = {folder}/fpm.log\n[www]\nlisten = {self.socket}\n{user}pm = static\npm.max_children = 1\n",
            encoding="utf-8",
        )
        program = sorted(Path("/usr/sbin").glob("php-fpm*"))[-1]
        self.process = subprocess.Popen(
            [program, "--nodaemonize", "--fpm-config", conf, "--allow-to-run-as-root"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self.socket.exists, "php-fpm listens")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@test("the documentation's example: what stands in the channel, and what was said")
def _(server):
    with connected(server) as alice:
        equal(good(alice, "/service/room/12", {"n": [1, "ü", None]}), {"room": "12", "said": {"n": [1, "ü", None]}})


@test("PHP that fails: the caller is told so")
def _(server):
    server.expect("AH01071")  # what PHP writes to the log
    with connected(server) as alice:
        bad(alice, "/service/fails", 1, 500)
        bad(alice, "/service/absent", 1, 404)
        equal(good(alice, "/service/room/1", 2), {"room": "1", "said": 2})


folder = Path(tempfile.mkdtemp(prefix="bx-php-"))
folder.chmod(0o755)
directives, program = example()
(folder / "room.php").write_text(program, encoding="utf-8")
(folder / "fails.php").write_text("<?php\nthrow new Exception('no');\n", encoding="utf-8")
fpm = Fpm(folder)


def fixture():
    conf = directives.replace("/run/php/php-fpm.sock", str(fpm.socket)).replace("/srv/app", str(folder))
    assert str(folder) in conf and "BayeuxService" in conf, conf
    conf += 'BayeuxService "/service/fails" "/app/fails.php"\nBayeuxService "/service/absent" "/app/absent.php"\n'
    return Httpd(conf, modules=("bayeux", "proxy", "proxy_fcgi"))


try:
    tap.run(fixture)
finally:
    fpm.stop()
    shutil.rmtree(folder)
