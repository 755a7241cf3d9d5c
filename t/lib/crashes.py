"""Children that died of a signal: where they were, from cores/trace.PID (mod_crash_trace.c) and from cores.

One such death is httpd's own. Told to stop at once, the main thread of a child shuts the sockets that its workers have
at hand (event.c, close_worker_sockets), and reads them where they were allocated: in the pools of connections, which
those workers may just have destroyed. httpd without mod_bayeux loses a child in every tenth ungraceful restart while
thirty clients close connections. It is told by its trace, and is no fault of what is tested here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

DIRECTORY = "cores"

_DIED = re.compile(r"child pid (\d+) exit signal (?!Killed)")
# The socket is looked at by functions of APR, which the MPM calls by itself. Handlers come first in a trace, and before
# them the sanitizer that takes it.
_RACE = re.compile(
    r"main thread\n"
    r"(?:\S*/lib[at]san\.so\S*\n)*"
    r"(?:\S*/mod_crash_trace\.so\S*\n)+"
    r"(?:\S*/libc\.so\S*\n)?"
    r"(?:\S*/libapr-1\.so\S*\n)+"
    r"\S*/mod_mpm_event\.so"
)


def httpds_own(root, log):
    """Pids of those in the error log whose death is httpd's own."""
    return {pid for pid in _died(log) if _RACE.match(_trace(root, pid))}


def faults(root, log, program):
    """Where all the others were, if that is known: one text each. Cores go, as they are as large as the store."""
    died, own = _died(log), httpds_own(root, log)
    traces = {pid: _trace(root, pid) for pid in died if pid not in own}
    found = [f"child {pid} was here:\n{trace}" for pid, trace in traces.items() if trace]
    for core in sorted(Path(root, DIRECTORY).glob("core*")):
        if traces or not own:
            found.append(_backtrace(root, program, core))
        core.unlink()
    return found


def _died(log):
    return [int(pid) for pid in _DIED.findall(log)]


def _trace(root, pid):
    try:
        return Path(root, DIRECTORY, f"trace.{pid}").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _backtrace(root, program, core):
    gdb = shutil.which("gdb")
    if not gdb:
        return "a child left a core; gdb would show where it was"
    run = subprocess.run(
        [gdb, "--batch", "-ex", "bt", "-ex", r"echo \n=== all threads\n", "-ex", "thread apply all bt", program, core],
        capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    kept = Path(root, f"{core.name}.backtrace")
    kept.write_text(run.stdout, encoding="utf-8")
    crashed = run.stdout.split("=== all threads")[0][-4000:]
    return f"backtrace in {os.fspath(kept)}:\n{crashed}"
