#!/usr/bin/env python3
"""Run test programs under memcheck, several at once: whatever it finds wrong, leaks included, fails the program. TAP.

    valgrind.py [--jobs=N] [--tally=FILE] PROGRAM...

Not for builds with sanitizers. Prints how long each took.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE = 1800  # seconds; everything takes some thirty times as long
FOUND = 99
MEMCHECK = [
    "valgrind", "--quiet", f"--error-exitcode={FOUND}", "--leak-check=full", "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite", "--num-callers=20", "--fair-sched=yes", f"--suppressions={HERE}/valgrind.supp",
]  # fmt: skip


def examine(program):
    """(program, seconds, what is wrong: empty if nothing)"""
    started = time.monotonic()
    try:
        result = subprocess.run([*MEMCHECK, program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)  # fmt: skip
        text = result.stdout.decode("utf-8", "replace")
        reports = [line for line in text.splitlines() if line.startswith("==")]
        if result.returncode == FOUND:
            wrong = reports
        else:
            wrong = text.splitlines()[-60:] if result.returncode else []
    except subprocess.TimeoutExpired:
        wrong = [f"it was not done after {PATIENCE} s"]
    return program, time.monotonic() - started, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tally", default=os.environ.get("BAYEUX_TALLY", ""))
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()

    os.environ["CMOCKA_MESSAGE_OUTPUT"] = "TAP"
    print(f"1..{len(options.programs)}", flush=True)
    good = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(examine, program) for program in options.programs]
        for number, done in enumerate(concurrent.futures.as_completed(running), 1):
            program, seconds, wrong = done.result()
            print(f"{'not ' if wrong else ''}ok {number} - {program}: {seconds:.1f} s", flush=True)
            for line in wrong:
                print(f"# {line}", flush=True)
            good += not wrong
    if options.tally:
        with open(options.tally, "a", encoding="ascii") as tally:
            tally.write(f"{good} {len(options.programs) - good}\n")
    sys.exit(0 if good == len(options.programs) else 1)


if __name__ == "__main__":
    main()
