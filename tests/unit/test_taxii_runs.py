"""Runs of a collection: written and read again, flags of an object's places, and what a query picks of them."""

from __future__ import annotations

from array import array
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.exchange.taxii.model import STIX_20, STIX_21, Ask, Row
from fusioncell.exchange.taxii.runs import (
    ALONE,
    KEY,
    LATEST,
    PRESENT,
    SHADOW,
    SPEC_20,
    Columns,
    Run,
    Shelf,
    flags_of,
    key_of,
    number_of,
    pick,
)

FLAGS = st.binary(min_size=1, max_size=12).map(lambda text: bytearray(each % 3 for each in text))
SPECS = st.sampled_from([STIX_20, STIX_21])
STANDING = st.lists(st.tuples(st.integers(0, 3), SPECS), min_size=1, max_size=6)
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), SPECS), max_size=6)
ASKS = st.builds(
    Ask, specs=st.sampled_from([(), (STIX_20,), (STIX_21,), (STIX_20, STIX_21)]), first=st.booleans(),
    last=st.booleans(), all=st.booleans(), versions=st.lists(st.integers(0, 3), max_size=2).map(tuple),
)  # fmt: skip


def columns(flags: bytearray) -> Columns:
    numbers = [number if flag else 0 for number, flag in enumerate(flags, 1)]
    keys = b"".join(bytes([number]) * KEY for number in numbers)
    return flags, array("q", numbers), array("q", numbers), array("i", numbers), bytearray(keys)


def made(flags: bytearray) -> Run:
    run = Run(1, 100, 10, 2, 3)
    run.extend(0, columns(flags))
    return run


@given(FLAGS)
def test_a_run_is_kept_without_its_empty_ends_and_read_again(flags: bytearray) -> None:
    run = made(flags)
    row = run.row()
    again = Run.read(*row)  # type: ignore[arg-type]
    assert again.row() == row and again.stored == len(again.flags)
    assert not again.flags or (again.flags[0] and again.flags[-1])
    whole = [at for at, flag in enumerate(flags) if flag & PRESENT]
    left = [at for at, flag in enumerate(again.flags) if flag & PRESENT]
    assert again.shown(left) == run.shown(whole)
    assert [again.key(at) for at in left] == [run.key(at) for at in whole]


@given(FLAGS, st.integers(0, 3), FLAGS)
def test_a_run_that_came_in_two_parts_is_the_same_run(first: bytearray, gap: int, second: bytearray) -> None:
    parts = Run.read(*made(first).row())  # type: ignore[arg-type]
    if not parts.flags:
        return
    start = parts.seq + len(parts.flags)
    parts.extend(10 + len(first) + gap - start, columns(second))
    whole = made(first)
    whole.extend(gap, columns(second))
    assert parts.row() == whole.row()


@given(st.lists(st.integers(0, 40), unique=True, max_size=8))
def test_a_shelf_finds_the_run_of_a_position_and_no_other(starts: list[int]) -> None:
    shelf = Shelf()
    for start in starts:
        one = Run(1, 100 + 3 * start, 3 * start, 2, 3)
        one.extend(0, columns(bytearray(b"\1\1")))
        shelf.put([one])
    for seq in range(130):
        found = shelf.find(seq)
        held = seq // 3 in starts and seq % 3 < 2
        assert (found is not None) == held
        if found is not None:
            assert found[0].seq + found[1] == seq


@given(STANDING)
def test_of_equal_versions_the_first_is_served_and_one_is_the_latest(standing: list[tuple[int, int]]) -> None:
    flags = flags_of(standing)
    assert all(flag & PRESENT for flag in flags)
    assert [bool(flag & SPEC_20) for flag in flags] == [spec == STIX_20 for _, spec in standing]
    assert [bool(flag & SHADOW) for flag in flags] == [one in standing[:at] for at, one in enumerate(standing)]
    newest = max(spec for _, spec in standing)
    best = (max(version for version, spec in standing if spec == newest), newest)
    assert [at for at, flag in enumerate(flags) if flag & LATEST] == [standing.index(best)]
    assert {bool(flag & ALONE) for flag in flags} == {len(standing) == 1}


@given(ROWS, ASKS, st.sampled_from([0, 1]))
def test_what_is_picked_is_what_the_standard_says(given_: list[tuple[int, int, int]], ask: Ask, org: int) -> None:
    seen: set[tuple[int, int]] = set()
    rows = []
    for at, (giver, version, spec) in enumerate(given_, 10):
        rows.append(Row(at, at, giver, version, spec, 0, int((version, spec) in seen), 0))
        seen.add((version, spec))
    pool = [row for row in rows if (row.org == org if org else not row.shadow)]
    specs = ask.specs or (max((row.spec for row in pool), default=STIX_21),)
    pool = [row for row in pool if row.spec in specs]

    def wanted(row: Row) -> bool:
        mine = (row.version, row.spec)
        first = not any((other.version, other.spec) == mine and other.added < row.added for other in pool)
        last = ask.last and first and not any((other.version, other.spec) > mine for other in pool)
        oldest = ask.first and first and not any((other.version, other.spec) < mine for other in pool)
        return ask.all or last or oldest or (row.version or row.added) in ask.versions

    assert pick(ask, rows, org) == [row for row in pool if wanted(row)]


def test_keys_are_of_ids_and_looked_up_by_their_first_half() -> None:
    ids = [f"indicator--{UUID(int=number)}" for number in range(500)]
    keys = {key_of(each) for each in ids}
    assert len(keys) == len({number_of(key) for key in keys}) == 500
    assert all(len(key) == KEY for key in keys) and -(1 << 63) <= min(map(number_of, keys))
