#!/usr/bin/env python3
"""What judges loads: the delivery checker, which must see what is lost, doubled or out of order, and what may be in
flight, also in a crowd that comes and goes; and what the soak takes for flat."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("lib", "soak")]
import crowd_load  # noqa: E402
import flat  # noqa: E402
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


# --- a crowd ------------------------------------------------------------------------------------------------------


def crowd(count):
    """One with ack and one without, both on /load/0; messages as in engine(). Nobody sends anything."""
    load = crowd_load.Engine({"port": 0, "path": "/", "channels": 1, "publishers": 1, "subscribers": 4, "rate": 1,
                              "patience": 0, "churn": 0, "beat": 15, "seed": 1, "other_path": None})  # fmt: skip
    load.listeners = [load.listeners[1], load.listeners[3]]
    publisher = load.publishers[0]
    publisher.numbers["/load/0"] = count
    publisher.times = {("/load/0", n): 100.0 + n for n in range(count)}
    for subscriber in load.listeners:
        subscriber.due = {"p0": 0}
    return load


def hear(subscriber, *numbers):
    for number in numbers:
        subscriber.take_event({"channel": "/load/0", "data": {"p": "p0", "n": number}})


def judged(load):
    found = counted(load)
    return {**found, **{name: load.counts[name] for name in ("forgiven", "unread") if name in load.counts}}


@test("who came late has to get what is published behind its subscription, and may get what was on its way before")
def _():
    load = crowd(8)
    early, late = load.listeners
    early.due = {"p0": 5}
    late.due = {"p0": 5}
    hear(early, 3, 4, 5, 6, 7)
    hear(late, 5, 6, 7)
    equal(judged(load), {})
    load = crowd(8)
    load.listeners[0].due = load.listeners[1].due = {"p0": 5}
    hear(load.listeners[0], 6, 7)
    hear(load.listeners[1], 3, 5, 6, 7)
    equal(judged(load), {"lost": 2})


@test("in flight are only messages to one without ack, when its connection broke")
def _():
    load = crowd(4)
    for subscriber in load.listeners:
        hear(subscriber, 0, 1, 3)
        subscriber.breaks = [(102.1, 101.5)]
    equal(judged(load), {"lost": 1, "lost_in_flight": 1})


@test("what came to one that did not read, until its connection broke, was left unread")
def _():
    load = crowd(6)
    for subscriber in load.listeners:
        hear(subscriber, 0, 1, 4, 5)
        subscriber.breaks = [(110.0, 101.5)]
    equal(judged(load), {"lost": 4})
    load = crowd(6)
    for subscriber in load.listeners:
        hear(subscriber, 0, 1, 4, 5)
        subscriber.breaks = [(110.0, 101.5)]
        subscriber.deaf = [(103.5, 110.0)]
    equal(judged(load), {"lost": 3, "unread": 1})


@test("what was published while the store went is forgiven, what came before or later is not")
def _():
    load = crowd(20)
    load.gone = [[105.0, 106.0]]
    hear(load.listeners[0], *[n for n in range(20) if n not in (5, 6)])
    hear(load.listeners[1], *[n for n in range(20) if n not in (2, 9)])
    equal(judged(load), {"lost": 2, "forgiven": 2})


@test("who has gone is not asked for what came later, but for what is missing in the middle")
def _():
    load = crowd(9)
    hear(load.listeners[0], 0, 1, 3)
    load.listeners[0].left = True
    hear(load.listeners[1], 0, 1)
    load.listeners[1].left = True
    equal(judged(load), {"lost": 1})


@test("a session is lost, unless it was there before its store went")
def _():
    load = crowd(1)
    one, other = load.listeners
    one.born, other.born = 50.0, 200.0
    load.gone = [[100.0, 101.0]]
    one.lose("402")
    other.lose("402")
    equal((load.counts["anew"], load.counts["sessions_lost"]), (1, 1))


# --- what is flat -------------------------------------------------------------------------------------------------


def samples(**changed):
    """Two hundred, every 5 s, each figure a function of its number."""
    usual = {"segment_used": 1 << 20, "children_rss": 60 << 20, "children_anonymous": 40 << 20, "children_fds": 2500,
             "parent_anonymous": 700 << 10, "parent_fds": 27}  # fmt: skip
    return [{"seconds": 5.0 * n, **{name: changed[name](value, n) if name in changed else value
                                    for name, value in usual.items()}} for n in range(200)]  # fmt: skip


def child(anonymous, fds=lambda n: 800):
    return {7: [{"seconds": 5.0 * n, "rss": anonymous(n) + (8 << 20), "anonymous": anonymous(n), "fds": fds(n)}
                for n in range(100)]}  # fmt: skip


@test("flat: noise, what grows once in the beginning, and the peaks of restarts")
def _():
    found = samples(
        segment_used=lambda value, n: value + (n * 7919) % 100000,
        children_rss=lambda value, n: value * (2 if n % 66 < 4 else 1) if n > 20 else value // 2,
    )
    equal(flat.faults(found, child(lambda n: (14 << 20) + min(n, 20) * 100000), 1000), [])


@test("not flat: a descriptor of the parent, 1 KB a second of the parent or the store, 20 KB a second of the children")
def _():
    for name, growth in (("parent_fds", lambda value, n: value + n // 50),
                         ("parent_anonymous", lambda value, n: value + n * 15 * 1024),
                         ("segment_used", lambda value, n: value + n * 5 * 1024),
                         ("children_rss", lambda value, n: value + n * 100 * 1024)):  # fmt: skip
        found = flat.faults(samples(**{name: growth}), {}, 1000)
        equal([fault.split()[0] for fault in found], [name])


@test("not flat: a child that grows though it has no more connections; with more of them it may")
def _():
    def grows(n):
        return (14 << 20) + n * 120000

    equal(len(flat.faults(samples(), child(grows), 1000)), 2)
    equal(flat.faults(samples(), child(grows, lambda n: 500 + 4 * n), 1000), [])
    equal(flat.faults(samples(), child(grows), 10000), [], "too young to tell")


run()
