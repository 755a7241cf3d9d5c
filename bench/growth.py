#!/usr/bin/env python3
"""How the cost of a delivery grows with sessions and channels: the curves of docs/performance.md.

Four looks at the same: instructions and CPU time of the module's own code (t/cost/delivery_cost, clients in memory), the
CPU time of all children of a real server, the kernel's part included, and as a yardstick that of a server which only sends
to as many sockets (t/cost/bare_delivery). Needs `make programs`, valgrind and gnuplot.
"""

import argparse
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "t" / "cost"), str(TOP / "bench" / "peers")]
import measure  # noqa: E402
import servers  # noqa: E402
from callgrind import Bare, Crowd, instructions, nanoseconds  # noqa: E402
from shapes import Shape  # noqa: E402

BEGIN = "<!-- growth: begin. Everything between these marks is written by bench/growth.py -->"
END = "<!-- growth: end -->"
PLOT = "images/growth.png"
PAGE = TOP / "docs" / "performance.md"
TRANSPORTS = (("long-polling", "#4878a8"), ("websocket", "#e08040"))
PALE = {"long-polling": "#a8c8e8", "websocket": "#f0c8a0"}
SECONDS = 3


def rooms(sessions):
    return Crowd(sessions=sessions, channels=sessions // 10, room=10)


def fan_out(sessions):
    return Crowd(sessions=sessions, channels=1, room=sessions, rounds=max(2, 2000 // sessions), warmup=2)


def channels(count):
    return Crowd(sessions=1000, channels=count, room=10, wildcards=5)


CURVES = (
    ("sessions, in rooms of ten", (100, 1000, 10000), rooms),
    ("subscribers of one channel", (100, 1000, 10000), fan_out),
    ("channels, and patterns", (10, 1000, 100000), channels),
)


def long(crowd):
    """The same for the clock: everything has been touched before, and it takes a while."""
    return replace(crowd, rounds=max(2, 20000 // crowd.room), warmup=max(crowd.warmup, 2 * crowd.channels))


def model(rounds):
    """{(curve, size, transport): (instructions, nanoseconds)}. The least time of some: a disturbance only adds."""
    found = {}
    times = {}
    for number in range(rounds):
        for name, sizes, crowd_of in CURVES:
            for size in sizes:
                for transport, _ in TRANSPORTS:
                    crowd = replace(crowd_of(size), transport=transport)
                    key = (name, size, transport)
                    times[key] = min(nanoseconds(long(crowd)), times.get(key, float("inf")))
                    found[key] = (instructions(crowd), times[key])
        measure.say(f"own code: {number + 1} of {rounds}")
    return found


def crowds():
    """How many sessions a server may have here."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 100, 1000, min(10000, (hard - 500) // 1000 * 1000)


def served(rounds):
    """{(size, transport): (CPU seconds of all children for a million deliveries, those of bare sockets)}"""
    found = {}
    for number in range(rounds):
        for size in crowds():
            shape = Shape(f"rooms-{size}", "", "", "fanout",
                          {"subscribers": size, "rooms": size // 10, "payload": 100, "window": 8})  # fmt: skip
            for transport, _ in TRANSPORTS:
                with servers.Httpd() as server:
                    report = measure.bench(server, shape, transport, SECONDS, False)
                if not report.get("verified"):
                    sys.exit(f"{size} sessions, {transport}: {measure.headline(report)}")
                costs = report["server_cpu_seconds_per_million"], nanoseconds(Bare(transport, size)) / 1000
                found[size, transport] = tuple(map(min, costs, found.get((size, transport), costs)))
        measure.say(f"server: {number + 1} of {rounds}")
    return found


# --- the page -----------------------------------------------------------------------------------------------------


def rows(own, server):
    yield "| what grows | from … to | transport | instructions | own code, µs | server, µs | bare sockets, µs |"
    yield "|---|---|---|---|---|---|---|"
    for name, sizes, _ in CURVES:
        for transport, _ in TRANSPORTS:
            cells = [own[name, size, transport] for size in sizes]
            counted = " · ".join(f"{cell[0]:,.0f}" for cell in cells) + f" (× {cells[-1][0] / cells[0][0]:.2f})"
            timed = " · ".join(f"{cell[1] / 1000:.2f}" for cell in cells) + f" (× {cells[-1][1] / cells[0][1]:.2f})"
            real = bare = ""
            if name == CURVES[0][0] and server:
                pairs = [pair for (_, spoken), pair in sorted(server.items()) if spoken == transport]
                real, bare = (" · ".join(f"{cost:.1f}" for cost in costs) + f" (× {costs[-1] / costs[0]:.2f})"
                              for costs in zip(*pairs))  # fmt: skip
            yield (f"| {name} | {' · '.join(f'{size:,}' for size in sizes)} | {transport} | {counted} | {timed} | "
                   f"{real} | {bare} |")  # fmt: skip


def draw(own, server, png):
    panels = []
    for name, sizes, _ in CURVES:
        parts = []
        for transport, colour in TRANSPORTS:
            for column, style, what in ((0, "lines", "instructions"), (1, "linespoints pointtype 7", "time")):
                first = own[name, sizes[0], transport][column]
                data = "\n".join(f"{size} {own[name, size, transport][column] / first}" for size in sizes)
                block = f"$d{len(panels)}_{len(parts)}"
                parts.append((block, data, f"using 1:2 with {style} linewidth 2 linecolor rgb '{colour}' "
                              f"title '{transport}, {what}'"))  # fmt: skip
            costs = sorted((size, pair[0]) for (size, spoken), pair in server.items() if spoken == transport)
            if name == CURVES[0][0] and costs:
                data = "\n".join(f"{size} {cost / costs[0][1]}" for size, cost in costs)
                parts.append((f"$d{len(panels)}_{len(parts)}", data, "using 1:2 with linespoints pointtype 5 "
                              f"linewidth 2 linecolor rgb '{PALE[transport]}' title '{transport}, time of a server'"))  # fmt: skip
        blocks = "".join(f"{block} << EOD\n{data}\nEOD\n" for block, data, _ in parts)
        plots = ", ".join(f"{block} {how}" for block, _, how in parts)
        panels.append(f"{blocks}set xlabel '{name}'\nplot {plots}, 1.5 with lines linewidth 1 "
                      "linecolor rgb '#808080' notitle\n")  # fmt: skip
    script = f"""set terminal png size 1200,400 noenhanced font 'DejaVu Sans,10'
set output '{png}'
set logscale x
set format x '%.0f'
set yrange [0:2.5]
set grid ytics
set key bottom left
set multiplot layout 1,{len(panels)} title 'Cost of a delivery, times that of the smallest crowd'
{"".join(panels)}unset multiplot
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def write(own, server):
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    table = "\n".join(rows(own, server))
    where = f"Measured {measure.today()}: {measure.machine()}, one-minute load {measure.load():.1f} at the end."
    picture = f"![How the cost of a delivery grows]({PLOT})\n\n" if (PAGE.parent / PLOT).exists() else ""
    PAGE.write_text(f"{head}\n\n{table}\n\n{where}\n\n{picture}{tail}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, 3 unless told; the best one counts")
    parser.add_argument("--no-server", action="store_true", help="only the module's own code")
    options = parser.parse_args()
    own = model(options.rounds)
    server = {} if options.no_server else served(options.rounds)
    if shutil.which("gnuplot"):
        draw(own, server, PAGE.parent / PLOT)
    else:
        measure.say("no plot; missing: gnuplot: apt-get install gnuplot-nox")
    write(own, server)
    print("\n".join(rows(own, server)))


if __name__ == "__main__":
    main()
