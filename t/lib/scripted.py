"""A Bayeux server of which a test says what it answers, for clients: replies that a real one rarely gives."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ScriptedServer:
    """Asks `answer(message)` for the reply to each message: a dict, which gets the message's channel and success, or
    an HTTP status for the whole request. `seen` has the messages, in order."""

    def __init__(self, answer):
        self.answer = answer
        self.seen = []
        handler = type("Handler", (_Handler,), {"scripted": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.handle_error = lambda *_: None  # a client that was killed
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/bayeux"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def channels(self):
        """What was asked, with the session."""
        return [f"{message['channel']} {message.get('clientId', '')}".strip() for message in self.seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripted = None

    def do_POST(self):
        messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, replies = 200, []
        for message in messages:
            self.scripted.seen.append(message)
            reply = self.scripted.answer(message)
            if isinstance(reply, int):
                status = reply
            else:
                replies.append({"channel": message["channel"], "successful": True, **reply})
        body = json.dumps(replies).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
