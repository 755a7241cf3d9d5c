"""What server-status says about the shared memory, and whether it adds up."""

from tap import check, equal

# Lines of server-status that count the cells of a kind, and how many bytes docs/shared-memory.md says each takes.
CELLS = {
    "Sessions": ("BayeuxSessions", 256),
    "Channels": ("BayeuxChannels", 336),
    "Subscriptions": ("BayeuxSubscriptions", 48),
    "Queues": ("BayeuxQueuedEvents", 20),
    "Messages": ("BayeuxMessages", 256),
    "Presence": ("BayeuxPresent", 312),
}
KINDS = (*CELLS, "Domains", "Publications", "Browsers", "Users")


class Accounts:
    """The figures of one moment; checked."""

    def __init__(self, server):
        status = server.status(verify=True)
        equal(status["BayeuxVerify"], "ok", "the check of the store")
        self.size, self.fixed, self.free, self.spare, self.used = (
            int(status[f"BayeuxMemory{name}"]) for name in ("Size", "Fixed", "Free", "Spare", "Used")
        )
        self.of = {kind: int(status[f"BayeuxMemory{kind}"]) for kind in KINDS}
        equal(sum(self.of.values()), self.used, "the sum of all kinds")
        equal(self.fixed + self.free + self.spare + self.used, self.size, "the sum of all parts")
        for kind, (line, cell) in CELLS.items():
            equal(self.of[kind], int(status[line]) * cell, f"the bytes of {status[line]} {kind}")

    def mostly(self, *kinds):
        """These kinds have more than nine tenths of what is used, and more than half of what there is."""
        bytes_of_them = sum(self.of[kind] for kind in kinds)
        check(bytes_of_them > self.used * 0.9 and bytes_of_them > self.size / 2, f"{kinds}: {self}")

    def __str__(self):
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.of.items() if count)
        return f"{self.used} of {self.size} used ({kinds}), {self.free} free, {self.spare} spare, {self.fixed} fixed"
