"""What receipts keep in the vault, on both databases."""

from __future__ import annotations

from fusioncell.bootstrap import Hub
from fusioncell.edges.database import SqlDatabase
from fusioncell.exchange.receipts import store
from fusioncell.exchange.receipts.model import Range, State
from fusioncell.intake.freetext import extract
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.observable import key64


def test_the_first_export_stays_and_who_took_nothing_is_told_nothing(databases: dict[str, SqlDatabase]) -> None:
    vault = databases["vault"]
    with vault.write() as connection:
        store.add_exports(connection, [("c", "o", 5, 0)])
        store.add_exports(connection, [("c", "o", 9, 0)])
        store.add_gone(connection, [(12, "c", "o"), (12, "c", "stranger")])
    with vault.read() as connection:
        assert store.exports_of(connection, "c") == [("o", 5, 12)]


def test_values_keep_their_first_and_last_answer(databases: dict[str, SqlDatabase]) -> None:
    with databases["vault"].write() as connection:
        store.add_values(connection, [(-7, "o", 3, 4), (8, "p", 1, 1)])
        store.add_values(connection, [(-7, "o", 9, 11)])
    with databases["vault"].read() as connection:
        assert store.values_among(connection, [-7, 8, 9]) == [("o", 3, 11), ("p", 1, 1)]
        assert store.orgs_with_values(connection) == [("o", 3, 11), ("p", 1, 1)]


def test_ranges_are_written_over_and_dropped(databases: dict[str, SqlDatabase]) -> None:
    one, other = Range("o", 1, 0, 5, 5, True), Range("o", 1, 9, 12, 10, False)
    with databases["vault"].write() as connection:
        store.save_ranges(connection, [one, other])
        store.save_ranges(connection, [Range("o", 1, 0, 7, 6, False)])
        store.drop_ranges(connection, [("o", 1, 9)])
    with databases["vault"].read() as connection:
        assert store.ranges(connection) == [Range("o", 1, 0, 7, 6, False)]


def test_each_is_told_once(databases: dict[str, SqlDatabase]) -> None:
    with databases["vault"].write() as connection:
        assert store.told_until(connection) is None
        assert store.add_told(connection, 20, "o", 5)
        assert not store.add_told(connection, 20, "o", 6)
        store.told_all(connection, 20, 6)
        store.told_all(connection, 31, 7)
        assert store.told_until(connection) == 31
        assert store.told_of(connection, [20, 31]) == {"o": 5}


def test_receipts_survive_a_restart(hub: Hub) -> None:
    author = hub.members.add_organisation("Author", "x", "industry")
    reader = hub.members.add_organisation("Reader", "x", "industry")
    other = hub.members.add_organisation("Other", "x", "industry")
    viewer = hub.members.operator_viewer(author.id)
    assert viewer is not None
    text = b"Parcel phishing at evil[.]example today"
    one = hub.intake.accept(viewer, text, "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    hub.settle()
    (claim,) = extract("text", "", 0, {}, text).claims
    hub.receipts.exported(reader.id, [key64(claim.observable)])
    hub.intake.recall(viewer, one, "wrong")
    hub.settle()
    rows = {row.org: row.state for row in hub.receipts.receipts(viewer, one).rows}
    assert rows == {reader.id: State.EXPORTED, other.id: State.HERE}
