"""Subscribers and publishers of a load, as cometd.js would behave: see checker.py."""

import json
import time

from load_http import Http


class Session:
    """What publishers and subscribers have in common."""

    def __init__(self, load, name):
        self.load = load
        self.name = name
        self.cookie = None
        self.client_id = None
        self.next_id = 0
        self.alive = True
        self.sent_at = 0.0
        self.http = Http(load, self)

    def message(self, channel, **fields):
        self.next_id += 1
        return {"channel": channel, "id": str(self.next_id), "clientId": self.client_id, **fields}

    def encode(self, message):
        body = json.dumps([message]).encode()
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return (f"POST {self.load.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"{cookie}Content-Length: {len(body)}\r\n\r\n").encode() + body  # fmt: skip

    def send(self, message):
        self.sent_at = time.monotonic()
        try:
            self.http.request(self.encode(message))
        except OSError as error:  # no connection could be made
            self.load.count("refused")
            self.load.note(f"{self.name}: no connection: {error}")
            self.http.pending = None
            self.failed(self.http, False)

    def handshake(self):
        self.send({"channel": "/meta/handshake", "version": "1.0", "id": "0",
                   "supportedConnectionTypes": ["long-polling"]})  # fmt: skip

    def take_handshake(self, messages, cookie):
        if not messages or not messages[0].get("successful"):
            self.lose(f"handshake: {messages}")
            return False
        self.client_id = messages[0]["clientId"]
        self.cookie = cookie or self.cookie
        return True

    def lose(self, why):
        self.alive = False
        self.load.count("sessions_lost")
        self.load.note(f"{self.name}: session lost: {why}")

    def parse(self, status, body):
        """The messages, or None when the answer is none of Bayeux."""
        if status != 200:
            self.load.note(f"{self.name}: status {status} {body[:100]!r}")
            self.load.count("bad_status")
            return None
        try:
            return json.loads(body)
        except ValueError:
            self.load.note(f"{self.name}: no JSON: {body[:200]!r}")
            self.load.count("bad_status")
            return None


class Subscriber(Session):
    def __init__(self, load, name, channel):
        super().__init__(load, name)
        self.channel = channel
        self.state = "handshake"
        self.last = {}  # publisher -> highest number
        self.gaps = []  # (publisher, first, last that are missing, when that was seen)
        self.seen_late = set()
        self.breaks = []  # (when, when its connect was sent)
        self.closer = None

    def start(self):
        self.handshake()

    def connect(self):
        if self.alive:
            self.send(self.message("/meta/connect", connectionType="long-polling"))

    def failed(self, _http, _unanswered):
        if not self.alive or self.state == "done":
            return
        self.load.count("connect_failures")
        self.breaks.append((time.monotonic(), self.sent_at))
        self.resume_after(0.05)

    def resume_after(self, seconds):
        self.load.later(seconds, self.resume)

    def resume(self):
        """Send again what came to nothing."""
        {"handshake": self.handshake, "subscribe": self.subscribe}.get(self.state, self.connect)()

    def subscribe(self):
        self.state = "subscribe"
        self.send(self.message("/meta/subscribe", subscription=self.channel))

    def answered(self, _http, status, body, cookie):
        messages = self.parse(status, body)
        if self.state == "done":
            return
        if messages is None:
            self.resume_after(0.2)
            return
        if self.state == "handshake":
            if self.take_handshake(messages, cookie):
                self.subscribe()
            return
        for message in messages:
            if "successful" not in message:
                self.take_event(message)
            elif not message["successful"] or message.get("advice", {}).get("reconnect", "retry") != "retry":
                self.lose(str(message))
                return
        if self.state == "subscribe":
            self.state = "first"
        elif self.state == "first":
            self.state = "ready"
            self.load.count("ready")
        self.connect()

    def take_event(self, message):
        publisher, number = message["data"]["p"], message["data"]["n"]
        self.load.count("delivered")
        last = self.last.get(publisher, -1)
        if number == last + 1:
            self.last[publisher] = number
        elif number > last:
            self.gaps.append([publisher, last + 1, number - 1, time.monotonic()])
            self.last[publisher] = number
        else:
            self._take_old(publisher, number)

    def _take_old(self, publisher, number):
        """A number that is not above the last: out of order if it was missing, doubled if it was there."""
        for gap in self.gaps:
            if gap[0] == publisher and gap[1] <= number <= gap[2] and (publisher, number) not in self.seen_late:
                self.seen_late.add((publisher, number))
                self.load.count("out_of_order")
                return
        self.load.count("doubled")
        self.load.note(f"{self.name}: doubled {publisher} {number}, breaks {self.breaks[-2:]}")

    def finish(self):
        """Disconnect, on a second connection as the first one holds a connect."""
        if not self.alive or self.client_id is None:
            return
        self.state = "done"
        self.closer = Closer(self)
        self.closer.send(self.closer.message("/meta/disconnect"))

    def has_all(self, published):
        return all(self.last.get(publisher, -1) + 1 >= count for publisher, count in published.items())

    def missing(self, published):
        """[(publisher, number)] that never came, from what each publisher published on this channel."""
        lacking = []
        for publisher, first, last, _ in self.gaps:
            lacking += [(publisher, n) for n in range(first, last + 1) if (publisher, n) not in self.seen_late]
        for publisher, count in published.items():
            lacking += [(publisher, n) for n in range(self.last.get(publisher, -1) + 1, count)]
        return lacking


class Closer(Session):
    def __init__(self, session):
        super().__init__(session.load, session.name)
        self.cookie = session.cookie
        self.client_id = session.client_id
        self.done = False
        self.tries = 0

    def answered(self, _http, _status, _body, _cookie):
        self.done = True

    def failed(self, _http, _unanswered):
        self.tries += 1
        self.done = self.tries > 5
        if not self.done:
            self.load.later(0.1, lambda: self.send(self.message("/meta/disconnect")))


class Publisher(Session):
    """Publishes numbered messages to the channels in turn; each channel's numbers are its own."""

    def __init__(self, load, name, channels, period, retry):
        super().__init__(load, name)
        self.channels = channels
        self.period = period
        self.retry = retry
        self.turn = -1
        self.numbers = dict.fromkeys(channels, 0)
        self.times = {}  # (channel, number) -> when it was sent first
        self.uncertain = set()  # (channel, number)
        self.current = None
        self.retried = False
        self.due = 0.0
        self.stopping = False
        self.last_answer = None

    def start(self):
        self.handshake()

    def publish_next(self):
        if not self.stopping and self.alive:
            self.turn += 1
            self.publish_on(self.channels[self.turn % len(self.channels)])

    def publish_on(self, channel):
        number = self.numbers[channel]
        self.numbers[channel] += 1
        self.current = (channel, number)
        self.times[self.current] = time.monotonic()
        self.retried = False
        self.publish()

    def publish(self):
        channel, number = self.current
        self.send(self.message(channel, data={"p": self.name, "n": number}))

    def failed(self, _http, unanswered):
        self.load.count("publish_failures")
        if not self.alive:
            return
        if self.current is None:
            self.load.later(0.05, self.handshake)
        elif self.retry and unanswered and not self.retried:
            self.retried = True
            self.load.count("publishes_retried")
            self.publish()
        else:
            self.uncertain.add(self.current)
            self.load.note(f"{self.name}: uncertain {self.current}")
            self.current = None
            self.load.later(0.02, self.publish_next)

    def answered(self, _http, status, body, cookie):
        messages = self.parse(status, body)
        now = time.monotonic()
        if self.client_id is None:
            if messages is None:
                self.load.later(0.2, self.handshake)
            elif self.take_handshake(messages, cookie):
                self.load.count("ready")
            return
        if self.current is None:
            return  # the goodbye
        if messages is None:
            # A refusal before anything was read of it, such as 503.
            self.load.later(0.05, self.publish)
            return
        for message in messages:
            if not message.get("successful"):
                self.lose(str(message))
                return
        self.load.count("acknowledged")
        self.load.slowest("slowest_publish", now - self.times[self.current])
        if self.last_answer is not None:
            self.load.slowest("longest_silence", now - self.last_answer)
        self.last_answer = now
        self.current = None
        self.due = max(self.due + self.period, now - 1.0)
        self.load.later(max(0.0, self.due - now), self.publish_next)

    def finish(self):
        """Disconnect; what it returns knows when that is done."""
        closer = Closer(self)
        closer.send(closer.message("/meta/disconnect"))
        return closer
