"""Runs bayeux bench against one server after the other, and keeps what it says."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import shapes
from httpd_conf import builddir

# For joining, draining and leaving, beside the time that is measured.
GRACE_SECONDS = 240


def say(text):
    print(text, file=sys.stderr, flush=True)


def bench(server, shape, transport, seconds, small):
    """The report of one run; {"error": why} if there is none."""
    options = {**server.arguments(shape.scenario, transport), **shape.arguments(transport), "server-pid": server.pid}
    if shape.timed:
        options["seconds"] = seconds
    if small:
        options.update({name: count for name, count in shapes.SMALL.items() if options.get(name, 0) > count})
    scenario = "fanout" if shape.scenario == "publish" else shape.scenario
    command = [str(builddir() / "bayeux"), "bench", scenario, "--json"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + GRACE_SECONDS,
                                check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": "it did not end"}
    if not result.stdout:
        return {"error": f"{' '.join(command)} ended with {result.returncode}"}
    return json.loads(result.stdout)


def measure(servers, chosen, rounds, seconds, small=False):
    """A list of runs. Each server is started for each of its runs, so that none runs beside another or is worn out by
    an earlier shape; and the servers take turns, so that a disturbance of the machine is not one server's alone."""
    runs = []
    for shape in chosen:
        for number in range(1, rounds + 1):
            for server_class in servers:
                for transport in shapes.transports(shape, server_class):
                    with server_class() as server:
                        report = bench(server, shape, transport, seconds, small)
                    runs.append({"shape": shape.key, "server": server_class.name, "transport": transport,
                                 "round": number, "report": report})  # fmt: skip
                    say(f"{shape.key} {number}/{rounds} {server_class.name} {transport}: {headline(report)}")
    return runs


HEADLINES = {
    "requests_per_second": "requests/s",
    "deliveries_per_second": "deliveries/s",
    "publishes_per_second": "publishes/s",
    "bytes_per_connect": "bytes a session",
    "server_cpu_seconds_per_million": "CPU s a million",
    "latency_p99_us": "us p99",
}


def headline(report):
    """A run in a few words."""
    if "error" in report:
        return report["error"]
    words = [f"{report[name]:,} {what}" for name, what in HEADLINES.items() if name in report]
    return ", ".join(words) + ("" if report["verified"] else f", NOT VERIFIED: {report.get('fault')}")


# --- summing up ---------------------------------------------------------------------------------------------------


class Summary:
    """The runs of one server over one transport in one shape."""

    def __init__(self, runs):
        self.reports = [run["report"] for run in runs]
        self.good = [report for report in self.reports if report.get("verified")]

    @property
    def complete(self):
        return bool(self.reports) and len(self.good) == len(self.reports)

    @property
    def polled(self):
        return any(report.get("transport") == "long-polling" for report in self.reports)

    @property
    def fault(self):
        """The first thing that went wrong."""
        bad = next(report for report in self.reports if not report.get("verified"))
        fault = bad.get("error") or bad.get("fault") or "not verified"
        return fault if isinstance(fault, str) else fault[0]

    def values(self, name):
        return [report[name] for report in self.good if name in report]

    def median(self, name):
        values = self.values(name)
        return statistics.median(values) if values else None

    def spread(self, name):
        values = self.values(name)
        return (min(values), max(values)) if values else None


def summaries(runs):
    """{(shape, server, transport): Summary}"""
    groups = {}
    for run in runs:
        groups.setdefault((run["shape"], run["server"], run["transport"]), []).append(run)
    return {key: Summary(group) for key, group in groups.items()}


# --- where it was measured ----------------------------------------------------------------------------------------


def machine():
    """What the numbers depend on, as one line."""
    cpu = re.search(r"^model name\s*: (.*)$", _text("/proc/cpuinfo"), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="(.*)"$', _text("/etc/os-release"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", _text("/proc/meminfo"), re.MULTILINE)
    gigabytes = f", {int(memory.group(1)) / 1048576:.0f} GB" if memory else ""
    # Some systems name the distribution only.
    name = system.group(1) if system else platform.system()
    return (f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores{gigabytes}, "
            f"{name}, Linux {platform.release()}")  # fmt: skip


def load():
    return os.getloadavg()[0]


def today():
    return time.strftime("%Y-%m-%d", time.gmtime())


def _text(path):
    return Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).exists() else ""
