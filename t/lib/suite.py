#!/usr/bin/env python3
"""Run TAP test files, several at a time, and say what came of it.

    suite.py [--builddir=DIR] [--jobs=N] [--alone=last|no|only] [--timeout=S] [--tally=FILE] FILE-OR-DIRECTORY...

A directory stands for its *.t files; under sanitizers for those but `# browser`, which say in their heads that they drive
one. Those that say that they measure, `# alone`, run by themselves when all others are done; or not, or only they. (Under
sanitizers nothing is measured: there they run with the others.) A file that dies, hangs, prints no plan or another number of test points than
planned counts as a failed test point more; so does a skipped test: what cannot be tested here must be made testable.
The last line is "N passed, N failed".
"""

import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SRCDIR = Path(__file__).resolve().parent.parent.parent
SANITIZE = os.environ.get("BAYEUX_SANITIZE", "")
_PLAN = re.compile(r"^1\.\.(\d+)")
_POINT = re.compile(r"^(not )?ok\b(?:[^#]*)(#\s*skip\b)?", re.IGNORECASE)


class Outcome:
    def __init__(self, name, seconds, output, faults, passed, failed):
        self.name = name
        self.seconds = seconds
        self.output = output
        self.faults = faults  # sentences
        self.passed = passed
        self.failed = failed


def judge(output, code):
    """(passed, failed, faults) of the output of one file."""
    planned = passed = failed = 0
    seen_plan = False
    faults = []
    for line in output.splitlines():
        if plan := _PLAN.match(line):
            planned += int(plan.group(1))  # cmocka prints one plan for each group of tests
            seen_plan = True
        elif point := _POINT.match(line):
            if point.group(2):
                faults.append(f"skipped: {line}")
            elif point.group(1):
                failed += 1
            else:
                passed += 1
    skipped = len(faults)
    if not seen_plan:
        faults.append("it printed no plan")
    elif planned != passed + failed + skipped:
        faults.append(f"{planned} test points were planned, {passed + failed + skipped} came")
    if code < 0:
        faults.append(f"it died of {signal.Signals(-code).name}")
    elif code > 0 and failed == 0 and not faults:
        faults.append(f"it exited with code {code}")
    return passed, failed + len(faults), faults


def run_file(path, options):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", BAYEUX_SRCDIR=str(SRCDIR))
    # Undefined behaviour is only reported by default; in a test program it is to fail.
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    if options.builddir:
        env["BAYEUX_BUILDDIR"] = options.builddir
    started = time.monotonic()
    process = subprocess.Popen(
        [path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=SRCDIR,
        start_new_session=True,
    )  # fmt: skip
    late = False
    try:
        output, _ = process.communicate(timeout=options.timeout)
    except subprocess.TimeoutExpired:
        late = True
        # TERM first: a harness gets the time to stop its server. Then whatever is left of the file's own session.
        process.terminate()
        try:
            output, _ = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
    text = output.decode("utf-8", "replace")
    passed, failed, faults = judge(text, 0 if late else process.returncode)
    if late:
        faults.insert(0, f"it was not done after {options.timeout:g} s")
        failed += 1
    return Outcome(_name(path), time.monotonic() - started, text, faults, passed, failed)


def _name(path):
    resolved = Path(path).resolve()
    for base in (SRCDIR, Path.cwd()):
        if resolved.is_relative_to(base):
            return str(resolved.relative_to(base))
    return str(resolved)


def report(outcome):
    verdict = "FAILED" if outcome.failed else "ok"
    print(f"{outcome.name:<44} {outcome.passed:4} ok {outcome.failed:3} failed {outcome.seconds:7.1f} s  {verdict}")
    if outcome.failed:
        for line in outcome.output.splitlines():
            if not re.match(r"ok\b", line):
                print(f"    {line}")
        for fault in outcome.faults:
            print(f"    *** {fault}")
    sys.stdout.flush()


def says(path, mark):
    """What a file says of itself in its head: `# slow`, it takes half a minute or so; `# alone`, it measures; `# browser`, it
    drives one."""
    with open(path, "rb") as file:
        return f"\n# {mark}\n".encode() in file.read(1000)


def expand(names):
    files = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            files += [file for file in sorted(path.glob("*.t")) if not (SANITIZE and says(file, "browser"))]
        else:
            files.append(path)
    # The long ones first, so that none of them runs alone in the end.
    return [str(path.resolve()) for path in sorted(files, key=lambda path: not says(path, "slow"))]


def rounds(files, options):
    """[(files, how many at once)]"""
    if SANITIZE:
        return [(files, options.jobs)] if options.alone != "only" else []
    alone = [path for path in files if says(path, "alone")]
    others = [path for path in files if path not in alone]
    found = [(others, options.jobs)] if options.alone != "only" else []
    return found + ([(alone, 1)] if options.alone != "no" else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--builddir", default="")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("BAYEUX_JOBS", "2")))
    parser.add_argument("--alone", choices=("last", "no", "only"), default="last")
    parser.add_argument("--timeout", type=float, default=0)
    parser.add_argument("--tally", default=os.environ.get("BAYEUX_TALLY", ""))
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    options.timeout = options.timeout or (600 if SANITIZE else 180)

    passed = failed = 0
    for files, at_once in rounds(expand(options.files), options):
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            running = [pool.submit(run_file, path, options) for path in files]
            for done in concurrent.futures.as_completed(running):
                outcome = done.result()
                report(outcome)
                passed += outcome.passed
                failed += outcome.failed
    if options.tally:
        with open(options.tally, "a", encoding="ascii") as tally:
            tally.write(f"{passed} {failed}\n")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
