"""Looks at a server every few seconds, and writes down what it sees."""

import csv
import http.client
import threading
import time

import procs

WHOLE = ("seconds", "children", "sessions", "settled", "deliveries", "segment_used", "children_rss",
         "children_anonymous", "children_fds", "cpu", "parent_anonymous", "parent_fds", "event")  # fmt: skip
CHILD = ("seconds", "pid", "rss", "anonymous", "shared", "fds", "cpu")


def look_at(pid):
    """Memory in bytes, descriptors, CPU seconds; None if it has gone."""
    try:
        memory = procs.memory_of(pid)
        return {"pid": pid, "rss": memory["VmRSS"], "anonymous": memory["RssAnon"], "shared": memory["RssShmem"],
                "fds": procs.file_count(pid), "cpu": procs.cpu_seconds(pid)}  # fmt: skip
    except (OSError, KeyError):  # one that is ending has no memory any more
        return None


class Sampler(threading.Thread):
    """`samples` are those of the whole, `lives` those of each child by its pid. Both are also in files."""

    def __init__(self, server, load, every, output):
        super().__init__(daemon=True)
        self.server = server
        self.load = load
        self.every = every
        self.ended = threading.Event()
        self.samples = []
        self.lives = {}
        self.events = []
        self.failure = None
        self._cpu = {}
        self._delivered = 0
        self._begun = self._last = time.monotonic()
        self._files = [open(output.with_suffix(end), "w", encoding="ascii") for end in (".csv", ".children.csv")]
        self._tables = [csv.DictWriter(file, names) for file, names in zip(self._files, (WHOLE, CHILD))]
        for table in self._tables:
            table.writeheader()

    def note(self, event):
        self.events.append(event)

    def run(self):
        try:
            while not self.ended.wait(max(0.0, self._last + self.every - time.monotonic())):
                self._sample()
        except Exception as error:  # the one who began it will tell
            self.failure = error

    def end(self):
        self.ended.set()
        self.join()
        for file in self._files:
            file.close()
        if self.failure is not None:
            raise self.failure

    def _sample(self):
        now = time.monotonic()
        seconds, took, self._last = round(now - self._begun, 1), now - self._last, now
        children = [one for one in map(look_at, self.server.children()) if one]
        parent = look_at(self.server.pid)
        state = self._state()
        told = self.load.tell()
        busy = 0.0
        for one in children:
            one["seconds"] = seconds
            busy += one["cpu"] - self._cpu.get(one["pid"], 0.0)
            self._cpu[one["pid"]] = one["cpu"]
            self.lives.setdefault(one["pid"], []).append(one)
            self._tables[1].writerow(one)
        delivered = told.get("delivered", 0)
        events, self.events = self.events, []
        if state:
            self.samples.append({
                "seconds": seconds, "children": len(children), "sessions": int(state["BayeuxSessions"]),
                "settled": told["settled"], "deliveries": round((delivered - self._delivered) / took, 1),
                "segment_used": int(state["BayeuxMemoryUsed"]), "cpu": round(100 * busy / took, 1),
                "parent_anonymous": parent["anonymous"], "parent_fds": parent["fds"], "event": "; ".join(events),
                **{f"children_{name}": sum(one[name] for one in children) for name in ("rss", "anonymous", "fds")},
            })  # fmt: skip
            self._tables[0].writerow(self.samples[-1])
        self._delivered = delivered
        for file in self._files:
            file.flush()

    def _state(self):
        """A child that was asked may have been killed."""
        for _ in range(3):
            try:
                return self.server.status()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        return None
