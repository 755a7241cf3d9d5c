"""The delivery checker on mixed transports with ack: see checker.py for what is counted, and mixed_clients.py.

    with MixedLoad(server, cut_every=0.05) as load:
        ...                               # graceful, kill -9, ...
    report = load.report                  # "strange" counts what came to somebody for whom it was not
"""

import json
import random
import sys
import time

import checker
from mixed_clients import MixedPublisher, MixedSubscriber, Stranger

WAYS = ("both", "poll", "socket")


class Engine(checker.Engine):
    def __init__(self, options):
        super().__init__({**options, "subscribers": 0, "publishers": 0})
        self.options = options
        random.seed(options["seed"])
        period = options["publishers"] / options["rate"]
        self.publishers = [
            MixedPublisher(self, f"p{n}", self.channels, period, WAYS[n % 3], self.path)
            for n in range(options["publishers"])
        ]
        width = len(self.channels)
        self.listeners = [
            MixedSubscriber(self, f"s{n}", self.channels[n % width], WAYS[n // width % 3], self.path)
            for n in range(options["subscribers"])
        ]
        strangers = [
            Stranger(self, f"x{n}", channel, WAYS[n % 3], path)
            for n, (channel, path) in enumerate(
                [("/**", options["other_path"]), ("/load/*", options["other_path"])] * 3
                + [("/loads/**", self.path), ("/load/0/**", self.path), ("/load/none", self.path)] * 2
            )
        ]
        self.subscribers = self.listeners + strangers
        self.next_cut = 0.0

    def turn(self, longest=0.1):
        now = time.monotonic()
        if self.options["cut_every"] and now > self.next_cut and not self.stopping:
            self.next_cut = now + self.options["cut_every"]
            random.choice(self.listeners).cut()
        super().turn(min(longest, self.options["cut_every"] or longest))

    def published_on(self, channel):
        return {p.name: p.numbers[channel] for p in self.publishers} if channel in self.channels else {}

    def report(self):
        return {"strange": 0, "cuts": 0, "moves": 0, "upgrades_refused": 0, "superseded": 0, **super().report()}


class MixedLoad(checker.Load):
    program = __file__

    def __init__(self, server, *, other_path, cut_every=0.05, seed=42, **options):
        super().__init__(server, retry_publishes=False, **options)
        self.options.update(other_path=other_path, cut_every=cut_every, seed=seed)


if __name__ == "__main__":
    Engine(json.loads(sys.argv[1])).run()
