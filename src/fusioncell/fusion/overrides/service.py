"""Use cases of overrides: say of a value what it is, against the machine; take it back; list what stands."""

from __future__ import annotations

import msgspec

from fusioncell.fusion.overrides import store
from fusioncell.fusion.overrides.model import (
    MOST_REASON,
    OVERRIDDEN,
    RESTORED,
    Override,
    OverrideBody,
    RestoredBody,
    Verdict,
)
from fusioncell.fusion.overrides.project import override_of
from fusioncell.kernel.clock import Clock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import CELL, Audience, Tlp, Uses, Viewer
from fusioncell.kernel.observable import TYPE_CODES, Observable, key64
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

_USES = Uses.ANALYSIS | Uses.BLOCKING | Uses.PRODUCTS
READERS = {
    "clear": Audience(Tlp.CLEAR, uses=_USES),
    "green": Audience(Tlp.GREEN, uses=_USES),
    "cell": Audience(Tlp.AMBER_STRICT, frozenset({CELL}), Uses.NONE),
}
"""Who may know of an override: everyone, the partnership, or the Fusion Cell as an office (ADR 0009)."""
MOST = 500
_HISTORY = 20
MOST_LEARNED = 20_000
"""Overrides that are learned from, the newest."""


class Overrides:
    """The front door of the package."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._clock, self._randomness = record, projections, clock, randomness

    def override(self, viewer: Viewer, one: Observable, verdict: str, reason: str, readers: str = "green") -> str:
        """Say of a value what it is; returns the override's id. Raises NotAllowed, BadInput, NotFound.

        For everyone, or the partnership, only of what everyone, or the partnership, sees named: an override would
        else tell of what its readers may not see.
        """
        self._may(viewer, reason)
        if verdict not in frozenset(Verdict):
            raise BadInput("that is no verdict", hint=f"There are: {', '.join(Verdict)}.", place="verdict")
        audience = READERS.get(readers)
        if audience is None:
            raise BadInput("that names no readers", hint=f"There are: {', '.join(READERS)}.", place="readers")
        code = TYPE_CODES[one.type]
        with self._projections.read() as connection:
            if not store.is_seen(connection, key64(one), code, one.value, self._record.visible_to(viewer)):
                raise NotFound("nothing that you may see mentions it", hint="If you know of it, contribute it.")
            if not store.is_seen(connection, key64(one), code, one.value, self._among(audience, viewer)):
                raise BadInput("not all whom you name may see that value", hint="Choose fewer readers.",
                               place="readers")  # fmt: skip
        body = OverrideBody(one.type.value, one.value, Verdict(verdict), reason.strip())
        return self._write(viewer, OVERRIDDEN, new_id(self._randomness), self._record.intern_audience(audience),
                           msgspec.json.encode(body))  # fmt: skip

    def _among(self, audience: Audience, viewer: Viewer) -> frozenset[int]:
        """Return the audiences in which all readers of an override see."""
        wide = {Tlp.CLEAR: (Tlp.CLEAR,), Tlp.GREEN: (Tlp.CLEAR, Tlp.GREEN)}.get(audience.tlp)
        if wide is None:
            # The office's own: who works there and does not see the value sees nothing of the override either.
            return self._record.visible_to(viewer)
        return self._record.audiences_where(lambda each: each.tlp in wide)

    def restore(self, viewer: Viewer, which: str, reason: str) -> Override:
        """Take an override back; returns it. Raises NotFound, Conflict, NotAllowed, BadInput."""
        self._may(viewer, reason)
        with self._projections.read() as connection:
            rows = store.one(connection, which, self._record.visible_to(viewer))
        if not rows:
            raise NotFound("no such override", hint="It may have been for others.")
        found = override_of(rows[0])
        if found.restored_at:
            raise Conflict("that is taken back already", hint="Look at the value's page.")
        body = RestoredBody(found.observable.type.value, found.observable.value, reason.strip())
        self._write(viewer, RESTORED, which, found.audience, msgspec.json.encode(body))
        return found

    def standing(self, audiences: frozenset[int]) -> list[Override]:
        """Return what stands in these audiences, newest first."""
        with self._projections.read() as connection:
            return [override_of(row) for row in store.newest(connection, audiences, MOST_LEARNED)]

    def listed(self, viewer: Viewer, limit: int = MOST) -> list[Override]:
        """Return what stands and the viewer may know, newest first."""
        with self._projections.read() as connection:
            rows = store.newest(connection, self._record.visible_to(viewer), min(limit, MOST))
        return [override_of(row) for row in rows]

    def history(self, viewer: Viewer, one: Observable) -> list[Override]:
        """Return what was said of a value, taken back or not, newest first, as the viewer may know it."""
        with self._projections.read() as connection:
            rows = store.about(connection, key64(one), TYPE_CODES[one.type], one.value,
                               self._record.visible_to(viewer), _HISTORY)  # fmt: skip
        return [override_of(row) for row in rows]

    def tlp_of(self, one: Override) -> Tlp:
        """Return the marking of an override."""
        return self._record.audience(one.audience).tlp

    def judged_by(self, person: str, audiences: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person said of values, of what stands in these audiences, for an answer to the person."""
        with self._projections.read() as connection:
            found = [override_of(row) for row in store.written(connection, person, audiences)]
        return [{"at": format_instant(one.at), "value": one.observable.value, "verdict": one.verdict.value,
                 "reason": one.reason} for one in found]  # fmt: skip

    def _may(self, viewer: Viewer, reason: str) -> None:
        if not viewer.may("answer") or viewer.person is None or viewer.org is None:
            raise NotAllowed("only an analyst of the Fusion Cell judges over the machine", hint="Ask the Fusion Cell.")
        if not reason.strip():
            raise BadInput("say why", hint="Others will want to know what the judgement rests on.", place="reason")
        if len(reason) > MOST_REASON:
            raise BadInput(f"a reason has at most {MOST_REASON:,} characters", place="reason")

    def _write(self, viewer: Viewer, kind: str, subject: str, audience: int, body: bytes) -> str:
        payload = Payload(viewer.person or "", subject, self._clock.now(), "", body)
        self._record.append(viewer.org or "", [Draft(kind, audience, payload)], new_id(self._randomness))
        return subject
