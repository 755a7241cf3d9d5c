#!/usr/bin/env python3
"""Measures mod_bayeux and its peers side by side, and writes docs/benchmarks.md. `make bench` calls it.

Servers that are not installed are left out, and named with what to install.
"""

import argparse
import json
import resource
import sys
from pathlib import Path

import servers  # first: it knows where the tests' modules are
import measure
import page
import plot
import shapes
from httpd_conf import builddir


def words(text):
    return text.split(",")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--servers", type=words, help="some of: " + ", ".join(each.name for each in servers.ALL))
    parser.add_argument("--shapes", type=words, help="some of: " + ", ".join(each.key for each in shapes.SHAPES))
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, 3 unless told")
    parser.add_argument("--seconds", type=float, default=5, help="that a run is measured for, 5 unless told")
    parser.add_argument("--small", action="store_true", help="few subscribers: does it all work?")
    parser.add_argument("--json", type=Path, default=builddir() / "bench" / "results.json", help="where results go")
    parser.add_argument("--from-json", action="store_true", help="measure nothing, take what is there")
    parser.add_argument("--page", type=Path, help="the page to write, docs/benchmarks.md; its plot goes to images/")
    return parser.parse_args()


def chosen(every, wanted, name):
    unknown = set(wanted or ()) - {name(each) for each in every}
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))} (see --help)")
    return [each for each in every if wanted is None or name(each) in wanted]


def measured(options):
    wanted = chosen(servers.ALL, options.servers, lambda each: each.name)
    missing = {each.name: each.missing() for each in wanted if each.missing()}
    for name, what in missing.items():
        measure.say(f"{name} is left out; missing: {what}")
    there = [each for each in wanted if each.name not in missing]
    if not there:
        sys.exit("there is no server to measure")
    # Every connection is a descriptor, of the server as well.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    result = {
        "date": measure.today(),
        "machine": measure.machine(),
        "load": measure.load(),
        "seconds": options.seconds,
        "versions": {each.name: each.version() for each in there},
        "missing": missing,
    }
    kinds = chosen(shapes.SHAPES, options.shapes, lambda each: each.key)
    result["runs"] = measure.measure(there, kinds, options.rounds, options.seconds, options.small)
    return result


def main():
    options = arguments()
    if options.from_json:
        result = json.loads(options.json.read_text(encoding="utf-8"))
    else:
        result = measured(options)
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        measure.say(f"wrote {options.json}")
    if options.page:
        png = options.page.parent / page.PLOT
        if plot.missing():
            measure.say(f"no plot; missing: {plot.missing()}")
        else:
            plot.draw(result, png)
            measure.say(f"wrote {png}")
        result["plotted"] = png.exists()
        page.write(options.page, result)
        measure.say(f"wrote {options.page}")
    bad = [run for run in result["runs"] if not run["report"].get("verified")]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
