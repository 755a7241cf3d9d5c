"""The delivery checker for thousands of sessions on all transports, who come, go, vanish, and change their way.

    with Crowd(server, subscribers=2000, churn=10) as load:
        load.give_up_store()              # from here on sessions may be gone, and are made anew
        ...
        load.order("store is there")
        load.wait_settled(server)         # everybody has a session again and waits for events
    report = load.report

See checker.py for what is counted and crowd_clients.py for who they are. Beside that:
- `anew`: sessions that the server did not know any more, which give_up_store() permits
- `turned_away`: answers that were none of Bayeux, between that and "store is there"
- `forgiven`: messages that somebody lacks which were published between the two
- `unread`: messages to one without ack who did not read, until the connection broke
"""

import json
import os
import random
import selectors
import sys
import time

import checker
from crowd_clients import CrowdPublisher, CrowdSubscriber
from harness import PATIENCE, wait_until
from mixed_clients import Stranger

WAYS = ("poll", "socket", "script", "source")
# What a child publishes that has not seen yet that the store is another one.
LATE = 1.0


class Selector(selectors.DefaultSelector):
    """Who is slow is not listened to for a while; it can be closed all the same."""

    def unregister(self, fileobj):
        try:
            return super().unregister(fileobj)
        except KeyError:
            return None


class Engine(checker.Engine):
    def __init__(self, options):
        super().__init__({**options, "subscribers": 0, "publishers": 0})
        self.options = options
        self.selector = Selector()
        random.seed(options["seed"])
        self.gone = []  # times in which the store may be another one: [begin, end]
        self.seen = set()  # (publisher, channel, number) that came to anybody
        self.leaving = []
        self.departed = []
        self.newcomers = 0
        self.paused = False
        self.orders = b""
        period = options["publishers"] / options["rate"]
        self.publishers = [
            CrowdPublisher(self, f"p{n}", self.channels, period, ("both", "poll", "socket")[n % 3], self.path)
            for n in range(options["publishers"])
        ]
        width = len(self.channels)
        self.listeners = [self.newcomer(f"s{n}", self.channels[n % width], WAYS[n // width % 4], n % 3 == 0)
                          for n in range(options["subscribers"])]  # fmt: skip
        elsewhere = [("/**", options["other_path"]), ("/load/none", self.path)] * 2 if options["other_path"] else []
        self.strangers = [Stranger(self, f"x{n}", channel, ("poll", "socket")[n // 2], path)
                          for n, (channel, path) in enumerate(elsewhere)]  # fmt: skip

    def newcomer(self, name, channel, way, roams):
        return CrowdSubscriber(self, name, channel, way, self.path, roams)

    @property
    def subscribers(self):
        return [*self.listeners, *self.strangers, *self.departed]

    @subscribers.setter
    def subscribers(self, _):
        """Those of the base class are none."""

    # --- what is permitted ----------------------------------------------------------------------------------------

    def may_be_gone(self, born):
        return bool(self.gone) and born <= self.gone[-1][1]

    def count(self, name, by=1):
        if name in ("bad_status", "upgrades_refused", "streams_refused") and self.may_be_gone(time.monotonic()):
            name = "turned_away"
        super().count(name, by)

    def note(self, text):
        if not self.may_be_gone(time.monotonic()):
            super().note(text)

    def _judge(self, subscriber, publisher, number, published):
        if any(begin - LATE <= published <= end + LATE for begin, end in self.gone):
            self.count("forgiven")
        elif not subscriber.ack and subscriber.left_unread(published, LATE):
            self.count("unread")
        elif subscriber.ack or not subscriber.broke_behind(published, checker.IN_FLIGHT, LATE):
            self.count("lost")
            due = subscriber.due and subscriber.due.get(publisher)
            self.note(f"{subscriber.name}, {subscriber.way}: lost {publisher} {number} published {published:.3f}, "
                      f"due {due}, breaks {subscriber.breaks[-4:]}")  # fmt: skip
        else:
            self.count("lost_in_flight")

    def settle_missing(self):
        by_name = {p.name: p for p in self.publishers}
        for key, lacking in self.lacking().items():
            publisher, channel, number = key
            if (channel, number) in by_name[publisher].uncertain and key not in self.seen:
                self.count("never_accepted")
                continue
            for subscriber in lacking:
                self._judge(subscriber, publisher, number, by_name[publisher].times[(channel, number)])

    def published_on(self, channel):
        return {p.name: p.numbers[channel] for p in self.publishers} if channel in self.channels else {}

    # --- coming and going -----------------------------------------------------------------------------------------

    def begin(self, everybody):
        for first in range(0, len(everybody), 100):
            for session in everybody[first : first + 100]:
                session.start()
            self.until(lambda: self.counts.get("ready", 0) > first or self.stopping, 20)
        if self.options["churn"]:
            self.later(1.0, self.churn)

    def churn(self):
        if self.stopping:
            return
        self.later(1.0 / self.options["churn"], self.churn)
        place = random.randrange(len(self.listeners))
        one = self.listeners[place]
        action = random.choices(("cut", "slow", "leave", "vanish"), (6, 2, 1, self.options["vanishing"]))[0]
        if not one.settled():
            return
        if action == "cut":
            one.cut()
        elif action == "slow":
            self.stop_listening(one)
        else:
            getattr(one, action)()
            self.count("left" if action == "leave" else "vanished")
            self.replace(place)

    def stop_listening(self, one):
        self.count("slow")
        seconds = random.uniform(0.13, 0.5) * self.options["beat"]
        one.deaf.append((time.monotonic(), time.monotonic() + seconds))
        for each in one.sockets():
            if self.selector.unregister(each.sock) is not None:  # or it is not listened to anyway
                self.later(seconds, lambda each=each, sock=each.sock: self.listen_again(one, each, sock))

    def listen_again(self, one, each, sock):
        """Or its connection breaks at last, with all that has come and not been read."""
        if each.sock is sock:
            self.selector.register(sock, selectors.EVENT_READ, each)
            if random.random() < 0.5 and not self.stopping:
                one.cut()

    def replace(self, place):
        one = self.listeners[place]
        self.leaving.append((one, time.monotonic()))
        self.newcomers += 1
        self.listeners[place] = self.newcomer(f"n{self.newcomers}", one.channel, one.home, one.roams)
        self.listeners[place].start()

    def look_at_deadlines(self, now):
        super().look_at_deadlines(now)
        staying = []
        for one, since in self.leaving:
            if one.closer is not None and not one.closer.done and now - since < 10:
                staying.append((one, since))
            else:
                one.hang_up()
                if one.gaps:
                    self.departed.append(one)
        self.leaving = staying

    def say_goodbye(self, subscribers):
        for one in self.departed:
            one.hang_up()
        for first in range(0, len(subscribers), 100):
            super().say_goodbye(subscribers[first : first + 100])

    # --- orders ---------------------------------------------------------------------------------------------------

    def command(self):
        said = os.read(sys.stdin.fileno(), 4096)
        if not said:
            self.stopping = True
        *lines, self.orders = (self.orders + said).split(b"\n")
        for line in lines:
            self.obey(line.decode())

    def obey(self, order):
        if order == "pause":
            self.paused = True
        elif order == "store goes":
            self.paused = False
            self.gone.append([time.monotonic(), float("inf")])
        elif order == "store is there":
            self.gone[-1][1] = time.monotonic()
        elif order != "tell":
            raise ValueError(f"no such order: {order}")
        told = {"sessions": len(self.listeners), "settled": sum(s.settled() for s in self.listeners), **self.counts,
                "published": sum(sum(p.numbers.values()) for p in self.publishers)}  # fmt: skip
        if self.paused:
            told["behind"] = sum(s.behind(self.publishers) for s in self.listeners)
        told["waiting"] = [f"{s.name} {s.way} {s.state}" for s in self.listeners if not s.settled()][:5]
        print(json.dumps(told), flush=True)

    def report(self):
        names = ("strange", "cuts", "moves", "upgrades_refused", "superseded", "anew", "forgiven", "turned_away",
                 "left", "vanished", "slow", "unread", "streams_refused")  # fmt: skip
        return {**dict.fromkeys(names, 0), **super().report()}


class Crowd(checker.Load):
    program = __file__

    def __init__(self, server, *, other_path=None, churn=0, vanishing=True, seed=42, beat=15, **options):
        super().__init__(server, retry_publishes=False, **options)
        self.options.update(other_path=other_path, churn=churn, vanishing=vanishing, seed=seed, beat=beat)

    def order(self, text):
        """What it says to that: counts, and how many of its sessions are settled."""
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def tell(self):
        return self.order("tell")

    def give_up_store(self, timeout=30):
        """From here on sessions may be gone. Before, everybody has got all that was published."""
        self.order("pause")
        wait_until(lambda: self.tell()["behind"] == 0, "everybody has all that was published", timeout, 0.1)
        self.order("store goes")

    def wait_settled(self, timeout=30):
        """Everybody has a session and waits for events."""
        told = {}

        def settled():
            told.update(self.tell())
            return told["settled"] == told["sessions"]

        try:
            wait_until(settled, "everybody is back", timeout, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}: {told}") from None
        return told

    @staticmethod
    def faults(report, permitted=()):
        """What of a report nobody may find in it, beside what is `permitted`."""
        never = ("lost", "lost_in_flight", "doubled", "out_of_order", "strange", "sessions_lost", "bad_status",
                 "refused", "upgrades_refused", "streams_refused", "unanswered")  # fmt: skip
        found = [f"{name}: {report[name]}" for name in never if name not in permitted and report[name]]
        if report["slowest_publish"] > 8 * PATIENCE:
            found.append(f"a publish took {report['slowest_publish']:.1f} s")
        if report["delivered"] <= report["published"]:
            found.append("not each message had several subscribers")
        return found


if __name__ == "__main__":
    Engine(json.loads(sys.argv[1])).run()
