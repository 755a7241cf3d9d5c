"""Writes what was measured into docs/benchmarks.md, between its two marks."""

import textwrap

import shapes
from measure import summaries

BEGIN = "<!-- measured: begin. Everything between these marks is written by `make bench` -->"
END = "<!-- measured: end -->"
OURS = "mod_bayeux"
PLOT = "images/benchmarks.png"


def _number(value, decimals=0):
    return "" if value is None else f"{value:,.{decimals}f}"


def _ranged(summary, name, decimals=0, scale=1.0):
    """The median, and the range that it was found in."""
    median, spread = summary.median(name), summary.spread(name)
    if median is None:
        return ""
    low, high = (_number(value * scale, decimals) for value in spread)
    middle = _number(median * scale, decimals)
    return middle if low == high else f"{middle} ({low} to {high})"


def _ratio(summary, ours, name):
    """How many times more this is with our server over the same transport."""
    if ours is None or not ours.median(name) or not summary.median(name):
        return ""
    return f"{ours.median(name) / summary.median(name):.1f}"


def _rates(what):
    def row(shape, summary, ours):
        yield f"{what}/s", _ranged(summary, f"{what}_per_second")
        if shape.races:
            yield "mod_bayeux to it", _ratio(summary, ours, f"{what}_per_second")
        if shape.scenario == "fanout":
            yield "messages a reply", _number(summary.median("events_per_reply"), 1) if summary.polled else ""
        yield "CPU s per million", _ranged(summary, "server_cpu_seconds_per_million", 1)
        for quantile in ("p50", "p90", "p99", "p999", "max"):
            name = f"latency_{quantile}_us"
            yield f"{quantile.replace('p999', 'p99.9')} ms", _number(_scaled(summary.median(name), 1e-3), 2)
        yield "load program", _number(_scaled(summary.median("bench_cpu_share"), 100)) + " %"

    return row


def _memory(_shape, summary, _ours):
    yield "KB a session", _ranged(summary, "bytes_per_connect", 1, 1 / 1024)
    yield "of it shared memory", _number(_scaled(summary.median("segment_per_connect"), 1 / 1024), 1)
    yield "after a message", _ranged(summary, "bytes_per_connect_polled", 1, 1 / 1024)
    yield "CPU while idle, %", _number(_scaled(summary.median("rest_cpu_share"), 100), 2)
    yield "all reached within ms", _ranged(summary, "latency_max_us", 0, 1e-3)


def _scaled(value, factor):
    return None if value is None else value * factor


_ROWS = {"fanout": _rates("deliveries"), "publish": _rates("publishes"), "get": _rates("requests"), "idle": _memory}


def _table(shape, found):
    keys = [key for key in found if key[0] == shape.key]
    rows = []
    head = None
    for key in keys:
        summary = found[key]
        name = f"{key[1]}, {key[2]}" if shape.scenario != "get" else "httpd"
        if not summary.complete:
            rows.append((name, None, summary.fault))
            continue
        cells = list(_ROWS[shape.scenario](shape, summary, found.get((shape.key, OURS, key[2]))))
        head = [title for title, _ in cells]
        rows.append((name, [cell for _, cell in cells], None))
    if head is None:
        return [f"{name}: {fault}" for name, _, fault in rows]
    lines = ["| | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    for name, cells, fault in rows:
        lines.append(f"| {name} | " + " | ".join(cells or [f"failed: {fault}"] + [""] * (len(head) - 1)) + " |")
    return lines


def _to_yardstick(found):
    """Deliveries of our server for each request of a file that the same httpd answers."""
    plain = found.get(("static", OURS, "long-polling"))
    requests = plain.median("requests_per_second") if plain else None
    for transport in ("long-polling", "websocket"):
        ours = found.get(("fanout-1000", OURS, transport))
        rate = ours.median("deliveries_per_second") if ours else None
        if requests and rate:
            yield f"{rate / requests:.1f} over {transport}"


def measured(result):
    """The text between the marks."""
    found = summaries(result["runs"])
    rounds = max(run["round"] for run in result["runs"])
    lines = [BEGIN, "## Measured", ""]
    text = (f"Measured on {result['date']}: {result['machine']}. The load program ran on the same machine; the load "
            f"average was {result['load']:.1f} when it began. Runs of each: {rounds}, {result['seconds']:g} s long. "
            "Medians, and in brackets the lowest and the highest.")  # fmt: skip
    lines += [*textwrap.wrap(text, 120), ""]
    lines += [f"- {name}: {version}" for name, version in result["versions"].items()]
    lines += [f"- {name} was not measured: {why}" for name, why in result["missing"].items()]
    ratios = list(_to_yardstick(found))
    if ratios:
        lines += ["", f"Deliveries from 1 to 1,000 for each request of the yardstick: {', '.join(ratios)}."]
    if result["plotted"]:
        lines += ["", f"![Deliveries, CPU time, latency and memory side by side]({PLOT})"]
    for shape in shapes.SHAPES:
        if any(key[0] == shape.key for key in found):
            lines += ["", f"### {shape.title}", "", f"{shape.text[0].upper()}{shape.text[1:]}.", ""]
            lines += _table(shape, found)
    return "\n".join([*lines, "", END])


def write(page, result):
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the marks around what was measured")
    page.write_text(before + measured(result) + after, encoding="utf-8")
