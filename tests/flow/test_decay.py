"""Decay and expiry touch no row: a year passes, all is asked again and again, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.service import Fusion
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection, Database

START = parse_instant("2026-03-01")
NAMES = [Observable(ObservableType.DOMAIN, f"h{n}.example") for n in range(40)]


class Watched:
    """A database that counts what is written to it."""

    def __init__(self, inner: Database) -> None:
        self._inner, self.dialect, self.writes = inner, inner.dialect, 0

    def read(self) -> Any:
        return self._inner.read()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.writes += 1
        with self._inner.write() as connection:
            yield connection


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Fusion, Watched, ManualClock, frozenset[int], Callable[[], object]]]:
    Folder(tmp_path / "hub").make("hub")
    clock = ManualClock(START)
    hub = open_hub(tmp_path / "hub", clock=clock, known_good=KnownGood.nothing())
    hub.members.add_organisation("Ministry", "government", "government")
    viewer = hub.members.operator_viewer(None)
    assert viewer is not None
    rows = "\n".join(["domain,stance", *(f"{o.value},malicious" for o in NAMES)])
    hub.intake.accept(viewer, rows.encode(), "text/csv", Terms())
    hub.river.run_dry()
    watched = Watched(hub.fusion._database)

    def dump() -> object:
        with hub.fusion._database.read() as connection:
            return connection.rows("SELECT * FROM fusion_claim ORDER BY observable, seq, position")

    yield Fusion(watched, clock, hub.fusion.known_good), watched, clock, hub.record.visible_to(viewer), dump
    hub.close()


def test_a_year_of_decay_writes_nothing(told: Any) -> None:
    fusion, watched, clock, audiences, dump = told
    before, active = dump(), []
    for _ in range(366):
        found = fusion.match(NAMES, audiences)
        assert len(found) == len(NAMES)
        one = fusion.look_up(NAMES[0], audiences)
        active.append(one.active)
        standing = fusion.standing(audiences)
        clock.advance(DAY)
    assert watched.writes == 0
    assert dump() == before
    # It did decay: each day less, and on the day that was foretold, below the floor.
    assert active == sorted(active, reverse=True)
    assert active[0] > 0.4 > 0.2 > active[-1]
    end = standing.days[0] - START // DAY
    assert active[end] <= 0.2 < active[end - 1]


def test_the_day_of_the_end_is_known_at_once_and_stays(told: Any) -> None:
    fusion, _, clock, audiences, _ = told
    first = fusion.standing(audiences)
    clock.advance(300 * DAY)
    later = fusion.standing(audiences)
    assert (first.ids.tolist(), first.days.tolist()) == (later.ids.tolist(), later.days.tolist())
    assert len(first.ids) == len(NAMES)


def test_a_write_would_be_counted(told: Any) -> None:
    _, watched, *_ = told
    with watched.write() as connection:
        connection.rows("SELECT 1")
    assert watched.writes == 1
