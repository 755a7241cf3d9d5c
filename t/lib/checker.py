#!/usr/bin/env python3
"""The delivery checker: a load of publishers and subscribers that counts every message.

    with Load(server, subscribers=100, publishers=5, rate=200) as load:
        ...                               # graceful, kill -9, ...
    report = load.report                  # after the last message was waited for

The load runs in a process of its own. Its clients behave as cometd.js does: a connect that fails is sent again with the
same clientId, on a new connection; an answer 402 or the advice to shake hands means that the session is lost, which
counts and ends that client's part. A publish that was sent on a kept connection which ended without a byte of an
answer is sent again once, as browsers do: a server that closes a connection has not handled what it does not answer.
With retry_publishes=False it counts as `uncertain` instead, as when a child was killed: it may arrive or not.

Messages are numbered by publisher. What a subscriber lacks in the end is
- `lost_in_flight`, if it may have been in a reply that a dying child was sending: a whole piece of the publisher's
  numbers between what came last before a broken connect and what came first behind it, the last of them published
  shortly before the break or taken by that connect as it arrived;
- `lost` otherwise.
"""

import bisect
import heapq
import json
import selectors
import subprocess
import sys
import time

from load_clients import Publisher, Subscriber

# A reply follows its reason within milliseconds: what was published earlier was in an earlier reply, or still queued.
IN_FLIGHT = 1.5
ANSWER_DEADLINE = 45.0


class Engine:
    """The load itself: one thread, one selector."""

    def __init__(self, options):
        self.port = options["port"]
        self.path = options["path"]
        self.options = options
        self.selector = selectors.DefaultSelector()
        self.counts = {}
        self.notes = []
        self.timers = []
        self.ticket = 0
        self.next_look = 0.0
        channels = self.channels = [f"/load/{n}" for n in range(options["channels"])]
        period = options["publishers"] / options["rate"]
        self.publishers = [
            Publisher(self, f"p{n}", channels, period, options["retry_publishes"]) for n in range(options["publishers"])
        ]
        self.subscribers = [
            Subscriber(self, f"s{n}", channels[n % len(channels)]) for n in range(options["subscribers"])
        ]

    def count(self, name, by=1):
        self.counts[name] = self.counts.get(name, 0) + by

    def slowest(self, name, seconds):
        self.counts[name] = max(self.counts.get(name, 0.0), seconds)

    def note(self, text):
        if len(self.notes) < 40:
            self.notes.append(f"{time.time():.3f} {text}")

    def later(self, seconds, action):
        self.ticket += 1
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.ticket, action))

    def turn(self, longest=0.1):
        now = time.monotonic()
        wait = min(longest, max(0.0, self.timers[0][0] - now)) if self.timers else longest
        for key, _ in self.selector.select(wait):
            if key.data is None:
                self.command()
            elif key.data.sock is not None:
                key.data.readable()
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            heapq.heappop(self.timers)[2]()
        if now > self.next_look:
            self.next_look = now + 0.5
            self.look_at_deadlines(now)

    def look_at_deadlines(self, now):
        for session in (*self.subscribers, *self.publishers):
            if session.http.pending is not None and now - session.sent_at > ANSWER_DEADLINE:
                self.count("unanswered")
                self.note(f"{session.name}: no answer in {ANSWER_DEADLINE} s")
                session.http.inbuf = session.http.inbuf or b"?"  # whatever happened, do not take it for a kept one
                session.http.fail()

    def command(self):
        if not sys.stdin.readline():
            self.stopping = True

    def until(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.turn(0.02)
        return condition()

    def run(self):
        self.stopping = False
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        everybody = [*self.subscribers, *self.publishers]
        self.begin(everybody)
        self.until(lambda: self.counts.get("ready", 0) == len(everybody) or self.stopping, 60)
        ready = self.counts.get("ready", 0)
        print("ready" if ready == len(everybody) else f"only {ready} ready: {self.notes}", flush=True)
        for number, publisher in enumerate(self.publishers):
            publisher.due = time.monotonic()
            self.later(publisher.period * number / len(self.publishers), publisher.publish_next)
        while not self.stopping:
            self.turn()
        self.selector.unregister(sys.stdin)
        self.wind_up()
        print(json.dumps(self.report()), flush=True)

    def begin(self, everybody):
        for session in everybody:
            session.start()

    def wind_up(self):
        for publisher in self.publishers:
            publisher.stopping = True
        self.until(lambda: all(p.current is None for p in self.publishers if p.alive), ANSWER_DEADLINE)
        # A last one on each channel tells apart what is missing from what has not come yet.
        for channel in self.channels:
            for publisher in self.publishers:
                if publisher.alive:
                    publisher.publish_on(channel)
            self.until(lambda: all(p.current is None for p in self.publishers if p.alive), ANSWER_DEADLINE)
        totals = {s: self.published_on(s.channel) for s in self.subscribers}
        self.until(lambda: all(s.has_all(totals[s]) for s in totals if s.alive), self.options["patience"])
        self.settle_missing()
        self.say_goodbye(self.subscribers)
        closers = [p.finish() for p in self.publishers if p.alive and p.client_id]
        self.until(lambda: all(c.done for c in closers), 20)

    def say_goodbye(self, subscribers):
        for subscriber in subscribers:
            subscriber.finish()
        self.until(lambda: all(s.closer is None or s.closer.done for s in subscribers), 20)

    def published_on(self, channel):
        return {p.name: p.numbers[channel] for p in self.publishers}

    def lacking(self):
        """{(publisher, channel, number): those who lack it}, in order."""
        found = {}
        for subscriber in self.subscribers:
            if not subscriber.alive:
                continue
            for publisher, number in subscriber.missing(self.published_on(subscriber.channel)):
                found.setdefault((publisher, subscriber.channel, number), []).append(subscriber)
        return dict(sorted(found.items()))

    def settle_missing(self):
        """Tells lost from lost in flight. An uncertain publish counts only for those of its subscribers who differ."""
        by_name = {p.name: p for p in self.publishers}
        members = {}
        for subscriber in self.subscribers:
            members.setdefault(subscriber.channel, []).append(subscriber)
        for (publisher, channel, number), lacking in self.lacking().items():
            alive = [s for s in members[channel] if s.alive]
            if (channel, number) in by_name[publisher].uncertain and len(lacking) == len(alive):
                self.count("never_accepted")
                continue
            published = by_name[publisher].times[(channel, number)]
            for subscriber in lacking:
                self._judge(subscriber, publisher, number, published)

    def _judge(self, subscriber, publisher, number, published):
        times = [when for when, _ in subscriber.breaks]
        place = bisect.bisect_left(times, published)
        # The first break behind the publish: an earlier reply had it, or that one was to have it.
        if place < len(times):
            when, sent = subscriber.breaks[place]
            if when - max(published, sent) < IN_FLIGHT:
                self.count("lost_in_flight")
                return
        self.count("lost")
        self.note(f"{subscriber.name}: lost {publisher} {number} published {published:.3f}, breaks {subscriber.breaks}")

    def report(self):
        report = dict.fromkeys(("delivered", "acknowledged", "lost", "lost_in_flight", "doubled", "out_of_order",
                                "sessions_lost", "bad_status", "refused", "unanswered", "connect_failures",
                                "publish_failures", "publishes_retried", "never_accepted"), 0)  # fmt: skip
        report.update(self.counts)
        report["published"] = sum(sum(p.numbers.values()) for p in self.publishers)
        report["uncertain"] = sum(len(p.uncertain) for p in self.publishers)
        report["notes"] = self.notes
        return report


class Load:
    """Runs an Engine in a process of its own. After the block, `report` is a dict; see Engine.report()."""

    program = __file__

    def __init__(self, server, *, subscribers=100, publishers=5, rate=200, channels=20, path="/bayeux",
                 retry_publishes=True, patience=30):  # fmt: skip
        self.options = {"port": server.port, "path": path, "subscribers": subscribers, "publishers": publishers,
                        "rate": rate, "channels": channels, "retry_publishes": retry_publishes,
                        "patience": patience}  # fmt: skip
        self.report = None
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, self.program, json.dumps(self.options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        said = self._process.stdout.readline().strip()
        if said != "ready":
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the load did not begin: {said}")
        return self

    def running(self):
        return self._process.poll() is None

    def __exit__(self, kind, *_):
        try:
            output, _ = self._process.communicate(timeout=5 if kind else 180)
            self.report = json.loads(output)
        except (subprocess.TimeoutExpired, ValueError):
            self._process.kill()
            self._process.communicate()
            if kind is None:
                raise


if __name__ == "__main__":
    Engine(json.loads(sys.argv[1])).run()
