"""Runs a Node program that prints TAP, as one test point of a Python test."""

import os
import subprocess
from pathlib import Path

import harness
import tap

TOP = Path(__file__).resolve().parent.parent.parent


def run_node(program, *arguments, timeout=60, env=None):
    """Fails with what the program printed when one of its points fails, or when it dies or hangs."""
    command = ["node", str(TOP / "t" / program), *arguments]
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout * harness.PATIENCE, env={**os.environ, **(env or {})}, cwd=TOP, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise tap.Failure(f"{program} hangs after\n{(late.stdout or b'').decode('utf-8', 'replace')}") from None
    tap.check(result.returncode == 0, f"{program} exited with {result.returncode}:\n{result.stdout}")
    plan = result.stdout.rstrip().rpartition("\n")[2]
    tap.check(plan.startswith("1.."), f"{program} printed no plan:\n{result.stdout}")
    for line in result.stdout.splitlines():
        tap.diag(line)


def run_on_all_children(server, program, *arguments):
    """Run it until each child has served, which is nearly always the first time: the kernel picks a child for each
    connection, and of three one gets none now and then."""
    for _ in range(6):
        run_node(program, *arguments)
        served = {line["pid"] for line in server.access_log() if line["request"].startswith("POST ")}
        if served == set(server.children()):
            return
        tap.diag(f"only {sorted(served)} of {sorted(server.children())} served: again")
    raise tap.Failure(f"after six runs only {sorted(served)} of {sorted(server.children())} have served")
