"""Use cases of participation: report a quarter, as far as the viewer may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fusioncell.exchange.participation import measure, store
from fusioncell.exchange.participation.model import Figures, Named, Pace, Report, Sector, Spell
from fusioncell.kernel.clock import DAY, Clock, Instant
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import ANONYMOUS, Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members import Members, Organisation
from fusioncell.record.service import Record

_COLUMN = {"post": "posts", "reply": "replies"}
_NOTHING = Figures()
_Days = dict[tuple[str, int], Figures]
"""(voice, day of the quarter) → what it did on it."""


class Participation:
    """The front door of the package."""

    def __init__(self, *, record: Record, projections: Database, members: Members, clock: Clock) -> None:
        self._record, self._projections, self._members, self._clock = record, projections, members, clock

    def report(self, viewer: Viewer, quarter: str = "") -> Report:
        """Report a quarter (``2026-Q4``; "": this one). NotAllowed for who is no member, BadInput for no quarter."""
        if not viewer.member:
            raise NotAllowed("participation is shown to members of the partnership", hint="Sign in.")
        quarter = quarter or measure.quarter_of(self._clock.now())
        begins, ends = measure.bounds_of(quarter)
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            days = _days(store.given(connection, audiences, begins, ends, DAY),
                         store.said(connection, audiences, begins, ends, DAY))
            replies = store.first_replies(connection, audiences, begins, ends)
            answers = store.answers(connection, audiences, begins, ends)
        known = {one.id: one for one in self._members.organisations()}
        joined = measure.join_sectors({one.id: one.sector for one in known.values()})
        voices = _by_voice(days)
        own = viewer.org or ""
        cell = [voices.get(one, _NOTHING) for one, sector in joined.items() if sector == joined.get(own)]
        return Report(
            quarter=quarter,
            begins=begins,
            ends=ends,
            weeks=_spells(days, own, measure.weeks_within(begins, ends), begins) if joined else (),
            months=_spells(days, own, measure.months_within(begins), begins) if joined else (),
            total=_sum(voices.values()) if joined else None,
            anonymous=voices.get(ANONYMOUS, _NOTHING),
            own=voices.get(own, _NOTHING),
            beside=joined.get(own, ""),
            median=measure.medians(cell) if own in joined else None,
            sectors=_sectors(voices, answers, joined),
            flows=_flows(answers, joined),
            posts=_pace(replies, asks=False),
            requests=_pace(replies, asks=True),
            organisations=_named(voices, known) if viewer.may("operate") else None,
        )


def _days(given: Iterable[Any], said: Iterable[Any]) -> _Days:
    days: _Days = {}
    for org, day, count, *sums in given:
        named = dict(zip(store.SUMS, map(int, sums), strict=True))
        days[(org, int(day))] = days.get((org, int(day)), _NOTHING) + Figures(contributions=int(count), **named)
    for org, day, kind, count in said:
        counted = {_COLUMN.get(kind, "reactions"): int(count)} | ({"sightings": int(count)} if kind == "seen" else {})
        days[(org, int(day))] = days.get((org, int(day)), _NOTHING) + Figures(**counted)
    return days


def _sum(figures: Iterable[Figures]) -> Figures:
    total = _NOTHING
    for one in figures:
        total = total + one
    return total


def _by_voice(days: _Days) -> dict[str, Figures]:
    voices: dict[str, Figures] = {}
    for (org, _), figures in days.items():
        voices[org] = voices.get(org, _NOTHING) + figures
    return voices


def _spells(days: _Days, own: str, begin: list[Instant], quarter: Instant) -> tuple[Spell, ...]:
    """Sum the days by spells, each from its beginning to that of the next."""
    firsts = [(at - quarter) // DAY for at in begin]

    def within(number: int, wanted: Callable[[str], bool]) -> Figures:
        last = firsts[number + 1] if number + 1 < len(firsts) else 1 << 30
        return _sum(one for (org, day), one in days.items() if firsts[number] <= day < last and wanted(org))

    return tuple(
        Spell(at, within(number, lambda _: True), within(number, lambda org: org == own))
        for number, at in enumerate(begin)
    )


def _flows(answers: Iterable[Any], joined: Mapping[str, str]) -> tuple[tuple[str, str, int], ...]:
    counted: dict[tuple[str, str], int] = {}
    for by, to, count in answers:
        pair = (measure.sector_of(joined, by), measure.sector_of(joined, to))
        if all(pair):
            counted[pair] = counted.get(pair, 0) + int(count)
    return tuple((by, to, count) for (by, to), count in sorted(counted.items()))


def _sectors(voices: Mapping[str, Figures], answers: list[Any], joined: Mapping[str, str]) -> tuple[Sector, ...]:
    flows = [flow for flow in _flows(answers, joined) if flow[0] != flow[1]]
    found = []
    for name in sorted(set(joined.values())):
        inside = [one for one, sector in joined.items() if sector == name]
        figures = _sum(one for voice, one in voices.items() if measure.sector_of(joined, voice) == name)
        found.append(Sector(
            name,
            len(inside),
            sum(not voices.get(one, _NOTHING).active for one in inside),
            figures,
            sum(count for by, _, count in flows if by == name),
            sum(count for _, to, count in flows if to == name),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.figures.contributions, one.name)))


def _pace(replies: Iterable[Any], *, asks: bool) -> Pace:
    return measure.pace_of([
        None if first is None else int(first) - int(at) for asked, at, first in replies if bool(asked) is asks
    ])  # fmt: skip


def _named(voices: Mapping[str, Figures], known: Mapping[str, Organisation]) -> tuple[Named, ...]:
    rows = [Named(one.id, one.name, one.sector, voices.get(one.id, _NOTHING)) for one in known.values()]
    return tuple(sorted(rows, key=lambda row: (-row.figures.contributions, row.name)))
