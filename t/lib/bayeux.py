"""A Bayeux client for tests: it sends what it is told, says what came, and is strict about nothing by itself.

    alice = Client(server)
    alice.handshake()
    alice.connect()                       # the first one is answered at once (CN-4)
    held = alice.start_connect()          # on a connection of its own
    bob.publish("/chat", {"text": "hi"})
    equal(held.wait().events[0]["data"], {"text": "hi"})
"""

import json

from http_client import Connection, connect_to

JSON_TYPE = ("Content-Type", "application/json;charset=UTF-8")


class Batch(list):
    """The messages of one response. A reply has `successful`, an event has not (PB-2, PB-3)."""

    def __init__(self, response):
        self.response = response
        super().__init__(response.json if response.status == 200 and response.body else [])

    @property
    def replies(self):
        return [message for message in self if "successful" in message]

    @property
    def events(self):
        return [message for message in self if "successful" not in message]

    @property
    def reply(self):
        """The only reply; an error when there is none, or more."""
        if len(self.replies) != 1:
            raise AssertionError(f"one reply expected: {self.response!r}")
        return self.replies[0]

    @property
    def data(self):
        return [event["data"] for event in self.events]


class Held:
    """A request that was sent and not answered yet."""

    def __init__(self, client, connection):
        self._client = client
        self.connection = connection

    def answered(self, within=0.0):
        return self.connection.has_input(within)

    def wait(self, timeout=None):
        return self._client.take_batch(self.wait_response(timeout))

    def wait_response(self, timeout=None):
        """The bare response, for those that are no Bayeux replies (CN-12)."""
        response = self.connection.read_response(timeout)
        if (response.header("Connection") or "").lower() == "close":
            self._client.forget(self.connection)
        return response


class Speaker:
    """What clients of all transports have: a session, and messages of it. They say how to disconnect() and close()."""

    client_id = None
    _next_id = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.client_id is not None:
            self.disconnect()
        self.close()

    def next_id(self):
        self._next_id += 1
        return str(self._next_id)

    def message(self, channel, **fields):
        """A message with id and, when there is one, clientId; a field given as None is left out."""
        message = {"channel": channel, "id": self.next_id()}
        if self.client_id is not None:
            message["clientId"] = self.client_id
        message.update(fields)
        return {name: value for name, value in message.items() if value is not None}


class Client(Speaker):
    """One session over two connections: `connection` for messages, `connect_connection` for connects (ORD-6)."""

    def __init__(self, server, path="/bayeux", *, tls=False, child=None, connect_child=None, headers=()):
        self.server = server
        self.path = path
        self.tls = tls
        self.headers = list(headers)  # sent with each request, pairs
        self.cookies = {}
        self.client_id = None
        self.advice = {}
        self._connection = None
        self._connect_connection = None
        if child is not None:
            self._connection = connect_to(server, child, tls=tls)
        if connect_child is not None:
            self._connect_connection = connect_to(server, connect_child, tls=tls)

    # --- connections ----------------------------------------------------------------------------------------------

    @property
    def connection(self):
        if self._connection is None:
            self._connection = Connection(self.server, tls=self.tls)
        return self._connection

    @connection.setter
    def connection(self, connection):
        self._connection = connection

    @property
    def connect_connection(self):
        if self._connect_connection is None:
            self._connect_connection = Connection(self.server, tls=self.tls)
        return self._connect_connection

    @connect_connection.setter
    def connect_connection(self, connection):
        self._connect_connection = connection

    def forget(self, connection):
        """The server closes this one after a response, as after most errors; the next request gets a new one."""
        if connection is self._connection:
            self._connection = None
        if connection is self._connect_connection:
            self._connect_connection = None

    def close(self):
        """Close the connections and leave the session to expire."""
        for connection in (self._connection, self._connect_connection):
            if connection is not None:
                connection.close()
        self._connection = self._connect_connection = None

    # --- requests -------------------------------------------------------------------------------------------------

    def send(self, messages, *, headers=(), connection=None):
        """Send without waiting. `messages`: a list or dict to encode, or the bytes of a body."""
        body = messages if isinstance(messages, bytes) else json.dumps(messages).encode()
        fields = [*self.headers, *headers]
        if not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(JSON_TYPE)
        if self.cookies and not any(name.lower() == "cookie" for name, _ in fields):
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        connection = connection or self.connection
        connection.send_request("POST", self.path, fields, body)
        return Held(self, connection)

    def post(self, messages, *, headers=(), connection=None, timeout=None):
        """Send and return the Response; cookies and advice are kept."""
        held = self.send(messages, headers=headers, connection=connection)
        response = held.wait_response(timeout)
        self._remember(response)
        return response

    def call(self, messages, **options):
        """Send and return the Batch."""
        return self.take_batch(self.post(messages, **options))

    def take_batch(self, response):
        self._remember(response)
        batch = Batch(response)
        for message in batch:
            if "advice" in message:
                self.advice = message["advice"]
        return batch

    def _remember(self, response):
        for cookie in response.header_values("Set-Cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()

    # --- the protocol ---------------------------------------------------------------------------------------------

    def handshake(self, **fields):
        """The reply. The session id is kept when it was successful."""
        message = {
            "channel": "/meta/handshake",
            "id": self.next_id(),
            "version": "1.0",
            "supportedConnectionTypes": ["long-polling"],
            **fields,
        }
        reply = self.call([message]).reply
        if reply["successful"]:
            self.client_id = reply["clientId"]
        return reply

    def connect_message(self, advice_timeout=None, **fields):
        advice = None if advice_timeout is None else {"timeout": advice_timeout}
        return self.message("/meta/connect", **{"connectionType": "long-polling", "advice": advice, **fields})

    def connect(self, advice_timeout=None, timeout=None, **fields):
        """Send a connect and wait for its answer: a Batch."""
        return self.start_connect(advice_timeout, **fields).wait(timeout)

    def start_connect(self, advice_timeout=None, **fields):
        return self.send([self.connect_message(advice_timeout, **fields)], connection=self.connect_connection)

    def subscribe(self, subscription, **fields):
        return self.call([self.message("/meta/subscribe", subscription=subscription, **fields)])

    def unsubscribe(self, subscription, **fields):
        return self.call([self.message("/meta/unsubscribe", subscription=subscription, **fields)])

    def publish(self, channel, data, **fields):
        return self.call([{**self.message(channel, **fields), "data": data}])

    def disconnect(self, **fields):
        batch = self.call([self.message("/meta/disconnect", **fields)])
        self.client_id = None
        return batch
