#!/usr/bin/env python3
"""The delivery checker itself: it must see what is lost, doubled or out of order, and what may be in flight."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from checker import IN_FLIGHT, Engine  # noqa: E402
from tap import equal, run, test  # noqa: E402


def engine(count):
    """A load of one publisher and two subscribers that talks to nobody: `count` messages, one each second."""
    load = Engine({"port": 0, "path": "/", "channels": 1, "publishers": 1, "subscribers": 2, "rate": 1,
                   "retry_publishes": False, "patience": 0})  # fmt: skip
    publisher = load.publishers[0]
    publisher.numbers["/load/0"] = count
    publisher.times = {("/load/0", n): 100.0 + n for n in range(count)}
    return load


def give(subscriber, *numbers):
    for number in numbers:
        subscriber.take_event({"data": {"p": "p0", "n": number}})


def counted(load):
    load.settle_missing()
    report = load.report()
    return {name: report[name] for name in ("lost", "lost_in_flight", "doubled", "out_of_order", "never_accepted")
            if report[name]}  # fmt: skip


@test("all messages to both: nothing to complain about")
def _():
    load = engine(5)
    for subscriber in load.subscribers:
        give(subscriber, 0, 1, 2, 3, 4)
    equal(counted(load), {})


@test("one that is missing in the middle is lost, one at the end too")
def _():
    load = engine(5)
    give(load.subscribers[0], 0, 1, 3, 4)
    give(load.subscribers[1], 0, 1, 2, 3)
    equal(counted(load), {"lost": 2})


@test("one that comes twice is doubled")
def _():
    load = engine(3)
    give(load.subscribers[0], 0, 1, 1, 2)
    give(load.subscribers[1], 0, 1, 2, 0)
    equal(counted(load), {"doubled": 2})


@test("one that comes late is out of order, once; a second time it is doubled")
def _():
    load = engine(4)
    give(load.subscribers[0], 0, 2, 1, 3, 1)
    give(load.subscribers[1], 0, 1, 2, 3)
    equal(counted(load), {"out_of_order": 1, "doubled": 1})


@test("missing, and its connect broke just behind the publish: in flight")
def _():
    load = engine(4)
    give(load.subscribers[0], 0, 1, 3)
    give(load.subscribers[1], 0, 1, 2, 3)
    load.subscribers[0].breaks = [(102.1, 101.5)]
    equal(counted(load), {"lost_in_flight": 1})


@test("missing, and taken by a connect that came late and broke at once: in flight")
def _():
    load = engine(9)
    give(load.subscribers[0], 0, 1, 3, 4, 5, 6, 7, 8)
    give(load.subscribers[1], *range(9))
    load.subscribers[0].breaks = [(108.5, 108.4)]
    equal(counted(load), {"lost_in_flight": 1})


@test("missing, and its connect broke long behind the publish: lost")
def _():
    load = engine(9)
    give(load.subscribers[0], 0, 1, 3, 4, 5, 6, 7, 8)
    give(load.subscribers[1], *range(9))
    load.subscribers[0].breaks = [(102.0 + IN_FLIGHT + 0.1, 101.0)]
    equal(counted(load), {"lost": 1})


@test("missing, and its connect broke before the publish: lost")
def _():
    load = engine(4)
    give(load.subscribers[0], 0, 1, 3)
    give(load.subscribers[1], 0, 1, 2, 3)
    load.subscribers[0].breaks = [(101.9, 101.5)]
    equal(counted(load), {"lost": 1})


@test("an uncertain publish that nobody got was never accepted; one that half of them got is lost for the others")
def _():
    load = engine(4)
    load.publishers[0].uncertain = {("/load/0", 1), ("/load/0", 2)}
    give(load.subscribers[0], 0, 2, 3)
    give(load.subscribers[1], 0, 3)
    equal(counted(load), {"never_accepted": 1, "lost": 1})


run()
