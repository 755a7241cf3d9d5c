#!/usr/bin/env python3
"""The Debian package: built from a copy of the tree, installed, enabled, upgraded, removed, purged, in a private copy
of this machine with Debian's own configuration of apache2. See private_machine.py.

BAYEUX_PACKAGES=DIRECTORY takes the packages that are there and builds none.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import private_machine

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from bayeux import Client  # noqa: E402
from harness import wait_until  # noqa: E402
from http_client import Connection  # noqa: E402
from installed_httpd import InstalledHttpd  # noqa: E402
from tap import check, diag, equal, run, test  # noqa: E402

PACKAGE = "libapache2-mod-bayeux"
MODULE = Path("/usr/lib/apache2/modules/mod_bayeux.so")
LEFT_OUT = (".git", ".node", ".quickstart", "autom4te.cache", "build", "build-*", "node_modules")
WORK = tempfile.TemporaryDirectory(prefix="bx-package-")
APACHE = InstalledHttpd()


def command(*words, succeeds=True, **options):
    """What it said. Its failure is the test's."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)  # fmt: skip
    check((done.returncode == 0) == succeeds, f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def packages():
    return Path(os.environ.get("BAYEUX_PACKAGES", WORK.name))


def deb():
    found = sorted(packages().glob(f"{PACKAGE}_*.deb"))
    check(len(found) == 1, f"one {PACKAGE}_*.deb is wanted in {packages()}, there are {len(found)}")
    return str(found[0])


def fenced(heading, language):
    """The first block of the README below a heading."""
    section = (TOP / "README.md").read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    return re.search(rf"```{language}\n(.*?)```", section, re.S).group(1)


@test("dpkg-buildpackage makes it of a copy of the tree, and lintian has nothing to say")
def _():
    private_machine.set_up()
    if "BAYEUX_PACKAGES" not in os.environ:
        tree = Path(WORK.name, "tree")
        shutil.copytree(TOP, tree, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        command("dpkg-buildpackage", "-us", "-uc", "-b", cwd=tree)
    changes = next(packages().glob(f"{PACKAGE}_*.changes"), None)
    check(changes is not None, f"no {PACKAGE}_*.changes in {packages()}")
    equal(command("lintian", "--allow-root", "--fail-on", "error,warning", str(changes)), "", "lintian says")


@test("its installation neither enables the module nor touches the server that runs")
def _():
    APACHE.start()
    before = APACHE.parent(), APACHE.generation()
    command("apt-get", "install", "-y", deb())
    equal((APACHE.parent(), APACHE.generation()), before, "parent and generation")
    check("No module matches" in command("a2query", "-m", "bayeux", succeeds=False), "it is enabled")
    for path in (MODULE, Path("/etc/apache2/mods-available/bayeux.conf"), Path("/usr/include/apache2/mod_bayeux.h")):
        check(path.is_file(), f"{path} is missing")
    equal(command("bayeux", "--version").split()[1], command("dpkg-query", "-Wf", "${Version}", PACKAGE))
    for page in ("bayeux", "mod_bayeux"):
        check(command("man", "--warnings", page).startswith(page), f"man {page}")


@test("enabled as it is shipped it serves nobody, and nothing unusual is logged")
def _():
    command("a2enmod", "bayeux")
    command("service", "apache2", "reload")
    APACHE.until_generation(1)
    check(APACHE.maps(MODULE), "the module is not loaded")
    with Client(APACHE) as stranger:
        hello = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
        equal(stranger.post([hello]).status, 404, "handshake")
    # Debian's mpm_event.conf wants its spare threads back; bayeux.conf says what to do.
    APACHE.no_trouble_but("BX0011")


@test("the README's lines make it chat")
def _():
    command("sh", "-euc", fenced("Install the package", "sh"))
    APACHE.until_generation(2)
    with Connection(APACHE) as visitor:
        page = visitor.request("GET", "/chat.html")
    equal(page.status, 200)
    check(b"new WebSocket" in page.body, "not the page")
    with Client(APACHE) as anna, Client(APACHE) as bert:
        for client in (anna, bert):
            equal(client.handshake()["successful"], True)
        anna.subscribe("/chat")
        anna.connect()
        held = anna.start_connect()
        bert.publish("/chat", "hello")
        equal(held.wait().data, ["hello"])


def upgraded_with_a_session():
    with Client(APACHE) as anna:
        anna.handshake()
        anna.subscribe("/chat")
        anna.connect()
        held = anna.start_connect()
        parent, generation, old = APACHE.parent(), APACHE.generation(), MODULE.stat().st_ino
        diag(command("dpkg", "-i", deb()))
        equal(APACHE.parent(), parent, "the parent's pid")
        equal(held.wait(timeout=40).reply["successful"], True, "the connect that was held")
        anna.close()  # its connections, not its session
        held = anna.start_connect()
        APACHE.until_generation(generation + 1)
        new = MODULE.stat().st_ino
        check(new != old, "dpkg wrote no new file")
        for pid in (APACHE.parent(), *wait_until(APACHE.new_children, "children of the new generation", 40)):
            equal(APACHE.maps(MODULE, pid), {new}, f"the module's file in process {pid}")
        with Client(APACHE) as bert:
            bert.handshake()
            equal(bert.publish("/chat", "still here").reply["successful"], True)
        # A child that stops answers with nothing in it, and its client comes again.
        data = held.wait(timeout=40).data or wait_until(lambda: anna.connect().data, "the message arrives")
        equal(data, ["still here"])


@test("upgraded over itself: reloaded, not restarted, with the new file, and the session goes on")
def _():
    upgraded_with_a_session()


@test("a second time as well")
def _():
    upgraded_with_a_session()
    APACHE.no_trouble_but("BX0011")


@test("where the administrator has disabled it an upgrade leaves it so, and the server alone")
def _():
    command("a2dismod", "bayeux")
    command("service", "apache2", "reload")
    wait_until(lambda: not APACHE.maps(MODULE), "the parent has unloaded the module")
    before = APACHE.parent(), APACHE.generation()
    command("dpkg", "-i", deb())
    equal((APACHE.parent(), APACHE.generation()), before, "parent and generation")
    command("a2query", "-m", "bayeux", succeeds=False)
    command("a2enmod", "bayeux")
    command("service", "apache2", "reload")
    APACHE.until_generation(before[1] + 1)


@test("removed: the module is disabled and unloaded, and the server goes on")
def _():
    parent, generation = APACHE.parent(), APACHE.generation()
    command("apt-get", "remove", "-y", PACKAGE)
    equal(APACHE.parent(), parent, "the parent's pid")
    APACHE.until_generation(generation + 1)
    equal(APACHE.maps(MODULE), set(), "still loaded")
    check(not MODULE.exists(), "the module is still there")
    check(Path("/etc/apache2/mods-available/bayeux.conf").exists(), "a configuration file goes with purge only")
    with Connection(APACHE) as visitor:
        equal(visitor.request("GET", "/chat.html").status, 200)


@test("purged: nothing is left behind")
def _():
    command("dpkg", "--purge", PACKAGE)
    command("a2disconf", "-p", "chat")
    for path in ("/etc/apache2/conf-available/chat.conf", "/var/www/html/chat.html"):
        os.unlink(path)
    APACHE.stop()
    command("apache2ctl", "configtest")
    # What the machine had of an earlier bayeux may go with it.
    left = [change for change in private_machine.changes() if not change.endswith("/bayeux was removed")]
    equal(left, [], "left")


def out_there():
    """What of the machine itself must be as it was, by name."""
    folders = ("/etc/apache2", "/usr/lib/apache2/modules", "/var/lib/apache2", "/var/www/html")
    ours = ("bayeux", "mod_bayeux", "chat")
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.stem in ours]
    running = subprocess.run(["service", "apache2", "status"], capture_output=True, check=False).returncode == 0
    known = Path(f"/var/lib/dpkg/info/{PACKAGE}.list").exists()
    return {PACKAGE: known, "apache2 runs": running} | {str(path): path.lstat().st_mtime_ns for path in files}


if private_machine.inside():
    run()

REASON = private_machine.lacking()
if REASON:
    print(f"1..1\nnot ok 1 - the package is tested\n# {REASON}")
    sys.exit(1)
BEFORE = out_there()
CODE = private_machine.enter()
DIFFERENT = sorted(name for name, _ in set(BEFORE.items()) ^ set(out_there().items()))
print("1..1\nnot ok" if DIFFERENT else "1..1\nok", "1 - the machine itself is as it was")
for name in DIFFERENT:
    diag(f"not as it was: {name}")
sys.exit(CODE or bool(DIFFERENT))
