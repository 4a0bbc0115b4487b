"""What one block or lift asks of the projections does not grow with the number of names that are blocked.

Counted are the steps of SQLite's machine, not time: a look at each of the names would show at any speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.edges.database import SqlDatabase
from fusioncell.kernel.clock import DAY, HOUR, ManualClock
from fusioncell.kernel.ports import Connection
from fusioncell.shield import store
from fusioncell.shield.auditing import store as auditing_store
from fusioncell.shield.auditing.model import Period
from fusioncell.shield.fuse import store as fuse_store
from fusioncell.shield.hits import store as hits_store
from fusioncell.shield.lift import store as lift_store
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers import store as subscribers_store
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


def lately(hub: Hub) -> Period:
    """A period in which little began, beside all that did before."""
    return Period(hub.clock.now() - 10, hub.clock.now() + 1)


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


def test_what_is_asked_about_few_costs_the_same_beside_many(
    hub: Hub, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly all decisions stand: an index of the states would lead from each question to all of them."""
    names = ["n1.of200.example", "free.example"]
    questions: dict[str, Callable[[Connection], object]] = {
        "what is blocked of these names": lambda c: subscribers_store.published_for(c, names),
        "what was lifted lately": lambda c: subscribers_store.lifted_after(c, 0, 10),
        "what is blocked below a name": lambda c: subscribers_store.blocked_below(c, "of201.example"),
        "which of these names is open": lambda c: store.open_for(c, names),
        "a page of the names": lambda c: [name for name, _ in zip(store.published_names(c), range(5), strict=False)],
        "what has run out": lambda c: store.run_out(c, hub.clock.now(), 10),
        "what waits by rule": lambda c: store.waiting_by_rule(c, 0, 10),
        "what waits": lambda c: store.listed(c, ["proposed"], range(1, 30), 10, 0),
        "what ended": lambda c: store.listed(c, ["withdrawn", "expired", "refused"], range(1, 30), 10, 0),
        "the newest blocks": lambda c: store.listed(c, ["published"], range(1, 30), 10, 0),
        "what is due to end": lambda c: fuse_store.to_end(c, 10),
        "what machines changed": lambda c: fuse_store.done_by_machine(c, 0),
        "what an ISP lets pass": lambda c: hits_store.overridden(c, range(1, 30)),
        "what people freed": lambda c: lift_store.freed_since(c, 0, 10),
        "what a lift since then means": lambda c: lift_store.open_since(c, lately(hub).since, range(1, 30), 10),
        "what began lately": lambda c: auditing_store.sums(c, lately(hub), range(1, 30)),
        "what was played": lambda c: auditing_store.exercises(c, lately(hub), range(1, 30), 10),
        "what people ended": lambda c: auditing_store.lifts(c, lately(hub), range(1, 30)),
        "how many began lately": lambda c: hits_store.outcomes(c, lately(hub).since, lately(hub).until, range(1, 30)),
    }
    asked: dict[str, list[int]] = {each: [] for each in questions}
    monkeypatch.setattr(store, "PAGE", 50)
    for count in (200, 3_000):
        publish(hub, *(f"n{number}.of{count}.example" for number in range(count)))
        withdraw(hub, f"n7.of{count}.example")
        assert isinstance(hub.clock, ManualClock)
        hub.clock.advance(HOUR)
        publish(hub, f"late.beside{count}.example")
        withdraw(hub, f"n8.of{count}.example")
        hub.settle()
        for each, ask in questions.items():
            before = work.done
            with hub.databases["projections"].read() as connection:
                for _ in range(20):
                    ask(connection)
            asked[each].append(work.done - before)
    assert {each: found for each, found in asked.items() if found[1] > 2 * found[0] + 20} == {}
