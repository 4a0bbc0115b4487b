"""Use cases of origins: look who copies whom, join and part sources, grade them, say what is known of each.

What is learned is learned per tier, from what every reader of the tier may see, and becomes an entry with the tier's
audience (DESIGN §4): so a join that shows in a score shows nothing that the score's reader may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import msgspec

from fusioncell.fusion.origins import store
from fusioncell.fusion.origins.copying import detect
from fusioncell.fusion.origins.families import families
from fusioncell.fusion.origins.model import GRADED, JOINED, LETTERS, PARTED, Grade, Join, Posterior, Said
from fusioncell.fusion.origins.project import UNKNOWN, standing
from fusioncell.fusion.origins.reliability import ENOUGH, posterior
from fusioncell.kernel.clock import DAY, Clock, Instant, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import ANONYMOUS, Audience, Tlp, Uses, Viewer, is_pseudonym
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

WINDOW = 90 * DAY
"""How far back copying is looked for."""
PAGE = 20_000
"""Observables that are read in one transaction."""
MOST = 500
"""Sources that a page lists, those that said most."""
_USES = Uses.ANALYSIS | Uses.BLOCKING | Uses.PRODUCTS
TIERS = (Audience(Tlp.CLEAR, uses=_USES), Audience(Tlp.GREEN, uses=_USES))
"""Whom what is learned is for. The shield sees it too: a family that it did not know would count twice there."""

Outcomes = Callable[[frozenset[int], Set[str]], Mapping[str, tuple[int, int]]]
"""Gives for each source (upheld, overturned) of what it said, from what stands in these audiences, and from what
sources of proven record call benign."""
_PROVEN = frozenset("ABC")


@dataclass(frozen=True, slots=True)
class Joined:
    """A join that stands. ``id``: by which it is parted again; ``author``: a person's id, "" for the rule."""

    id: str
    at: Instant
    author: str
    tlp: Tlp
    join: Join


@dataclass(frozen=True, slots=True)
class Source:
    """What a viewer may know of a source. ``last``: when it spoke last. ``letter``: the grade by which its next claim
    weighs; ``graded``: who gave it and why, None where nobody did."""

    name: str
    claims: int
    last: Instant
    letter: str
    graded: Grade | None
    graded_by: str
    outcome: Posterior
    family: frozenset[str]


class Origins:
    """The front door of the package."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness, outcomes: Outcomes
                 ) -> None:
        self._record, self._projections = record, projections
        self._clock, self._randomness, self._outcomes = clock, randomness, outcomes

    # -- what is learned ---------------------------------------------------------------------------------------------

    def learn(self) -> int:
        """Look for copying and for what outcomes say, tier by tier; append what is new. Returns how many entries.

        Idempotent: what stands, and what an analyst has parted or graded, is left as it is. Call it daily.
        """
        return sum(self._join_copies(tier) + self._grade_by_outcomes(tier) for tier in TIERS)

    def _join_copies(self, tier: Audience) -> int:
        audiences = self._tier(tier)
        with self._projections.read() as connection:
            last = store.last_observable(connection)
            seen = {(row[2], row[3]) for row in store.joins_in(connection, audiences)}
        names: list[str] = []
        done = 0
        for found in detect(self._said(last, audiences, names)):
            first, second = names[found.original], names[found.copier]
            if (first, second) in seen or (second, first) in seen:
                continue
            self._write(JOINED, tier, "", new_id(self._randomness), Join(
                first, second, "rule", "", found.values, found.shared, found.order, found.expected, found.lag,
                found.spread))  # fmt: skip
            done += 1
        return done

    def _said(self, last: int, audiences: frozenset[int], names: list[str]) -> Iterator[Said]:
        since = self._clock.now() - WINDOW
        numbers: dict[str, int] = {}
        for start in range(0, last, PAGE):
            with self._projections.read() as connection:
                rows = store.said_between(connection, start, start + PAGE, since, audiences)
            for observable, source, at, seq in rows:
                if source == ANONYMOUS:
                    continue
                if source not in numbers:
                    numbers[source] = len(names)
                    names.append(source)
                yield Said(observable, numbers[source], at, seq)

    def _grade_by_outcomes(self, tier: Audience) -> int:
        audiences = self._tier(tier)
        with self._projections.read() as connection:
            given = {row[1]: row for row in store.grades_in(connection, audiences)}
        done = 0
        for source, (upheld, overturned) in sorted(self._outcomes(audiences, _proven(given.values())).items()):
            if upheld + overturned < ENOUGH or is_pseudonym(source) or source == ANONYMOUS:
                continue
            row = given.get(source)
            if row is not None and row[5]:
                continue  # an analyst's grade is never overridden
            letter = posterior(upheld, overturned).letter
            if letter == (row[2] if row is not None else UNKNOWN):
                continue
            self._write(GRADED, tier, "", source, Grade(source, letter, "by outcomes", upheld, overturned))
            done += 1
        return done

    def _tier(self, tier: Audience) -> frozenset[int]:
        """Return the audiences that every reader of a tier belongs to."""
        wide = (Tlp.CLEAR,) if tier.tlp is Tlp.CLEAR else (Tlp.CLEAR, Tlp.GREEN)
        return self._record.audiences_where(lambda audience: audience.tlp in wide)

    # -- what analysts decide ----------------------------------------------------------------------------------------

    def join(self, viewer: Viewer, first: str, second: str, reason: str, tlp: Tlp = Tlp.GREEN) -> str:
        """Say that two sources are one origin. Returns the join's id. BadInput, NotFound, Conflict, NotAllowed."""
        self._may(viewer, reason)
        names = self._known(viewer)
        for name in (first, second):
            if name not in names:
                raise NotFound("no such source", hint="Name sources as the page of sources lists them.")
        if first == second:
            raise BadInput("a source is one origin with itself already", place="second")
        if second in self._families(viewer).get(first, ()):
            raise Conflict("they count as one origin already", hint="Look at their family.")
        identifier = new_id(self._randomness)
        self._write(JOINED, Audience(_tier_of(tlp), uses=_USES), viewer.person or "", identifier,
                    Join(first, second, "person", reason.strip()))  # fmt: skip
        return identifier

    def part(self, viewer: Viewer, which: str, reason: str) -> None:
        """Take a join back: from now on the two count apart, and the rule does not join them again."""
        self._may(viewer, reason)
        found = next((one for one in self.joins(viewer) if one.id == which), None)
        if found is None:
            raise NotFound("no such join", hint="It may have been parted already.")
        self._write(PARTED, Audience(found.tlp, uses=_USES), viewer.person or "", which,
                    Join(found.join.first, found.join.second, "person", reason.strip()))  # fmt: skip

    def grade(self, viewer: Viewer, source: str, letter: str, reason: str, tlp: Tlp = Tlp.GREEN) -> None:
        """Grade a source by the Admiralty code, A to F, or take the grade back (""). Weighs its claims from now on."""
        self._may(viewer, reason)
        if letter not in ("", *LETTERS):
            raise BadInput("that is no grade of the Admiralty code", place="letter",
                           hint="A (completely reliable) to E, or F (cannot be judged).")  # fmt: skip
        if source not in self._known(viewer):
            raise NotFound("no such source", hint="Name it as the page of sources lists it.")
        upheld, overturned = self._seen_outcomes(viewer).get(source, (0, 0))
        self._write(GRADED, Audience(_tier_of(tlp), uses=_USES), viewer.person or "", source,
                    Grade(source, letter, reason.strip(), upheld, overturned))  # fmt: skip

    def _may(self, viewer: Viewer, reason: str) -> None:
        if not viewer.may("answer") or viewer.person is None:
            raise NotAllowed("only an analyst of the Fusion Cell judges sources", hint="Ask the Fusion Cell.")
        if not reason.strip():
            raise BadInput("say why", hint="Others will want to know what the judgement rests on.", place="reason")
        if len(reason) > 2000:
            raise BadInput("a reason has at most 2,000 characters", place="reason")

    # -- read --------------------------------------------------------------------------------------------------------

    def joins(self, viewer: Viewer) -> list[Joined]:
        """Return the joins that stand, the newest first."""
        with self._projections.read() as connection:
            rows = standing(store.joins_in(connection, self._record.visible_to(viewer))).values()
        return [
            Joined(row[1], row[6], row[7], self._record.audience(row[5]).tlp, msgspec.json.decode(row[8], type=Join))
            for row in sorted(rows, key=lambda row: -row[0])
        ]  # fmt: skip

    def _families(self, viewer: Viewer) -> dict[str, frozenset[str]]:
        return families((one.join.first, one.join.second) for one in self.joins(viewer))

    def judged_by(self, person: str, audiences: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person said of sources, of what stands in these audiences, for an answer to the person."""
        with self._projections.read() as connection:
            said = [(row[6], "joined" if row[4] else "parted", row[8])
                    for row in store.joins_in(connection, audiences) if row[7] == person]  # fmt: skip
            said += [(row[4], "graded", row[6]) for row in store.grades_in(connection, audiences) if row[5] == person]
        return [{"at": format_instant(at), "did": did, "said": msgspec.json.decode(body)}
                for at, did, body in sorted(said)]  # fmt: skip

    def _seen_outcomes(self, viewer: Viewer) -> Mapping[str, tuple[int, int]]:
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            given = {row[1]: row for row in store.grades_in(connection, audiences)}
        return self._outcomes(audiences, _proven(given.values()))

    def _known(self, viewer: Viewer) -> set[str]:
        with self._projections.read() as connection:
            return {row[0] for row in store.sources_in(connection, self._record.visible_to(viewer), 1 << 20)}

    def sources(self, viewer: Viewer, limit: int = MOST) -> list[Source]:
        """Return what the viewer may know of sources, those that said most first."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.sources_in(connection, audiences, min(limit, MOST))
            given = {row[1]: row for row in store.grades_in(connection, audiences)}
        outcomes, kin = self._outcomes(audiences, _proven(given.values())), self._families(viewer)
        made = []
        for name, claims, last in rows:
            row = given.get(name)
            made.append(Source(
                name, claims, last, (row[2] or UNKNOWN) if row else UNKNOWN,
                msgspec.json.decode(row[6], type=Grade) if row else None, row[5] if row else "",
                posterior(*outcomes.get(name, (0, 0))), kin.get(name, frozenset({name})),
            ))  # fmt: skip
        return made

    def letters(self, viewer: Viewer) -> dict[str, str]:
        """Return the last grade (Admiralty, A to F; "" for one that was taken back) that the viewer may know of each
        source that has one."""
        with self._projections.read() as connection:
            return {row[1]: row[2] for row in store.grades_in(connection, self._record.visible_to(viewer))}

    def _write(self, kind: str, audience: Audience, author: str, subject: str, body: Join | Grade) -> None:
        payload = Payload(author, subject, self._clock.now(), "", msgspec.json.encode(body))
        self._record.append("", [Draft(kind, self._record.intern_audience(audience), payload)],
                            new_id(self._randomness))  # fmt: skip


def _proven(grades: Iterable[store.Row]) -> frozenset[str]:
    return frozenset(row[1] for row in grades if row[2] in _PROVEN)


def _tier_of(tlp: Tlp) -> Tlp:
    if tlp not in (Tlp.CLEAR, Tlp.GREEN):
        raise BadInput("a judgement on a source is for all (clear) or the partnership (green)", place="tlp")
    return tlp
