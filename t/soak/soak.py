#!/usr/bin/env python3
"""Half an hour of everything at once: 2,000 sessions on all transports that come, go, vanish and change their way,
clients that do not read, killed children, graceful restarts. Each delivery is checked, and nothing may grow.

    make soak SOAK='--minutes 3'          # all long forms, then this
    t/soak/soak.py --minutes 3 --output /tmp/soak     # writes soak.csv, soak.children.csv, soak.png there
"""

import argparse
import os
import random
import resource
import shutil
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "t" / "lib"), str(Path(__file__).resolve().parent)]
import flat  # noqa: E402
from crowd_load import Crowd  # noqa: E402
from harness import HarnessError, Httpd, wait_until  # noqa: E402
from sampler import Sampler  # noqa: E402
from slow_readers import PATH, SlowReaders  # noqa: E402

CONF = """
ListenBacklog 4096
SendBufferSize 32768
MaxKeepAliveRequests 0
LogLevel info bayeux:info
BayeuxMaxInterval {interval}s
BayeuxTimeout {timeout}s
BayeuxDrainTimeout {drain}s
<Location {slow}>
    SetHandler bayeux
    BayeuxDomain slow
    BayeuxMaxQueue 100 256K
</Location>
<Location /elsewhere>
    SetHandler bayeux
    BayeuxDomain elsewhere
</Location>
"""
LOCATION = "BayeuxDomain one\nBayeuxTransports long-polling callback-polling websocket eventsource"
GENERATIONS = 3
PUBLISHERS = 6


def say(text):
    print(text, flush=True)


class Trouble:
    """When what is done to the server: a kill every so often, never of the eldest child, who is to show whether a child
    grows; a graceful restart after each third of the time."""

    def __init__(self, server, sampler, seconds):
        self.server = server
        self.sampler = sampler
        self.shuffle = random.Random(3)
        self.period = min(max(15.0, seconds / 40), seconds / 4)
        self.restart_period = seconds / GENERATIONS
        self.begun = time.monotonic()
        self.kills = 0
        self.restarts = []
        self.slowest_end = 0.0
        self.next_kill = self.begun + self.period
        self.next_restart = self.begun + self.restart_period

    def turn(self, end):
        now = time.monotonic()
        if now >= self.next_restart and now < end - self.period:
            self.next_restart += self.restart_period
            self.restart()
        elif now >= self.next_kill:
            self.next_kill += self.period
            self.kill()

    def kill(self):
        children = self.server.children()
        eldest = min(children, key=lambda pid: os.stat(f"/proc/{pid}").st_ctime)
        others = [pid for pid in children if pid != eldest]
        try:
            self.server.kill_child(self.shuffle.choice(others))
        except (HarnessError, OSError, IndexError):
            return  # it went by itself
        self.kills += 1
        self.sampler.note("kill")

    def restart(self):
        old = self.server.children()
        self.restarts.append(time.monotonic() - self.begun)
        self.sampler.note("graceful")
        begun = time.monotonic()
        self.server.graceful(at_once=True)
        wait_until(lambda: not set(old) & set(self.server.children()), "the old children have gone", 60)
        self.slowest_end = max(self.slowest_end, time.monotonic() - begun)


def wait_empty(server):
    """Whoever vanished is forgotten after BayeuxTimeout and BayeuxMaxInterval."""
    wait_until(lambda: server.status()["BayeuxSessions"] == "0", "all sessions have ended", 90, 0.5)
    server.wait_all_children()


def run(options, server, output):
    """(the load, the sampler, what was done to the server), when all is over."""
    seconds = options.minutes * 60
    with Crowd(server, subscribers=options.sessions, publishers=PUBLISHERS, rate=options.rate,
               channels=max(5, options.sessions // 20), churn=options.churn, beat=0.75 * options.timeout,
               other_path="/elsewhere") as load:  # fmt: skip
        slow = SlowReaders(server, options.slow)
        sampler = Sampler(server, load, options.every, output)
        trouble = Trouble(server, sampler, seconds)
        end = time.monotonic() + seconds
        slow.start()
        sampler.start()
        try:
            while time.monotonic() < end and load.running() and sampler.is_alive():
                trouble.turn(end)
                time.sleep(0.2)
        finally:
            slow.end()
            sampler.end()
    wait_empty(server)
    say(f"# slow readers: {slow.came} came, {slow.broken} times something broke")
    return load, sampler, trouble


def soak(options, output):
    """The faults found, as sentences."""
    conf = CONF.format(timeout=options.timeout, interval=options.timeout * 3 // 2, drain=options.timeout // 4,
                       slow=PATH)  # fmt: skip
    server = Httpd(children=3, server_limit=12, async_factor=300, conf=conf, location=LOCATION)
    # Children are killed successively; queues of those that do not read are full.
    server.expect("AH10392", "AH03490", "BX0016")
    found = []
    ran = False
    try:
        with server:
            load, sampler, trouble = run(options, server, output)
            ran = True
    except HarnessError as error:
        found.append(str(error))
    if not ran:
        return found
    for note in load.report.pop("notes"):
        say(f"# {note}")
    say(f"# {load.report}")
    say(f"# {trouble.kills} kills, {len(trouble.restarts)} restarts, old children gone in {trouble.slowest_end:.1f} s")
    if shutil.which("gnuplot"):
        title = (f"{options.sessions:,} sessions on all transports, {trouble.kills} children killed, "
                 f"{options.minutes:g} minutes")  # fmt: skip
        flat.draw(sampler.samples, trouble.restarts, title, output.with_suffix(".png"))
    else:
        say("# no picture; missing: gnuplot: apt-get install gnuplot-nox")
    return found + judged(options, load.report, sampler, trouble)


def judged(options, report, sampler, trouble):
    seconds = options.minutes * 60
    # Without ack what was on its way to a connection that broke is lost; a publish on its way may be in doubt.
    found = Crowd.faults(report, permitted=("lost_in_flight",))
    breaks = report["connect_failures"]
    if report["lost_in_flight"] > breaks:
        found.append(f"{report['lost_in_flight']} messages were lost in flight, in {breaks} broken connections")
    if report["uncertain"] > PUBLISHERS * (trouble.kills + len(trouble.restarts)):
        found.append(f"{report['uncertain']} publishes are in doubt")
    if trouble.slowest_end > 10:
        found.append(f"old children were there {trouble.slowest_end:.1f} s after a graceful restart")
    if trouble.kills < seconds / trouble.period / 2:
        found.append(f"only {trouble.kills} children were killed")
    if not sampler.samples or sampler.samples[-1]["seconds"] < seconds * 0.9 - 2 * options.every:
        return [*found, "the samples end too early"]
    say("\n".join(flat.table(sampler.samples)))
    long_lives = flat.witnesses(sampler.lives, seconds)
    say(f"# {len(long_lives)} children lived long enough to show whether a child grows")
    if options.flat:
        if len(long_lives) < GENERATIONS and seconds / GENERATIONS > 1.5 * flat.LEAST_LIFE:
            found.append(f"only {len(long_lives)} children lived long enough to show whether one grows")
        found += flat.faults(sampler.samples, sampler.lives, seconds)
    return found


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long, 30 unless told")
    parser.add_argument("--sessions", type=int, default=2000, help="how many, 2000 unless told")
    parser.add_argument("--rate", type=float, default=20, help="messages a second; each has 20 subscribers")
    parser.add_argument("--churn", type=float, default=10, help="how many sessions a second are cut, slow, or go")
    parser.add_argument("--slow", type=int, default=10, help="how many clients do not read at all")
    parser.add_argument("--every", type=float, default=5, help="seconds from sample to sample")
    parser.add_argument("--no-flat", dest="flat", action="store_false", help="do not judge whether anything grows")
    parser.add_argument("--output", default=".", help="directory of soak.csv, soak.children.csv, soak.png")
    parser.add_argument("--timeout", type=int, default=20, help="BayeuxTimeout in seconds")
    return parser.parse_args(given)


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    found = soak(options, output / "soak")
    for fault in found:
        say(f"not ok - {fault}")
    say("soak: failed" if found else "soak: ok")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
