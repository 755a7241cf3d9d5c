#!/usr/bin/env python3
"""A child's place in the store is taken back however it ended, and as often as it takes (design.md 4.9, 5)."""
# slow

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd, wait_until  # noqa: E402
from steps import children_figures, clients, subscriber, wait_parked  # noqa: E402
from tap import check, equal, run, test  # noqa: E402


def parks_everywhere(server):
    """A connect is held in each child, and a publish from each wakes all of them."""
    children = server.children()
    many = [subscriber(server, "/slots", connect_child=child) for child in children]
    speakers = [Client(server, child=child) for child in children]
    with clients(*many, *speakers):
        for number, speaker in enumerate(speakers):
            speaker.handshake()
            held = [client.start_connect() for client in many]
            wait_parked(server, len(many))
            equal({pid for pid, figure in children_figures(server).items() if figure["parked"]}, set(children))
            speaker.publish("/slots", number)
            equal([one.wait(5).data for one in held], [[number]] * len(many))


@test("a child that is killed again and again, more often than there are places")
def _(server):
    for _ in range(14):
        client = subscriber(server, "/slots/again", connect_child=server.children()[-1])
        held = client.start_connect()
        wait_parked(server, 1)
        server.kill_child(server.children()[-1])
        check(held.connection.closed_by_server(5), "closed")
        client.close()
        client.disconnect()
        client.close()
        wait_until(lambda: len(server.children()) == 3, "the parent replaces it")
    server.wait_all_children()
    parks_everywhere(server)


@test("all children are killed at once, again and again: none is left to clean up behind the others")
def _(server):
    client = subscriber(server, "/slots/all")
    with clients(client):
        for _ in range(5):
            for child in server.children():
                server.kill_child(child)
            server.wait_all_children()
        client.close()
        equal(client.publish("/slots/all", 1).data, [1], "the session is there")
    parks_everywhere(server)
    equal(int(server.status(verify=True)["BayeuxSessions"]), 0)


@test("more graceful restarts than ServerLimit has places for: slower, but nothing is lost")
def _(server):
    client = subscriber(server, "/slots/graceful")
    with clients(client):
        for number in range(2):
            held = client.start_connect()
            wait_parked(server, 1)
            server.graceful()
            response = held.wait_response(15)
            equal((response.status, [m["successful"] for m in response.json]), (200, [True]), f"restart {number}")
            client.close()
        equal(client.publish("/slots/graceful", 1).data, [1])
    server.wait_all_children()
    parks_everywhere(server)


@test("the log has no complaint about places")
def _(server):
    check("BX0007" not in server.error_log(), "no place in the child table")


def killed_often():
    server = Httpd(children=3, server_limit=3, location="BayeuxMaxInterval 60s")
    # Children are killed successively; no place for a new generation until the old one has gone.
    server.expect("AH10392", "AH03490")
    return server


run(killed_often)
