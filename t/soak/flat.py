"""What counts as flat, and its picture.

A series is flat if the median of its last quarter is at most 5 % and a fixed amount above that of its second quarter.
The first quarter is for what grows once, such as buffers and the pools of an allocator; medians, as the moments in
which two generations of children are there are no growth. The figures of the whole are judged so over the whole time,
those of each child that lived long enough over its own life.
"""

import statistics
import subprocess

SHARE = 0.05
KB, MB = 1 << 10, 1 << 20

# Of the whole: what is beside the 5 %. A descriptor that the parent does not close is there for good.
WHOLE = {
    "segment_used": 256 * KB,
    "children_rss": 4 * MB,
    "children_anonymous": 4 * MB,
    "children_fds": 100,
    "parent_anonymous": 1 * MB,
    "parent_fds": 0,
}
# Of one child. Its share of the sessions changes with each child that is killed beside it: what each connection more
# may take is permitted too.
ONE_CHILD = {"rss": 2 * MB, "anonymous": 2 * MB}
CONNECTION = 16 * KB
# A young child has seen too little to show anything.
LEAST_LIFE = 150


def quarters(values):
    """Medians of the second and the last quarter."""
    quarter = len(values) // 4
    if quarter == 0:
        raise ValueError(f"{len(values)} samples are too few to tell")
    return statistics.median(values[quarter : 2 * quarter]), statistics.median(values[-quarter:])


def fault(name, values, beside=0):
    """What is wrong with a series, as a sentence; None if it is flat. `beside`: what is permitted beside the 5 %."""
    before, after = quarters(values)
    # The parent has so few descriptors that 5 % of them would be none, or one too many.
    allowed = before * (1 + SHARE) + beside if beside else before
    if after <= allowed:
        return None
    return f"{name} is not flat: {shown(name, before)} in the second quarter, {shown(name, after)} in the last"


def shown(name, value):
    return f"{value:.0f}" if "fds" in name or "sessions" in name else f"{value / MB:.2f} MB"


def witnesses(lives, seconds):
    """Those children that lived for a sixth of the time at least: {pid: samples}, without those of their end."""
    least = max(LEAST_LIFE, seconds / 6)
    return {pid: life[:-2] for pid, life in lives.items() if life[-1]["seconds"] - life[0]["seconds"] >= least}


def faults(samples, lives, seconds):
    found = [fault(name, [one[name] for one in samples], beside) for name, beside in WHOLE.items()]
    for pid, life in witnesses(lives, seconds).items():
        before, after = quarters([one["fds"] for one in life])
        more = max(0, after - before) * CONNECTION
        found += [fault(f"{name} of child {pid}", [one[name] for one in life], beside + more)
                  for name, beside in ONE_CHILD.items()]  # fmt: skip
    return [one for one in found if one]


def table(samples):
    yield "| | second quarter | last quarter |"
    yield "|---|---|---|"
    for name in (*WHOLE, "sessions"):
        before, after = quarters([one[name] for one in samples])
        yield f"| {name.replace('_', ' ')} | {shown(name, before)} | {shown(name, after)} |"


# --- the picture --------------------------------------------------------------------------------------------------

PANELS = (
    ("Children: resident memory, MB",
     (("children_rss", "together", 1 / MB), ("children_anonymous", "of it private", 1 / MB))),
    ("Parent: private memory, MB", (("parent_anonymous", "private", 1 / MB),)),
    ("Store: memory in use, MB", (("segment_used", "in use", 1 / MB),)),
    ("Open files", (("children_fds", "children", 1), ("parent_fds", "parent", 1))),
    ("Sessions, and deliveries a second", (("sessions", "sessions", 1), ("deliveries", "deliveries/s", 1))),
    ("CPU of all children, per cent of one", (("cpu", "CPU", 1),)),
)
COLOURS = ("#4878a8", "#e08040")


def _panel(number, title, curves, samples, restarts):
    blocks, plots = [], []
    for place, (name, label, scale) in enumerate(curves):
        rows = "\n".join(f"{one['seconds'] / 60:.3f} {one[name] * scale:g}" for one in samples)
        blocks.append(f"$d{number}_{place} << EOD\n{rows}\nEOD\n")
        plots.append(f"$d{number}_{place} using 1:2 with lines linewidth 1.5 linecolor rgb '{COLOURS[place]}' "
                     f"title '{label}'")  # fmt: skip
    arrows = "".join(f"set arrow from {at / 60:.3f}, graph 0 to {at / 60:.3f}, graph 1 nohead "
                     "linecolor rgb '#a0a0a0'\n" for at in restarts)  # fmt: skip
    return f"{''.join(blocks)}set title '{title}'\n{arrows}plot {', '.join(plots)}\nunset arrow\n"


def draw(samples, restarts, title, png):
    panels = "".join(_panel(number, title, curves, samples, restarts) for number, (title, curves) in enumerate(PANELS))
    script = f"""set terminal png size 1200,1000 noenhanced font 'DejaVu Sans,10'
set output '{png}'
set yrange [0:*]
set grid ytics
set key below
set multiplot layout 3,2 title '{title}; grey: graceful restart'
{panels}unset multiplot
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
