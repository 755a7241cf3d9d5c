"""Runs a Node program that prints TAP, as one test point of a Python test."""

import os
import subprocess
from pathlib import Path

import harness
import tap
from spread import Spread

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


def run_on_all_children(server, program, *arguments, path="/bayeux"):
    """The program gets a URL whose connections are spread over all children, as its last argument."""
    with Spread(server) as front:
        run_node(program, *arguments, f"http://127.0.0.1:{front.port}{path}")
        tap.diag(f"connections of each child: {front.given()}")
    served = {line["pid"] for line in server.access_log() if line["request"].startswith("POST ")}
    tap.equal(served, set(server.children()), "the children that served")
