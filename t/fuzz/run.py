#!/usr/bin/env python3
"""Fuzz for a while: run what fuzz.mk has built, several targets at once.

    run.py [--seconds=N] [--jobs=N] [--tally=FILE] DIRECTORY [TARGET...]

DIRECTORY has the programs, and gets what belongs to runs: corpus/TARGET grows from one to the next, TARGET.log is what the
last one said, and found/ has each input that made a target fail. TAP; ends with 1 if anything was found.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
# What no input of these sizes may need: a target that does is one that does not end, or has no bound.
SECONDS_PER_INPUT = 20
MEGABYTES = 2048


class Result:
    def __init__(self, target, code, log):
        text = log.read_text(encoding="utf-8", errors="replace")
        self.target = target
        self.code = code
        self.log = log
        self.tail = text.splitlines()[-60:]
        runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
        self.runs = int(runs.group(1)) if runs else 0
        artifact = re.search(r"Test unit written to (\S+)", text)
        self.artifact = artifact.group(1) if artifact else None

    @property
    def good(self):
        return self.code == 0 and self.runs > 0


def command_for(target, directory, seconds):
    """The command and the directories that it needs."""
    corpus = directory / "corpus" / target
    found = directory / "found"
    command = [
        directory / f"fuzz_{target}",
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_PER_INPUT}",
        f"-rss_limit_mb={MEGABYTES}",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/{target}-",
    ]
    dictionary = FUZZ / f"{target}.dict"
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    return [*command, corpus, FUZZ / "seeds" / target], (corpus, found)


def fuzz(target, directory, seconds):
    command, needed = command_for(target, directory, seconds)
    for path in needed:
        path.mkdir(parents=True, exist_ok=True)
    log = directory / f"{target}.log"
    with open(log, "wb") as out:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
    return Result(target, code.returncode, log)


def report(number, result, directory):
    if result.good:
        print(f"ok {number} - {result.target}: {result.runs} runs, nothing found", flush=True)
        return
    print(f"not ok {number} - {result.target}: exit code {result.code} after {result.runs} runs", flush=True)
    for line in result.tail:
        print(f"# {line}")
    if result.artifact:
        print(f"# the input is {result.artifact}")
        print(f"# again: {directory}/fuzz_{result.target} {result.artifact}")
    print(f"# all that it said is in {result.log}", flush=True)


def targets_of(directory, named):
    built = sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.cc"))
    targets = [name.removeprefix("fuzz_") for name in named] or built
    for target in targets:
        if not (directory / f"fuzz_{target}").exists():
            sys.exit(f"{directory}/fuzz_{target} is not there; the targets are: {', '.join(built)}")
    return targets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tally", default=os.environ.get("BAYEUX_TALLY", ""))
    parser.add_argument("directory", type=Path)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    directory = options.directory.resolve()
    targets = targets_of(directory, options.targets)

    print(f"1..{len(targets)}", flush=True)
    good = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(fuzz, target, directory, options.seconds) for target in targets]
        for number, done in enumerate(concurrent.futures.as_completed(running), 1):
            result = done.result()
            report(number, result, directory)
            good += result.good
    if options.tally:
        with open(options.tally, "a", encoding="ascii") as tally:
            tally.write(f"{good} {len(targets) - good}\n")
    sys.exit(0 if good == len(targets) else 1)


if __name__ == "__main__":
    main()
