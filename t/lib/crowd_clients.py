"""Clients of a crowd: on all four transports, with a session that may be made anew when its store has gone.

Those with `ack` are on long-polling, WebSocket and callback-polling, and lose nothing, whatever dies. Those without
are on EventSource and long-polling: what was on its way to a connection when it broke is `lost_in_flight`. Some of each
roam: they change their transport whenever a connection breaks.

A client that comes late, or anew, has to get what is published after its subscription was answered. What is published
before may come or not, but from the first message on without a gap.
"""

import json
import random
import socket
import time
import urllib.parse

from crowd_http import CALLBACK, Script, Source
from load_clients import Publisher, Subscriber
from load_http import Http
from mixed_clients import MixedPublisher, MixedSubscriber, Ws

KINDS = {"poll": Http, "socket": Ws, "script": Script, "source": Http}
TYPES = {"poll": "long-polling", "socket": "websocket", "script": "callback-polling", "source": "eventsource"}
RESET = b"\x01\0\0\0\0\0\0\0"


class Reborn:
    """A session that a new store does not know is made anew; any other that is lost is a fault."""

    def lose(self, why):
        if not self.load.may_be_gone(self.born):
            super().lose(why)
            return
        self.load.count("anew")
        self.renew()


class CrowdSubscriber(Reborn, MixedSubscriber):
    def __init__(self, load, name, channel, way, path, roams):
        Subscriber.__init__(self, load, name, channel)
        self.home = way
        self.roams = roams
        self.ack = way != "source"
        self.path = path
        self.stream = Source(load, self)
        self.left = False
        self.born = 0.0
        self.epoch = self.beats = 0
        self.deaf = []  # times in which it does not read
        self.begin(way, path)

    def begin(self, way, path):
        # One that roams needs a session with a cookie: only those can go to another transport.
        self.way = way = "poll" if self.roams and self.ack else way
        self.acked = 0
        self.due = None  # {publisher: the first number that has to come}
        self.http = KINDS[way](self.load, self)

    def renew(self):
        """A session of its own store was lost with it."""
        self.hang_up()
        self.epoch += 1
        self.client_id = None
        self.state = "handshake"
        self.last = {}
        self.begin(self.home, self.path)
        self.resume_after(random.uniform(0.05, 0.5))

    # --- out ------------------------------------------------------------------------------------------------------

    def encode(self, message):
        if not isinstance(self.http, Script):
            return super().encode(message)
        query = urllib.parse.urlencode({"message": json.dumps([message]), "jsonp": CALLBACK})
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return f"GET {self.path}?{query} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n".encode()

    def handshake(self):
        ext = {"ext": {"ack": True}} if self.ack else {}
        self.send({"channel": "/meta/handshake", "version": "1.0", "id": "0", **ext,
                   "supportedConnectionTypes": sorted(TYPES.values())})  # fmt: skip

    def connect(self):
        """What follows an answer: the next connect, or the wait for events beside it."""
        if not self.alive or self.state == "done":
            return
        if self.way == "source" and self.state == "ready":
            if self.stream.sock is None:
                self.stream.open()
            self.beats += 1
            beat = self.beats
            self.load.later(self.load.options["beat"], lambda: self.send_connect() if beat == self.beats else None)
        else:
            self.send_connect()

    def send_connect(self):
        if self.alive and self.state in ("first", "ready") and self.http.pending is None:
            ext = {"ext": {"ack": self.acked}} if self.ack else {}
            self.send(self.message("/meta/connect", connectionType=TYPES[self.way], **ext))

    def resume_after(self, seconds):
        """After a refusal or a broken connection, not all at the same time."""
        epoch = self.epoch
        wait = random.uniform(seconds, 8 * seconds)
        self.load.later(wait, lambda: self.resume() if self.epoch == epoch and not self.left else None)

    def resume(self):
        if self.http.pending is not None or not self.alive:
            return
        if self.state == "ready":
            self.send_connect()  # beside a stream too: its answer opens the stream again
        else:
            super().resume()

    # --- in -------------------------------------------------------------------------------------------------------

    def answered(self, http, status, body, cookie):
        if http is not self.http or self.left:
            return
        if isinstance(http, Script) and status == 200:
            body = Script.unwrap(body)
        before = self.state
        if self.ack:
            super().answered(http, status, body, cookie)
        else:
            Subscriber.answered(self, http, status, body, cookie)
        if before == "handshake" and self.state == "subscribe":
            self.born = time.monotonic()
        elif before == "subscribe" and self.state == "first":
            self.due = self.load.published_on(self.channel)

    def take_streamed(self, messages):
        for message in messages:
            if not self.left:
                self.take_event(message)

    def take_event(self, message):
        if message["channel"] == self.channel:
            publisher, number = message["data"]["p"], message["data"]["n"]
            self.load.seen.add((publisher, self.channel, number))
            if publisher not in self.last:
                self.last[publisher] = min(number, self.due.get(publisher, 0) if self.due else number) - 1
        super().take_event(message)

    def has_all(self, published):
        if self.left:
            return True
        return all(self.next_of(publisher) >= count for publisher, count in published.items())

    def behind(self, publishers):
        """How many messages have still to come, not counting those that nobody took."""
        found = 0
        for one in publishers:
            for number in range(self.next_of(one.name), one.numbers[self.channel]):
                taken = (self.channel, number) not in one.uncertain
                found += taken or (one.name, self.channel, number) in self.load.seen
        return found

    def next_of(self, publisher):
        """The first number that has not come."""
        return self.last[publisher] + 1 if publisher in self.last else (self.due or {}).get(publisher, 0)

    def missing(self, published):
        """Of one that has left, or has not come again yet, only what later messages have shown to be missing."""
        if self.left or self.due is None:
            return super().missing({})
        before = {publisher: due - 1 for publisher, due in self.due.items() if publisher not in self.last}
        self.last.update(before)
        return super().missing(published)

    def broke_behind(self, published, in_flight, late):
        """A message published then may have been on its way when a connection broke."""
        return any(when - published < in_flight and published - when < late for when, _ in self.breaks)

    def left_unread(self, published, late):
        """A message published then may have come and not been read, until the connection broke."""
        return any(begin - late < published < when < end + late for begin, end in self.deaf for when, _ in self.breaks)

    # --- breaks ---------------------------------------------------------------------------------------------------

    def stream_ended(self):
        if self.left or not self.alive or self.way != "source" or self.state != "ready":
            return
        self.load.count("connect_failures")
        self.breaks.append((time.monotonic(), 0.0))
        self.move()
        self.resume_after(0.05)

    def move(self):
        if self.roams:
            self.hang_up()
            ways = ("poll", "socket", "script") if self.ack else ("poll", "source")
            self.way = random.choice([way for way in ways if way != self.way])
            self.http = KINDS[self.way](self.load, self)
            self.load.count("moves")

    def hang_up(self):
        self.beats += 1
        self.stream.close()
        self.http.close()
        self.http.pending = None

    def failed(self, http, unanswered):
        if not self.left:
            super().failed(http, unanswered)

    def sockets(self):
        return [each for each in (self.http, self.stream) if each.sock is not None]

    def cut(self):
        """Its connection breaks: with a FIN, or rudely."""
        if self.settled():
            one = self.stream if self.stream.sock is not None else self.http
            if random.random() < 0.5:
                one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.load.count("cuts")
            one.fail()

    def settled(self):
        """It has a session, and waits for events."""
        if not self.alive or self.left or self.state != "ready":
            return False
        if self.way == "source":
            return self.stream.begun and self.stream.sock is not None
        return self.http.sock is not None

    # --- the end --------------------------------------------------------------------------------------------------

    def vanish(self):
        """Without a word; the server will find out."""
        self.left = True
        self.hang_up()

    def finish(self):
        if not self.alive or self.client_id is None or self.left:
            return
        self.stream.close()
        if self.cookie is None:
            self.way = "socket"
        elif self.way == "socket":
            self.way = "poll"
        super().finish()

    def leave(self):
        """A goodbye; the engine hangs up when that is over."""
        self.finish()
        self.left = True


class CrowdPublisher(Reborn, MixedPublisher):
    """What was refused for want of a session is published again by the next one: a refusal is no doubt."""

    def __init__(self, load, name, channels, period, way, path):
        super().__init__(load, name, channels, period, way, path)
        self.born = 0.0

    def publish_next(self):
        if self.load.paused:
            self.load.later(0.1, self.publish_next)
        else:
            super().publish_next()

    def renew(self):
        self.client_id = None
        self.http.close()
        self.http.pending = None
        if self.way == "both":
            self.http = Http(self.load, self)
        self.load.later(0.2, self.handshake)

    def failed(self, http, unanswered):
        if http is self.http and self.client_id is None:
            self.load.later(0.2, self.handshake)
        else:
            super().failed(http, unanswered)

    def answered(self, http, status, body, cookie):
        if http is not self.http:
            return
        shaking = self.client_id is None
        Publisher.answered(self, http, status, body, cookie)
        if shaking and self.client_id is not None:
            again = self.born > 0
            self.born = time.monotonic()
            if self.current is not None:
                self.publish()
            elif again:
                self.publish_next()
