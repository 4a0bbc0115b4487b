"""Derive what has become of an item from what was done about it, in order. Pure.

1. A claim takes what nobody holds; it takes nothing from another: of two who claim at once the first has it.
2. An assignment gives the item to whoever is named, and wakes it; a release lets it go.
3. A snooze lasts until its instant; a dismissal until it is reopened. Of a claim and either, the later counts: who
   claims a snoozed or dismissed item looks at it again.
4. What was undone never was: it is not among what is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fusioncell.kernel.clock import Instant
from fusioncell.picture.triage.model import OPEN, Done, Kind, Show, Standing


class _State(NamedTuple):
    """Who has the item, until when it sleeps, since when it is dismissed (0 for not)."""

    holder: str = ""
    until: Instant = 0
    dismissed: Instant = 0


def _after(state: _State, act: Done) -> _State:
    if act.kind in (Kind.CLAIM, Kind.ASSIGN):
        return _State(act.to if act.kind is Kind.ASSIGN else act.by)
    if act.kind is Kind.RELEASE:
        return state._replace(holder="")
    if act.kind is Kind.SNOOZE:
        return state._replace(until=act.until, dismissed=0)
    if act.kind is Kind.DISMISS:
        return state._replace(dismissed=act.at)
    return state._replace(until=0, dismissed=0)


def standing_of(acts: Iterable[Done], now: Instant) -> Standing:
    """Return what has become of an item."""
    state, last = _State(), None
    for act in acts:
        if act.kind is Kind.CLAIM and state.holder not in ("", act.by):
            continue
        state, last = _after(state, act), act
    if last is None:
        return OPEN
    asleep = state.until > now
    awake = Show.CLAIMED if state.holder else Show.OPEN
    show = Show.DISMISSED if state.dismissed else Show.SNOOZED if asleep else awake
    return Standing(show, state.holder, state.until if asleep else 0, last.said, last.by, last.at, state.dismissed)
