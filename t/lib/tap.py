"""TAP for test scripts.

    @test("handshake when alone then successful")
    def _(server): ...

    run(lambda: Httpd())      # one server for all tests of the file; its teardown is the last test point
    run()                     # no server: the tests take no argument
"""

import sys
import traceback

_tests = []


class Failure(AssertionError):
    """A failed check whose text says all that is needed: no traceback is shown."""


def test(name):
    def register(function):
        _tests.append((name, function))
        return function

    return register


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise Failure(f"{what}\n     is: {actual!r}\n should: {expected!r}")


def diag(text):
    for line in str(text).splitlines() or [""]:
        print(f"# {line}", flush=True)


class _Report:
    def __init__(self, planned):
        self.number = 0
        self.failed = 0
        print(f"1..{planned}", flush=True)

    def point(self, name, step):
        self.number += 1
        try:
            step()
        except Exception as error:  # a test may fail in any way; the next ones still run
            self.failed += 1
            print(f"not ok {self.number} - {name}", flush=True)
            diag(str(error) if isinstance(error, Failure) else traceback.format_exc())
            return False
        print(f"ok {self.number} - {name}", flush=True)
        return True


def run(fixture=None):
    """Run the registered tests and exit: 0 only if all passed."""
    if fixture is None:
        report = _Report(len(_tests))
        for name, function in _tests:
            report.point(name, function)
    else:
        report = _Report(len(_tests) + 2)
        _run_with(fixture, report)
    sys.exit(0 if report.failed == 0 else 1)


def _run_with(fixture, report):
    servers = []

    def start():
        server = fixture()
        server.__enter__()
        servers.append(server)

    def stop():
        if not servers:
            raise Failure("it never started")
        failed = Failure("earlier tests failed") if report.failed else None
        servers[0].__exit__(type(failed) if failed else None, failed, None)

    report.point("server starts", start)
    for name, function in _tests:
        report.point(name, lambda: function(servers[0]) if servers else _not_run())
    report.point("server stops clean", stop)


def _not_run():
    raise Failure("not run: the server did not start")
