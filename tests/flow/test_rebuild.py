"""Dropping every projection and rebuilding gives the same bytes as the incremental work did (DESIGN rules 1 and 14).

Random partnerships, with the river stepping at random batch boundaries, hubs closed and opened again, batches that fail
half-way. ``FUSIONCELL_SEEDS=0-99`` runs other seeds than the few of every day.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

import fusioncell.river
from databases import START, Dump, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.shield import project as shield_project
from partnership import NAMES, WORDS, Partnership

_first, _, _last = os.environ.get("FUSIONCELL_SEEDS", "1-5").partition("-")
SEEDS = range(int(_first), int(_last or _first) + 1)
OPERATIONS = 80


class BatchFailed(RuntimeError):
    """The batch fails half-way, as when a disk is full."""


def step(hub: Hub, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the river take a few batches of random size; now and then one fails and is taken again."""
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        monkeypatch.setattr(fusioncell.river, "BLOCKS", chance.randint(1, 5))
        if chance.random() < 0.1:
            with monkeypatch.context() as failing:
                failing.setattr(shield_project, "project", fail)
                before = hub.river.position
                try:
                    hub.river.step()
                except BatchFailed:
                    assert hub.river.position == before
        hub.river.step()


def fail(*_: object) -> None:
    raise BatchFailed


def seen(hub: Hub) -> list[object]:
    """What members find: the full-text index is no table to be dumped."""
    answers: list[object] = []
    for organisation in hub.members.organisations()[:3]:
        viewer = hub.members.operator_viewer(organisation.id)
        assert viewer is not None
        for query in (*NAMES, *WORDS):
            found = hub.picture.search(viewer, query)
            answers.append((query, [hit.entry.seq for hit in found.hits], found.assessment))
    return answers


def differences(one: Dump, other: Dump) -> dict[str, tuple[list[object], list[object]]]:
    return {
        table: ([row for row in rows if row not in other[table]], [row for row in other[table] if row not in rows])
        for table, rows in one.items()
        if rows != other[table]
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rebuild_gives_the_same_bytes(
    seed: int, open_again: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, randomness = ManualClock(START), SeededRandomness(seed)
    hub = open_again(clock, randomness)
    partnership, chance = Partnership(seed, clock), random.Random(-seed)
    partnership.found(hub)
    for _ in range(OPERATIONS):
        partnership.operation(hub)
        step(hub, chance, monkeypatch)
        if chance.random() < 0.05:
            hub.close()
            hub = open_again(clock, randomness)
    hub.settle()
    assert partnership.refused < OPERATIONS / 2, "the partnership did nothing of note"
    standing, answers = dump(hub.databases["projections"]), seen(hub)
    assert standing["fusion_claim"]
    assert standing["picture_text"]
    for blocks in (100_000, 1):
        monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
        rebuild(hub)
        hub.river.run_dry()
        assert differences(standing, dump(hub.databases["projections"])) == {}
        assert seen(hub) == answers
    assert hub.record.verify() == hub.record.head()[0]
