"""Use cases of lifts: say what a lift would end, end it, tell which bars stand.

1. One named person suffices: to free a name is the safe direction, and waits for nobody, nor for the fuse.
2. All that it ends is one commit: the ends of the blocks and proposals, the lift, its bars.
3. A bar's origins are all who speak against the name in the shield's own view, at the moment of the lift.

**Blocking**: all methods touch the databases; call them in a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.lift import store
from fusioncell.shield.lift.choose import above, choose, rest_of, since, voices
from fusioncell.shield.lift.model import (
    BARRED,
    BARS_AN_ENTRY,
    MADE,
    MOST,
    UNBARRED,
    Bar,
    Barred,
    Chosen,
    Found,
    Lifted,
    Made,
    Standing,
    Unbarred,
)
from fusioncell.shield.model import APPROVERS, WRONG, Against, Cited, State
from fusioncell.shield.policy import suffices
from fusioncell.shield.service import Shield, allows_blocking

_encode = msgspec.json.Encoder().encode
_cited = msgspec.json.Decoder(list[Cited]).decode
MAX_REASON = 1000
_LISTED = 200


class Lifts:
    """The front door of lifts and bars."""

    def __init__(
        self, record: Record, projections: Database, fusion: Fusion, shield: Shield, clock: Clock,
        randomness: Randomness,
    ) -> None:  # fmt: skip
        self._record, self._projections, self._fusion, self._shield = record, projections, fusion, shield
        self._clock, self._randomness = clock, randomness

    # -- lift --------------------------------------------------------------------------------------------------------

    def preview(self, viewer: Viewer, asked: dict[str, str]) -> Found:
        """Say what a lift would end, and end nothing. ``asked``: as :func:`choose.choose` takes it."""
        _check_may(viewer)
        return _found(*self._matching(viewer, choose(asked)))

    def lift(self, viewer: Viewer, asked: dict[str, str], reason: str) -> Lifted:
        """End all blocks that are asked for, at once, and bar them from coming back on the same word."""
        _check_may(viewer)
        if not (viewer.person or viewer.local):
            raise NotAllowed("a lift is made by a person, by name", hint="Sign in as yourself, or use your own key.")
        said = reason.strip()
        if not said:
            raise BadInput("say why these blocks are wrong", hint="The reason is published with each of them.",
                           place="reason")  # fmt: skip
        if len(said) > MAX_REASON:
            raise BadInput(f"that is longer than {MAX_REASON:,} characters", hint="Say it shorter.", place="reason")
        chosen, rows = self._matching(viewer, choose(asked))
        found = _found(chosen, rows)
        if found.more:
            raise Conflict(f"that is more than {MOST:,} blocks",
                           hint="Lift them in parts: by source, by rule, or since a later instant.")  # fmt: skip
        if not rows:
            raise NotFound("no block is among what you asked to lift", hint="List them with `fusioncell shield list`.")
        return self.end(viewer.person or viewer.org or "operator", chosen, [row[0] for row in rows], said)

    def end_name(self, by: str, name: str, decision: str, reason: str) -> Lifted:
        """Lift the open decision on a name. The caller has checked."""
        return self.end(by, Chosen("name", name), [decision], reason)

    def end(self, by: str, chosen: Chosen, decisions: Sequence[str], reason: str,
            beside: Sequence[Draft] = ()) -> Lifted:  # fmt: skip
        """Append a lift of these open decisions as one commit, with what else belongs to it. The caller has checked."""
        items = [item for item in self._shield.those(decisions) if item.state in (State.PROPOSED, State.PUBLISHED)]
        lift, approvers = new_id(self._randomness), self._record.intern_audience(APPROVERS)
        assessed = self._assessed([item.name for item in items], self._record.audiences_where(allows_blocking))
        bars = [Bar(item.name, item.id, sorted({*(voices(assessed[item.name]) if item.name in assessed else ()),
                                                *(each.contributor for each in item.evidence)}))
                for item in items]  # fmt: skip
        made = Made(lift, by, chosen.by, chosen.value, reason, len(items))
        drafts = self._shield.endings(items, by=by, reason=reason, code=WRONG)
        drafts.append(Draft(MADE, approvers, Payload("", lift, 0, "", _encode(made))))
        for at in range(0, len(bars), BARS_AN_ENTRY):
            body = _encode(Barred(lift, by, reason, bars[at : at + BARS_AN_ENTRY]))
            drafts.append(Draft(BARRED, approvers, Payload("", lift, 0, "", body)))
        self._record.append("", [*drafts, *beside], new_id(self._randomness))
        return Lifted(lift, by, chosen, reason, len(items), self._clock.now())

    def _matching(self, viewer: Viewer, chosen: Chosen) -> tuple[Chosen, list[store.Row]]:
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            match chosen.by:
                case "name":
                    rows = store.open_on(connection, [chosen.value], audiences)
                    cover = store.open_on(connection, above(chosen.value), audiences) if not rows else []
                case "since":
                    rows = store.open_since(connection, since(chosen.value), audiences, MOST + 1)
                case "rule":
                    rows = store.open_by_rule(connection, chosen.value, audiences, MOST + 1)
                case _:
                    rows = store.open_citing(connection, chosen.value, audiences, MOST + 1)
                    # Only what the viewer may read of the evidence chooses: what is hidden has no effect.
                    rows = [row for row in rows if any(
                        each.contributor == chosen.value and each.audience in audiences for each in _cited(row[3]))]
        if chosen.by == "name" and not rows and cover:
            wide = max((row[1] for row in cover if row[2] == State.PUBLISHED), key=len, default="")
            if wide:
                raise NotFound("that name is not blocked by itself, but with all that is under another",
                               hint=f"Lift {wide}.", place="name")  # fmt: skip
        return chosen, rows

    def _assessed(self, names: Sequence[str], audiences: frozenset[int]) -> dict[str, Assessment]:
        found = self._fusion.match([Observable(ObservableType.DOMAIN, name) for name in names], audiences)
        return {observable.value: assessment for observable, assessment in found.items()}

    # -- bars --------------------------------------------------------------------------------------------------------

    def bars(self, viewer: Viewer, *, after: str = "", limit: int = 100) -> list[Standing]:
        """Return the bars that the viewer may see, by name, after one."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            return [Standing(*row) for row in store.bars(connection, audiences, after, limit)]

    def bar(self, viewer: Viewer, name: str) -> Standing:
        """Return the bar on a name. Raises NotFound where none stands that the viewer may see."""
        with self._projections.read() as connection:
            row = store.bar_on(connection, name.strip().lower().rstrip("."), self._record.visible_to(viewer))
        if row is None:
            raise NotFound("no bar stands on that name", hint="List them with `fusioncell shield lift --bars`.")
        return Standing(*row)

    def unbarred(self, name: str, by: Sequence[str], reason: str) -> Draft:
        """Make the entry that ends a bar; two people have agreed."""
        number = self._record.intern_audience(APPROVERS)
        return Draft(UNBARRED, number, Payload("", name, 0, "", _encode(Unbarred(name, list(by), reason))))

    def stands_against(self, names: Iterable[str], audiences: frozenset[int]) -> dict[str, Against]:
        """Return what is left in these audiences, without those who were wrong, of the case against barred names.

        A rule looks at those that have enough of it; any of them is published by two people only.
        """
        with self._projections.read() as connection:
            barred = {name: msgspec.json.decode(origins, type=list[str])
                      for name, origins in store.origins_barred(connection, names).items()}  # fmt: skip
        if not barred:
            return {}
        now, assessed = self._clock.now(), self._assessed(sorted(barred), audiences)
        found: dict[str, Against] = {}
        for name, origins in barred.items():
            rest = rest_of(assessed[name], origins, now) if name in assessed else None
            found[name] = Against(rest is not None, rest is not None and suffices(rest))
        return found

    def barred(self, names: Iterable[str]) -> set[str]:
        """Return those of the names on which a bar stands."""
        with self._projections.read() as connection:
            return set(store.origins_barred(connection, names))

    # -- read --------------------------------------------------------------------------------------------------------

    def lifts(self, viewer: Viewer, limit: int = _LISTED) -> list[Lifted]:
        """Return the newest lifts that the viewer may see."""
        with self._projections.read() as connection:
            rows = store.lifts(connection, self._record.visible_to(viewer), limit)
        return [Lifted(row[0], row[1], Chosen(row[2], row[3]), row[4], row[5], row[6]) for row in rows]

    def lifted_since(self, at: Instant, limit: int = 100_000) -> list[tuple[str, Instant]]:
        """Return (name, when) of blocks that people ended since an instant and that no block covers now.

        What is to pass in an ``allow`` zone until every live subscriber has its ``main`` without the name.
        """
        with self._projections.read() as connection:
            return store.freed_since(connection, at, limit)


def _check_may(viewer: Viewer) -> None:
    if not viewer.may("withdraw_block"):
        raise NotAllowed("this role may not lift a block", hint="Ask an approver.")


def _found(chosen: Chosen, rows: Sequence[store.Row]) -> Found:
    kept = rows[:MOST]
    return replace(
        Found(chosen, tuple(row[1] for row in kept if row[2] == State.PUBLISHED),
              tuple(row[1] for row in kept if row[2] == State.PROPOSED)), more=len(rows) > MOST)  # fmt: skip
