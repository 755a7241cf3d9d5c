"""What must be true after a server has stopped, whatever the test was about."""

import re
import signal
from pathlib import Path

import procs

_WORSE_THAN_NOTICE = re.compile(r"\[(?:[\w-]+:)?(emerg|alert|crit|error|warn)\]")

# The harness sets MinSpareThreads high so that a killed child is replaced at once; httpd remarks on it.
_ALWAYS_EXPECTED = [re.compile(r"AH10159:")]

_NEVER = re.compile(
    r"exit signal|assertion|AH00051|AH00052|AH00545|pool concurrency check|double free|corrupted|"
    r"terminate called|stack smashing",
    re.IGNORECASE,
)


def error_log(text, expected, killed, httpds_own=()):
    """Lines of an error log that nobody expected. `killed`: pids that the test itself killed; `httpds_own`: those that
    died by httpd's own fault, see crashes.py."""
    bad = []
    for line in text.splitlines():
        if _NEVER.search(line):
            end = re.search(r"child pid (\d+) exit signal (\w+)", line)
            if not (end and int(end.group(1)) in (killed if end.group(2) == "Killed" else httpds_own)):
                bad.append(line)
        elif _WORSE_THAN_NOTICE.search(line):
            if not any(pattern.search(line) for pattern in [*_ALWAYS_EXPECTED, *expected]):
                bad.append(line)
    return bad


def sanitizer_reports(root):
    """The first lines of each file that a sanitizer wrote."""
    found = []
    for report in sorted(Path(root, "sanitizer").glob("*")):
        lines = report.read_text(encoding="utf-8", errors="replace").splitlines()
        found.append(f"{report.name}:\n    " + "\n    ".join(lines[:40]))
    return found


def exit_code(code):
    if code == 0:
        return []
    if code < 0:
        return [f"httpd died of {signal.Signals(-code).name}"]
    return [f"httpd exited with code {code}"]


def leftovers(session, pids, shm_files):
    """Processes and shared memory that outlived the server."""
    found = [f"process {pid} outlived the server" for pid in procs.members_of_session(session)]
    found += [f"{path} outlived the server" for path in sorted(shm_files) if Path(path).exists()]
    found += [f"SysV segment {number} outlived the server" for number in procs.sysv_segments(pids)]
    found += [f"SysV semaphore {number} outlived the server" for number in procs.sysv_semaphores(pids)]
    return found
