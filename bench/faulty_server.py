"""A little Bayeux server that makes one mistake: bayeux-bench must notice it.

    with FaultyServer("lose") as server:
        ...server.url...

The mistake is made with one message on its way to one subscriber: lose, twice, swap (with the next one), damage, or
none.
"""

import json
import re
import socketserver
import threading

FAULTY_NUMBER = 20


class _Session:
    def __init__(self):
        self.queue = []
        self.held_back = None
        self.connected = False
        self.subscribed = False


class FaultyServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, mistake):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.mistake = mistake
        self.sessions = {}
        self.changed = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/bayeux"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    # --- messages: the lock is held -------------------------------------------------------------------------------

    def answer(self, message, text):
        """(events, reply) of one message; `text` is the body it came in."""
        channel = message["channel"]
        reply = {"channel": channel, "id": message["id"], "successful": True}
        if channel == "/meta/handshake":
            reply["clientId"] = f"client{len(self.sessions)}"
            self.sessions[reply["clientId"]] = _Session()
            return [], reply
        session = self.sessions[message["clientId"]]
        if channel == "/meta/subscribe":
            session.subscribed = True
        elif channel == "/meta/connect":
            return self._connect(session, message), reply
        elif channel != "/meta/disconnect":
            self._publish(channel, re.search(r'"data":(\{[^}]*\})', text).group(1))
        return [], reply

    def _connect(self, session, message):
        at_once = not session.connected or message.get("advice", {}).get("timeout") == 0
        session.connected = True
        if not at_once:
            self.changed.wait_for(lambda: session.queue, timeout=10)
        events, session.queue = session.queue, []
        return events

    def _publish(self, channel, data):
        number = json.loads(data)["n"]
        for session in self.sessions.values():
            if session.subscribed:
                self._deliver(session, f'{{"channel":"{channel}","data":{data}}}', number)
        self.changed.notify_all()

    def _deliver(self, session, event, number):
        faulty = number == FAULTY_NUMBER and session is next(s for s in self.sessions.values() if s.subscribed)
        if not faulty or self.mistake == "none":
            session.queue.append(event)
        elif self.mistake == "twice":
            session.queue += [event, event]
        elif self.mistake == "damage":
            session.queue.append(event.replace('"}}', '!"}}'))
        elif self.mistake == "swap":
            session.held_back = event
            return
        if session.held_back:
            session.queue.append(session.held_back)
            session.held_back = None


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while body := self._read_request():
                self._respond(body.decode("ascii"))
        except (ConnectionError, ValueError):
            pass

    def _read_request(self):
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return self.rfile.read(length)

    def _respond(self, text):
        parts = []
        with self.server.changed:
            for message in json.loads(text):
                events, reply = self.server.answer(message, text)
                parts += [*events, json.dumps(reply, separators=(",", ":"))]
        body = f"[{','.join(parts)}]"
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode("ascii"))
