"""A client with the ack extension over long-polling (X-ACK)."""

from bayeux import Client
from tap import equal
from wire import succeeded


class Acker(Client):
    """Says with each connect which batch came last, as cometd's AckExtension does."""

    acked = 0
    says = True

    def connect_message(self, advice_timeout=None, **fields):
        message = super().connect_message(advice_timeout, **fields)
        if self.says and "ext" not in message:
            message["ext"] = {"ack": self.acked}
        return message

    def take_batch(self, response):
        found = super().take_batch(response)
        for message in found:
            if message["channel"] == "/meta/connect" and "ack" in message.get("ext", {}):
                self.acked = message["ext"]["ack"]
        return found

    def polled(self, advice_timeout=0, **fields):
        """(data of the events, batch) of a connect."""
        found = self.connect(advice_timeout, timeout=10, **fields)
        return found.data, succeeded(found.reply)["ext"]["ack"]


def acker(server, path="/bayeux", subscriptions=(), **options):
    client = Acker(server, path, **options)
    reply = succeeded(client.handshake(ext={"ack": True}))
    equal(reply["ext"]["ack"], True, "X-ACK 2")
    for name in subscriptions:
        succeeded(client.subscribe(name).reply)
    return client
