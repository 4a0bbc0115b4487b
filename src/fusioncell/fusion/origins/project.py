"""Project joins and grades, which arrive as entries of the hub's own: what is learned is replayed, never recomputed."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

import msgspec

from fusioncell.fusion.origins import store
from fusioncell.fusion.origins.families import marks
from fusioncell.fusion.origins.model import GRADED, JOINED, KINDS, Grade, Join, Kin
from fusioncell.fusion.origins.store import metadata
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Audience, voice_of, within
from fusioncell.kernel.observable import TYPES_BY_CODE, Observable
from fusioncell.kernel.ports import Connection, storable

MOST_MOVED = 100_000
"""Observables whose evidence a join may move; what is over it moves with its next claim."""
UNKNOWN = "F"
_SPEAKS = frozenset((int(Stance.MALICIOUS), int(Stance.SUSPICIOUS), int(Stance.BENIGN)))


def count(connection: Connection, arrived: Arrived) -> None:
    """Keep count of what each source says against or for something."""
    sums: dict[tuple[str, int], list[int]] = {}
    # Neighbours mostly speak for the same source.
    last: tuple[str, str, int] | None = None
    found = [0, 0]
    for entry, extract, sign in (
        *((each.entry, each.extract, 1) for each in arrived.arrivals), *((*each, -1) for each in arrived.ended)
    ):  # fmt: skip
        for claim in extract.claims:
            if claim.stance in _SPEAKS:
                source = (claim.creator, entry.org, entry.audience)
                if source != last:
                    last = source
                    name = storable(claim.creator[:200]) or voice_of(entry.org)
                    found = sums.setdefault((name, entry.audience), [0, 0])
                found[0] += sign
                if entry.at > found[1]:
                    found[1] = entry.at
    if sums:
        store.count_claims(connection, [(*key, *sums[key]) for key in sorted(sums)])


def project(connection: Connection, entries: Sequence[Entry]) -> dict[int, Observable]:
    """Apply one cut. Returns the observables, by id, whose evidence counts otherwise from now on."""
    moved: dict[int, Observable] = {}
    for entry in entries:
        if entry.kind not in KINDS or entry.payload is None or entry.org:
            continue
        author, body = entry.payload.author, entry.payload.body
        if entry.kind == GRADED:
            grade = msgspec.json.decode(body, type=Grade)
            store.add_grade(connection, (entry.seq, storable(grade.source), grade.letter, entry.audience, entry.at,
                                         author, storable(body.decode())))  # fmt: skip
            continue
        join = msgspec.json.decode(body, type=Join)
        first, second = storable(join.first), storable(join.second)
        store.add_join(connection, (entry.seq, entry.payload.subject, first, second, int(entry.kind == JOINED),
                                    entry.audience, entry.at, author, storable(body.decode())))  # fmt: skip
        for number, code, value in store.said_by_both(connection, first, second, MOST_MOVED):
            moved[number] = Observable(TYPES_BY_CODE[code], value)
    return moved


def standing(rows: Sequence[store.Row]) -> dict[tuple[str, str], store.Row]:
    """Return the joins that stand of all that was joined and parted, oldest first, by pair."""
    found: dict[tuple[str, str], store.Row] = {}
    for row in rows:
        pair = (row[2], row[3])
        if row[4]:
            found[pair] = row
        else:
            found.pop(pair, None)
            found.pop(pair[::-1], None)
    return found


def marks_for(connection: Connection, audiences: frozenset[int]) -> dict[str, Kin]:
    """Return for each source of a family what it shares with it, as a viewer of these audiences sees it."""
    return marks(standing(store.joins_in(connection, audiences)))


class Grades:
    """The port ``fusion.project.Reliability`` over the grades given so far.

    A claim is weighed by the newest grade of its contributor that was given before it and that every reader of the
    claim may see: else a grade would show through the weight of what is public.
    """

    def __init__(self, connection: Connection, contributors: Set[str], audience: Callable[[int], Audience]
                 ) -> None:  # fmt: skip
        self._audience = audience
        self._given: dict[str, list[tuple[int, str, Audience]]] = {}
        asked = sorted(contributors)
        for seq, source, letter, number in store.grades_of(connection, asked) if asked else ():
            self._given.setdefault(source, []).append((seq, letter, audience(number)))

    def __call__(self, entry: Entry) -> str:
        """Return A to F."""
        for seq, letter, seen in self._given.get(entry.org, ()):
            if seq < entry.seq and within(self._audience(entry.audience), seen):
                return letter or UNKNOWN
        return UNKNOWN


__all__ = ["Grades", "count", "marks_for", "metadata", "project", "standing"]
