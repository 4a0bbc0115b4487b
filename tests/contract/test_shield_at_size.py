"""What one block or lift asks of the projections does not grow with the number of names that are blocked.

Counted are the steps of SQLite's machine, not time: a look at each of the names would show at any speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.edges.database import SqlDatabase
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers.service import Wanted
from hubs import make_hub
from publishing import publish, withdraw

EVERY = 50
"""Steps of the machine that are counted as one."""


class Work:
    """Counts what all connections do."""

    def __init__(self) -> None:
        self.done = 0

    def count(self) -> None:
        self.done += 1


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counted, connect = Work(), SqlDatabase._new_connection

    def counting(database: SqlDatabase) -> Any:
        made = connect(database)
        made.set_progress_handler(counted.count, EVERY)
        return made

    monkeypatch.setattr(SqlDatabase, "_new_connection", counting)
    return counted


@pytest.fixture
def hub(work: Work, tmp_path: Path) -> Iterator[Hub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(20_000 * DAY))
    yield made.hub
    made.hub.close()


def subscribe(hub: Hub, kind: Kind) -> None:
    viewer = hub.members.operator_viewer(hub.members.organisations()[0].id)
    assert viewer is not None
    viewer = replace(viewer, person=None)
    subscribers = hub.shielding.subscribers
    made = subscribers.add(viewer, viewer.org or "", Wanted(label=kind, choice=Choice(kind), addresses=("192.0.2.1",)))
    for step in (Step.SHADOW, Step.CANARY, Step.ENFORCE):
        hub.settle()
        subscribers.change(viewer, made.id, Wanted(step=step, reference="CHG1"))
    hub.settle()


def merged(hub: Hub) -> None:
    """Put all that is blocked into the main zones."""
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(DAY)
    publish(hub, f"m{hub.clock.now()}.example")
    hub.settle()


def test_a_block_and_a_lift_cost_the_same_beside_many(hub: Hub, work: Work) -> None:
    subscribe(hub, Kind.BIND)
    asked: list[int] = []
    for count in (200, 3_000):
        publish(hub, *(f"n{number}.of{count}.example" for number in range(count)))
        for _ in range(3):
            merged(hub)
        before = work.done
        publish(hub, f"one.beside{count}.example")
        hub.settle()
        withdraw(hub, f"one.beside{count}.example", f"n7.of{count}.example")
        hub.settle()
        publish(hub, f"two.beside{count}.example")  # while what was lifted passes
        hub.settle()
        asked.append(work.done - before)
    assert asked[1] < 2 * asked[0] + 20, asked
