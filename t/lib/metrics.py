"""The text format of Prometheus, version 0.0.4: read strictly, as a scraper and `promtool check metrics` would."""

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({_NAME})(?:\{{([a-zA-Z_][a-zA-Z0-9_]*)=\"([^\"\\\n]*)\"\}})? (\S+)")
_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "gauge": ("",), "counter": ("",)}


class Metrics(dict):
    """{(name, value of the label, "" without one): number}; `types`: the type of each family."""

    def __init__(self, text):
        super().__init__()
        self.types = {}
        self.labels = {}
        if not text.endswith("\n"):
            raise ValueError("the last line does not end")
        family, helped = None, None
        for line in text.splitlines():
            if found := re.fullmatch(rf"# HELP ({_NAME}) (\S.*)", line):
                helped = found[1]
            elif found := re.fullmatch(rf"# TYPE ({_NAME}) (counter|gauge|histogram)", line):
                family = found[1]
                if family != helped or family in self.types:
                    raise ValueError(f"a family without HELP before it, or in two places: {line}")
                self.types[family] = found[2]
            else:
                self._take(line, family)
        for name, kind in self.types.items():
            if kind == "histogram":
                self._check_histogram(name)
            if (kind == "counter") != name.endswith("_total"):
                raise ValueError(f"{name} is a {kind}")
            if re.search(r"_(ms|millis|ns|micro\w*|kb|mb|kilobytes|percent)(_|$)", name):
                raise ValueError(f"{name} is not in base units")

    def _take(self, line, family):
        found = _SAMPLE.fullmatch(line)
        if found is None or family is None:
            raise ValueError(f"no sample: {line}")
        name, label, value, number = found.groups()
        parts = [family + part for part in _PARTS[self.types[family]]]
        if name not in parts or (name, value or "") in self:
            raise ValueError(f"not of {family}, or twice: {line}")
        self[name, value or ""] = float(number)
        if label is not None:
            self.labels.setdefault(label, set()).add(value)

    def _check_histogram(self, name):
        buckets = [(float(le), count) for (of, le), count in self.items() if of == f"{name}_bucket"]
        if [le for le, _ in buckets] != sorted(le for le, _ in buckets) or buckets[-1][0] != float("inf"):
            raise ValueError(f"the buckets of {name}: {buckets}")
        counts = [count for _, count in buckets]
        if counts != sorted(counts) or counts[-1] != self[f"{name}_count", ""] or (f"{name}_sum", "") not in self:
            raise ValueError(f"the counts of {name}: {buckets}")
