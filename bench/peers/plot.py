"""Draws the servers side by side, with gnuplot."""

import shutil
import subprocess

from measure import summaries

TRANSPORTS = (("long-polling", "#4878a8"), ("websocket", "#e08040"))
LABELS = {"cometd-nodejs-server": "cometd-nodejs"}
PANELS = (
    ("Deliveries/s, 1 to 1,000 (more is better)", "fanout-1000", "deliveries_per_second", 1),
    ("CPU seconds per million deliveries, 1 to 1,000", "fanout-1000", "server_cpu_seconds_per_million", 1),
    ("p99 in ms, 1,000 subscribers, 10 messages/s", "latency-1000", "latency_p99_us", 1e-3),
    ("KB per idle session, 10,000 sessions", "idle", "bytes_per_connect", 1 / 1024),
)


def missing():
    return None if shutil.which("gnuplot") else "gnuplot: apt-get install gnuplot-nox"


def _panel(title, found, shape, name, scale, servers):
    """A data block of one line a server: its name, then median, lowest and highest of each transport."""
    block = []
    for server in servers:
        cells = [f'"{LABELS.get(server, server)}"']
        for transport, _ in TRANSPORTS:
            summary = found.get((shape, server, transport))
            median = summary.median(name) if summary else None
            low, high = summary.spread(name) if median is not None else (None, None)
            cells += ["NaN" if value is None else f"{value * scale:g}" for value in (median, low, high)]
        block.append(" ".join(cells))
    data = "\n".join(block)
    columns = ", ".join(
        f"$data using {3 * i + 2}:{3 * i + 3}:{3 * i + 4}:xtic(1) title '{transport}' linecolor rgb '{colour}'"
        for i, (transport, colour) in enumerate(TRANSPORTS)
    )
    return f"$data << EOD\n{data}\nEOD\nset title '{title}'\nplot {columns}\nundefine $data\n"


def script(result, png):
    found = summaries(result["runs"])
    servers = list(dict.fromkeys(run["server"] for run in result["runs"]))
    panels = "".join(_panel(title, found, shape, name, scale, servers) for title, shape, name, scale in PANELS
                     if any(key[0] == shape for key in found))  # fmt: skip
    return f"""set terminal png size 1200,800 noenhanced font 'DejaVu Sans,11'
set output '{png}'
set style data histograms
set style histogram errorbars gap 1 linewidth 1
set style fill solid 0.9
set boxwidth 0.9
set yrange [0:*]
set grid ytics
set key above right
set format y '%.0f'
set multiplot layout 2,2
{panels}unset multiplot
"""


def draw(result, png):
    subprocess.run(["gnuplot"], input=script(result, png), text=True, check=True)
