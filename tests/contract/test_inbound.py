"""What inbound feeds keep in the vault, on SQLite and PostgreSQL."""

from __future__ import annotations

from fusioncell.edges.database import SqlDatabase
from fusioncell.exchange.inbound import store
from fusioncell.exchange.inbound.model import Feed, Kind, Progress, Wanted
from fusioncell.kernel.marking import Tlp

WANTED = Wanted(name="Ä list", url="https://feed.example/", kind=Kind.MISP, tlp=Tlp.AMBER, groups=("group:g.1",))
FEED = Feed("f1", WANTED, "org", "owner", "author", 5, True, "known", True)
PROGRESS = Progress(cursor="2026-11-22T10:00:00Z", failures=3, fault="it is down", items=7, more=True)


def test_a_feed_is_kept_with_its_state_and_forgotten_whole(databases: dict[str, SqlDatabase]) -> None:
    vault = databases["vault"]
    with vault.write() as connection:
        store.add(connection, FEED, b"\x00sealed")
        store.note(connection, "f1", PROGRESS, 99)
        store.set_had(connection, "f1", "event", 1)
        store.set_had(connection, "f1", "event", 2)
        store.set_rows(connection, "f1", b"\x00\x01")
        store.set_rows(connection, "f1", b"\xff" * 16)
    with vault.read() as connection:
        assert store.feed(connection, "f1") == (FEED, PROGRESS, 99)
        assert store.feeds(connection) == [(FEED, PROGRESS, 99)]
        assert store.secret(connection, "f1") == b"\x00sealed"
        assert store.had(connection, "f1") == {"event": 2}
        assert store.rows(connection, "f1") == b"\xff" * 16
    with vault.write() as connection:
        store.remove(connection, "f1")
    with vault.read() as connection:
        assert store.feed(connection, "f1") is None
        assert (store.had(connection, "f1"), store.rows(connection, "f1")) == ({}, b"")


def test_a_feed_is_taken_by_one_until_its_lease_ends(databases: dict[str, SqlDatabase]) -> None:
    with databases["vault"].write() as connection:
        store.add(connection, FEED, b"")
        assert store.due(connection, 10) == ["f1"]
        assert store.lease(connection, "f1", 10, 50)
        assert not store.lease(connection, "f1", 49, 90)
        assert store.due(connection, 49) == []
        assert store.lease(connection, "f1", 50, 90), "its holder is gone"
        store.note(connection, "f1", PROGRESS, 60)
        assert store.due(connection, 59) == [] and store.due(connection, 60) == ["f1"]
        store.enable(connection, "f1", False, 0)
        assert store.due(connection, 1000) == []


def test_objects_of_another_hub_are_known_by_version_and_dropped_by_contribution(
    databases: dict[str, SqlDatabase],
) -> None:
    with databases["vault"].write() as connection:
        store.set_taken(
            connection,
            [("f1", "x--1", 5, "there", "here"), ("f1", "x--1", 6, "there", "here"),
             ("f1", "x--2", 0, "other", "here2"), ("f2", "x--1", 5, "there", "else")],
        )  # fmt: skip
        store.set_taken(connection, [("f1", "x--2", 0, "other", "here3")])
        assert store.taken(connection, "f1", ["x--1", "x--2", "x--3"]) == {
            ("x--1", 5): "here", ("x--1", 6): "here", ("x--2", 0): "here3"}  # fmt: skip
        assert store.taken_of(connection, "f1", "there") == [("x--1", "here"), ("x--1", "here")]
        store.drop_taken(connection, "f1", "there", ["x--1"])
        assert store.taken(connection, "f1", ["x--1", "x--2"]) == {("x--2", 0): "here3"}
        assert store.taken(connection, "f2", ["x--1"]) == {("x--1", 5): "else"}
