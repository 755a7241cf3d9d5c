"""Which children held connections while something ran."""

import threading

from steps import children_figures
from tap import Failure, diag


class ChildrenSeen:
    """In the block: `pids` of all children that have had an adopted connection."""

    def __init__(self, server):
        self.server = server
        self.pids = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._ended.wait(0.1):
            try:
                figures = children_figures(self.server)
            except OSError:
                continue
            self.pids.update(pid for pid, figure in figures.items() if figure["connections"])

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def on_all_children(server, action, tries=4):
    """Until each child has held connections of one run: the kernel picks a child for each connection."""
    for _ in range(tries):
        with ChildrenSeen(server) as seen:
            action()
        if seen.pids == set(server.children()):
            return
        diag(f"only {sorted(seen.pids)} of {sorted(server.children())} had connections: again")
    raise Failure(f"after {tries} runs not all children have had connections")
