"""This machine, but whatever is installed, started or written in it is gone afterwards, and nobody else sees it.

    if not private_machine.inside():
        sys.exit(private_machine.enter())      # runs this program again, in there
    ...
    private_machine.changes()                  # what in there differs from the machine

It is made of namespaces: processes, mounts, network and SysV memory of its own. /etc, /usr and /var are overlays, all
that changes is in memory. Its network has 127.0.0.1 and nothing else, so port 80 is free. When its first process ends,
however that comes, the kernel ends all others and forgets the rest.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

_MARK = "BAYEUX_PRIVATE_MACHINE"
_OVERLAID = ("etc", "usr", "var")
_UPPER = Path("/mnt")  # of the private machine: a file system in memory, with what is changed
_LOWER = _UPPER / "lower"  # what they were like
_TOOLS = ("apache2ctl", "dpkg-buildpackage", "ip", "lintian", "man", "mount", "pandoc", "unshare")


def inside():
    return _MARK in os.environ


def lacking():
    """Why it cannot be entered, as a sentence, or None."""
    if os.geteuid() != 0:
        return "only root can mount and install: run `make package-test` as root"
    if not Path("/etc/debian_version").exists():
        return "packages for Debian are tested on Debian: run `make package-test` there"
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        return f"these programs are missing, `make package-test` installs them: {' '.join(missing)}"
    probe = subprocess.run([*_unshare(), "mount", "-t", "overlay", "overlay", "-o", "lowerdir=/etc:/usr", "/mnt"],
                           capture_output=True, text=True, check=False)  # fmt: skip
    if probe.returncode != 0:
        return f"the kernel must allow namespaces and overlays (CAP_SYS_ADMIN): {probe.stderr.strip()}"
    return None


def _unshare():
    return ["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", "--mount-proc"]


def enter():
    """Run this program again in there; its exit code."""
    command = [*_unshare(), sys.executable, *sys.argv]
    process = subprocess.Popen(command, env={**os.environ, _MARK: "yes"})
    signal.signal(signal.SIGTERM, lambda *_: process.kill())
    try:
        return process.wait()
    finally:
        process.kill()


def _run(*command):
    subprocess.run(command, check=True, stdout=sys.stderr)


def set_up():
    """The first thing to do in there."""
    _run("mount", "-t", "tmpfs", "private", str(_UPPER))
    for name in _OVERLAID:
        upper, work, lower = _UPPER / name, _UPPER / f"{name}.work", _LOWER / name
        for folder in (upper, work, lower):
            folder.mkdir(parents=True)
        _run("mount", "--bind", f"/{name}", str(lower))
        _run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/{name},upperdir={upper},workdir={work}", f"/{name}")
    # What is running out there is not running in here; without systemd, services are what /etc/init.d says.
    _run("mount", "-t", "tmpfs", "run", "/run")
    os.mkdir("/run/lock", 0o1777)
    _run("ip", "link", "set", "lo", "up")
    # A container's policy forbids to start or reload services, and these are our own.
    policy = Path("/usr/sbin/policy-rc.d")
    policy.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    policy.chmod(0o755)


def _content(path):
    """Of a file or a link; None where there is none, or it was removed in here."""
    if path.is_symlink():
        return os.readlink(path)
    if not path.exists() or stat.S_ISCHR(path.lstat().st_mode):
        return None
    return path.read_bytes()


def changes():
    """The files of /etc, /usr and /var that differ from what they were, but for those of dpkg, apt and logs."""
    of_no_interest = ("/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/", "/var/log/", "/usr/sbin/policy-rc.d")
    found = []
    for name in _OVERLAID:
        for folder, _, files in os.walk(_UPPER / name):
            for file in files:
                path = Path(folder, file)
                inside_it = path.relative_to(_UPPER)
                if f"/{inside_it}".startswith(of_no_interest):
                    continue
                before, after = _content(_LOWER / inside_it), _content(path)
                if before != after:
                    found.append(f"/{inside_it} {'was removed' if after is None else 'was written'}")
    return sorted(found)
