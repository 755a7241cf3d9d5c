#!/usr/bin/env python3
"""What is said of a child that died of a signal, and which death is left to httpd (t/lib/crashes.py)."""

import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import crashes  # noqa: E402
from harness import HarnessError, Httpd, wait_until  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

HANDLER = "/b/t/lib/.libs/mod_crash_trace.so(+0x1340)[0x7f1]\n/lib/x86_64-linux-gnu/libc.so.6(+0x3c050)[0x7f2]\n"
SANITIZER = "/usr/lib/x86_64-linux-gnu/libasan.so.8.0.0(+0x51f31)[0x7f0]\n"
SOCKET = "/lib/x86_64-linux-gnu/libapr-1.so.0(apr_os_sock_get+0x0)[0x7f3]\n"
MPM = "/usr/lib/apache2/modules/mod_mpm_event.so(+0x606c)[0x7f4]\n"
MODULE = "/b/.libs/mod_bayeux.so(bayeux_child_stopping+0x10)[0x7f5]\n"


def httpds_own(trace):
    with tempfile.TemporaryDirectory() as root:
        Path(root, crashes.DIRECTORY).mkdir()
        Path(root, crashes.DIRECTORY, "trace.17").write_text(trace, encoding="ascii")
        return crashes.httpds_own(root, "AH00052: child pid 17 exit signal Segmentation fault (11)\n") == {17}


@test("only the main thread, in a socket that the MPM looks at, is left to httpd")
def _():
    check(httpds_own("main thread\n" + HANDLER + SOCKET + MPM), "the race")
    check(httpds_own("main thread\n" + HANDLER + 2 * SOCKET + MPM), "the race, deeper in APR")
    check(httpds_own("main thread\n" + SANITIZER + HANDLER + SOCKET + MPM), "the race, under a sanitizer")
    check(not httpds_own("main thread\n" + HANDLER + SANITIZER + SOCKET + MPM), "a call that a sanitizer looks at")
    check(not httpds_own("another thread\n" + HANDLER + SOCKET + MPM), "a worker")
    check(not httpds_own("main thread\n" + HANDLER + MPM), "the MPM itself")
    check(not httpds_own("main thread\n" + HANDLER + SOCKET + MODULE + MPM), "a module that is called by the MPM")
    check(not httpds_own(""), "nothing is known")


@test("a death without a trace is nobody's in particular")
def _():
    with tempfile.TemporaryDirectory() as root:
        equal(crashes.httpds_own(root, "AH00052: child pid 17 exit signal Segmentation fault (11)\n"), set())


@test("a child that dies of a signal fails the test, which shows where it was")
def _():
    server, said = Httpd(), ""
    try:
        with server:
            child = server.children()[0]
            server.kill_child(child, signal.SIGSEGV)
            wait_until(lambda: "exit signal Segmentation fault" in server.error_log(), "httpd says that it died")
            server.wait_all_children()
    except HarnessError as error:
        said = str(error)
        shutil.rmtree(server.root)
    for part in (f"child pid {child} exit signal", f"child {child} was here:", "main thread", "mod_mpm_event.so"):
        check(part in said, f"no '{part}' in: {said}")


run()
