"""What analysts judge and foresee, and what the hub learns, for the random scripts of the non-interference test.

Overrides and their taking back, entries of what was learned, items of the horizon with what is written into them, and
mails that are nearly the same. But for the mails each is an entry with an audience of its own: who may see it gets it
as it was. What the hub learns takes hundreds of verdicts and sightings: here its entries are written as they would be.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from affairs import editor
from fusioncell.fusion.learned.context import Context
from fusioncell.fusion.learned.model import (
    CALIBRATED,
    FORESEEN,
    LIVED,
    TIERS,
    CalibrationBody,
    Horizon,
    Life,
    LivesBody,
    OutlookBody,
)
from fusioncell.fusion.overrides import Verdict
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import TYPE_CODES, Observable, ObservableType
from fusioncell.picture.horizon import Kind, Paper, What
from partnership import NAMES

ANALYSTS = (1, 3)
"""Organisations that have an analyst: one in the circle, and the first one's client."""


@dataclass(frozen=True)
class Judge:
    """An analyst says of a name what it is; or takes back what an earlier step said (``back``: which, -1 for none)."""

    who: int
    name: str
    verdict: Verdict
    readers: str
    back: int = -1


@dataclass(frozen=True)
class Learn:
    """The hub learns something of a tier."""

    kind: str
    tier: int
    much: int


@dataclass(frozen=True)
class Scan:
    """Somebody opens an item of the horizon."""

    who: int
    kind: Kind
    readers: str
    days: int = 1


@dataclass(frozen=True)
class Foresee:
    """Somebody writes into an item of an earlier step."""

    who: int
    step: int
    what: What
    percent: int
    to: int


Judging = Judge | Learn | Scan | Foresee


def judging_for(dice: random.Random, steps: Sequence[Any]) -> Judging:
    """Draw one."""
    scans = [i for i, step in enumerate(steps) if isinstance(step, Scan)]
    judged = [i for i, step in enumerate(steps) if isinstance(step, Judge) and step.back < 0]
    draw, who = dice.random(), dice.randrange(5)
    if draw < 0.4:
        back = dice.choice(judged) if judged and dice.random() < 0.3 else -1
        return Judge(dice.choice(ANALYSTS), dice.choice(NAMES[:5]), dice.choice(list(Verdict)),
                     dice.choice(("clear", "green", "green", "cell", "cell")), back)  # fmt: skip
    if draw < 0.55:
        return Learn(dice.choice((CALIBRATED, LIVED, FORESEEN)), dice.randrange(len(TIERS)), dice.randrange(1, 5))
    if draw < 0.7 or not scans:
        kind = dice.choice((Kind.FORECAST, Kind.FORECAST, Kind.SIGNAL))
        return Scan(who, kind, dice.choice(("partnership", "partnership", "org", "cell", "me")), dice.randrange(5, 30))
    what = dice.choice((What.ESTIMATE, What.ESTIMATE, What.OUTCOME, What.CONFIRM, What.NOTE, What.LINK, What.LINK))
    step = dice.choice(scans)
    opened = steps[step]
    who = opened.who if dice.random() < 0.6 or opened.readers != "partnership" else who
    return Foresee(who, step, what, dice.randrange(101), dice.choice(scans))


def mail(dice: random.Random) -> bytes:
    """Write a mail of which others differ in a number, a name and what it is about: one of two kinds."""
    kind, name = dice.randrange(2), dice.choice(NAMES[:5]).replace(".", "[.]")
    told = ("your parcel could not be delivered, please pay the customs fee of", "your account is locked until you pay")
    return (f"Dear customer, {told[kind]} {dice.randrange(90)} pounds within two days at {name} or it goes back to "
            "whoever sent it to you, with kind regards of the whole team").encode()  # fmt: skip


def found_analysts(world: Any) -> None:
    """Give some organisations an analyst."""
    world.analysts = {who: world.hub.members.add_person(world.orgs[who], f"An{who}", f"an{who}@x.example",
                                                        ["analyst"]).id for who in ANALYSTS}  # fmt: skip


def analyst(world: Any, who: int) -> Viewer:
    """Return an organisation's analyst."""
    found: Viewer | None = world.hub.members.viewer_of(f"person:{world.analysts[who]}")
    assert found is not None
    return found


def judge(world: Any, step: Judging) -> None:
    """Do it on the whole hub."""
    hub = world.hub
    if isinstance(step, Judge):
        viewer = analyst(world, step.who)
        if step.back < 0:
            one = Observable(ObservableType.DOMAIN, step.name)
            hub.overrides.override(viewer, one, step.verdict.value, f"Reason of {step.who}", step.readers)
        elif items := world.played[step.back].items:
            hub.overrides.restore(viewer, items[0].payload.subject, f"Wrong, says {step.who}")
    elif isinstance(step, Learn):
        audience = hub.record.intern_audience(TIERS[step.tier])
        payload = Payload("", step.kind, hub.clock.now(), "", msgspec.json.encode(_learned(step)))
        hub.record.append("", [Draft(step.kind, audience, payload)], f"learned-{hub.record.head()[0]}")
    else:
        _scan(world, step)


def _scan(world: Any, step: Scan | Foresee) -> None:
    horizon, now = world.hub.horizon, world.hub.clock.now()
    opened = world.steps[step.step] if isinstance(step, Foresee) else step
    # What a second person confirms, and what is the Fusion Cell's, is an analyst's.
    cell = opened.readers == "cell" or (isinstance(step, Foresee) and step.what is What.CONFIRM)
    viewer = analyst(world, ANALYSTS[step.who % 2]) if cell else editor(world, step.who)
    if isinstance(step, Scan):
        paper = Paper(What.ITEM, "", step.kind, f"Item of {step.who}", "as the list says", "legal",
                      deadline=now + step.days * DAY if step.kind is Kind.FORECAST else 0)  # fmt: skip
        horizon.open(viewer, paper, step.readers)
        return
    item = world.played[step.step].contribution
    if step.what is What.CONFIRM:
        found = horizon.one(viewer, item).found
        paper = Paper(What.CONFIRM, about=found.id if found else "")
    else:
        paper = {
            What.ESTIMATE: Paper(What.ESTIMATE, percent=step.percent),
            What.OUTCOME: Paper(What.OUTCOME, outcome="yes", text=f"Seen by {step.who}"),
            What.NOTE: Paper(What.NOTE, text=f"Note {step.percent}"),
            What.LINK: Paper(What.LINK, to=world.played[step.to].contribution),
        }[step.what]
    horizon.write(viewer, item, paper)


def _learned(step: Learn) -> msgspec.Struct:
    if step.kind == CALIBRATED:
        return CalibrationBody(step.tier, -0.2 * step.much, 0.5 + 0.2 * step.much, 40 + step.much, 30)
    if step.kind == LIVED:
        code = TYPE_CODES[ObservableType.DOMAIN]
        return LivesBody(step.tier, (Life(code, int(Context.ANY), 10 * step.much, 300, 40),))
    none = (0.0,) * 8
    horizons = tuple(Horizon(days, none, (1.0,) * 8, (-1.0 * step.much, -0.5, 0.1, 0.3, 0.0, 0.0, 0.2, 0.0, 0.0),
                             0.1, 0.9, 600 + step.much, 60, 0.05, 0.09) for days in (7, 30))  # fmt: skip
    return OutlookBody(step.tier, horizons)
