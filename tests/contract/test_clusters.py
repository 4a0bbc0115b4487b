"""Clusters in the hub: as in memory, whatever the batches; what goes leaves no trace; narrower reports take no part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.edges.database import SqlDatabase, open_sqlite
from fusioncell.fusion.clusters import Gathering, features_of, store
from fusioncell.fusion.clusters.model import ACT, UNDO, ActBody, UndoBody
from fusioncell.fusion.clusters.project import project
from fusioncell.intake.arrive import State
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrival, Arrived
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection

CLEAR, GREEN, NARROW = 1, 2, 3
TIERS = (frozenset((CLEAR,)), frozenset((CLEAR, GREEN)))
Report = tuple[int, tuple[str, ...]]
_names = st.lists(st.sampled_from([f"{each}.example" for each in "abcdefg"]), min_size=1, max_size=4, unique=True)
_reports = st.lists(st.tuples(st.sampled_from((CLEAR, GREEN, NARROW)), _names.map(tuple)), max_size=14)


def item(number: int, report: Report) -> tuple[Entry, Extract]:
    audience, names = report
    seq = number * 10 + 1
    entry = Entry(seq, seq, seq, "org", "row", audience, f"c{number}", b"", b"", Payload("", "", 0, "", b""))
    claims = tuple(Claim(Observable(ObservableType.DOMAIN, name), Role.ATTACKER, Stance.MALICIOUS) for name in names)
    return entry, Extract(claims)


def arrived(items: Sequence[tuple[Entry, Extract]], ended: Sequence[tuple[Entry, Extract]] = ()) -> Arrived:
    return Arrived([Arrival(*each, State.NEW, True) for each in items], list(ended))


@cache
def database() -> SqlDatabase:
    made = open_sqlite(Path(mkdtemp(prefix="fc-clusters-")) / "tables.db", durable=False)
    made.create(store.metadata)
    return made


@contextmanager
def tables() -> Iterator[Connection]:
    """Give the tables of clusters, empty."""
    with database().write() as connection:
        for table in store.metadata.sorted_tables:
            connection.run(f"DELETE FROM {table.name}")
        yield connection


def dump(connection: Connection) -> list[list[tuple[object, ...]]]:
    return [sorted(connection.rows(f"SELECT * FROM {table.name}")) for table in store.metadata.sorted_tables]


def made(reports: Sequence[Report], *, batch: int = 1, gone: frozenset[int] = frozenset(),
         never: frozenset[int] = frozenset()) -> list[list[tuple[object, ...]]]:  # fmt: skip
    """Project reports, some of which go later or never were; return all tables."""
    items = {n: item(n, report) for n, report in enumerate(reports) if n not in never}
    numbers = list(items)
    with tables() as connection:
        for start in range(0, len(numbers), batch):
            project(connection, [], arrived([items[n] for n in numbers[start : start + batch]]), TIERS)
        for number in sorted(gone & items.keys()):
            project(connection, [], arrived([], [items[number]]), TIERS)
        return dump(connection)


@given(_reports, st.integers(2, 20))
def test_batch_boundaries_do_not_show(reports: list[Report], batch: int) -> None:
    assert made(reports) == made(reports, batch=batch)


@given(_reports, st.frozensets(st.integers(0, 13), max_size=4))
def test_what_goes_leaves_what_would_stand_without_it(reports: list[Report], gone: frozenset[int]) -> None:
    assert made(reports, gone=gone) == made(reports, never=gone)


@given(st.lists(st.lists(st.tuples(st.sampled_from((CLEAR, GREEN, NARROW)), _names.map(tuple)), min_size=1, max_size=3),
                max_size=6), st.integers(1, 20), st.sets(st.integers(0, 17), max_size=5))  # fmt: skip
def test_what_some_items_of_a_report_say_goes_with_the_last_of_them(
    reports: list[list[Report]], batch: int, gone: set[int]
) -> None:
    items = [several(number, place, each) for number, report in enumerate(reports) for place, each in enumerate(report)]
    left = [each for place, each in enumerate(items) if place not in gone]
    with tables() as connection:
        for start in range(0, len(items), batch):
            project(connection, [], arrived(items[start : start + batch]), TIERS)
        project(connection, [], arrived([], [each for place, each in enumerate(items) if place in gone]), TIERS)
        found = dump(connection)
    with tables() as connection:
        for each in left:
            project(connection, [], arrived([each]), TIERS)
        assert found == dump(connection)


def several(number: int, place: int, report: Report) -> tuple[Entry, Extract]:
    """Return an item of a submission that may have more."""
    entry, said = item(number, report)
    return msgspec.structs.replace(entry, seq=entry.seq + place), said


@given(_reports)
def test_narrower_reports_change_nothing(reports: list[Report]) -> None:
    narrow = frozenset(n for n, (audience, _) in enumerate(reports) if audience == NARROW)
    tiers = [table.name for table in store.metadata.sorted_tables].index("fusion_clusters_link")
    assert made(reports)[tiers] == made(reports, never=narrow)[tiers]


@given(_reports)
def test_the_hub_joins_as_memory_does(reports: list[Report]) -> None:
    reports = [(GREEN, names) for _, names in reports]
    gathering = Gathering()
    for _, names in reports:
        gathering.join(sorted({f for name in names for f in features_of(Observable(ObservableType.DOMAIN, name))}))
    links = made(reports)[[table.name for table in store.metadata.sorted_tables].index("fusion_clusters_link")]
    assert [row[2] for row in links if row[0] == 1] == [head * 10 + 1 for head in gathering.heads]


def act(seq: int, which: str, body: ActBody | UndoBody) -> Entry:
    kind = ACT if isinstance(body, ActBody) else UNDO
    payload = Payload("", which, 0, "", msgspec.json.encode(body))
    return Entry(seq, seq, seq, "cell", kind, GREEN, "x", b"", b"", payload)


@given(_reports, st.lists(st.tuples(st.sampled_from(("split", "join")), st.integers(0, 13), st.integers(0, 13)),
                          max_size=4), st.integers(1, 9))  # fmt: skip
def test_decisions_that_are_taken_back_leave_the_machines_view(
    reports: list[Report], decided: list[tuple[str, int, int]], batch: int
) -> None:
    acts = [act(1000 + n, f"a{n}", ActBody(does, f"c{one}", "why", f"c{other}"))
            for n, (does, one, other) in enumerate(decided)]  # fmt: skip
    undos = [act(2000 + n, f"a{n}", UndoBody(f"c{one}")) for n, (_, one, _) in enumerate(decided)]
    with tables() as connection:
        for number, report in enumerate(reports):
            project(connection, [], arrived([item(number, report)]), TIERS)
        before = links_of(connection)
        for entry in acts:
            project(connection, [entry], Arrived(), TIERS)
        one_by_one = links_of(connection)
        for entry in undos:
            project(connection, [entry], Arrived(), TIERS)
        assert links_of(connection) == before
    with tables() as connection:
        items = [item(number, report) for number, report in enumerate(reports)]
        project(connection, acts, arrived(items), TIERS)
        assert links_of(connection) == one_by_one, "all in one cut, or one after the other"


def links_of(connection: Connection) -> list[tuple[object, ...]]:
    links = connection.rows("SELECT * FROM fusion_clusters_link ORDER BY tier, unit")
    return links + connection.rows("SELECT * FROM fusion_clusters_head ORDER BY tier, head")
