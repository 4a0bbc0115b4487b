"""Use cases of holds: ask for one, confirm it as the second, lift it; tell whether a name is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, ObservableType, canonical
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.guards import above
from fusioncell.shield.holds import store
from fusioncell.shield.holds.model import ASKED, LIFTED, MAX_DAYS, OFFICERS, PLACED, Hold, HoldBody
from fusioncell.shield.model import named_person

MAX_LISTED = 500
_encode = msgspec.json.Encoder().encode


class Holds:
    """The front door of the package. ``key``: seals reasons; the hub's own, derived, never in the record."""

    def __init__(self, record: Record, database: Database, clock: Clock, randomness: Randomness, key: bytes,
                 endings: Callable[[str], Sequence[Draft]]) -> None:  # fmt: skip
        self._record, self._database, self._clock, self._randomness = record, database, clock, randomness
        self._cipher, self._endings = AESGCM(key), endings

    def held(self, name: str) -> bool:
        """Tell whether a block of a name would hit one that is held: itself, one above it or one below it."""
        with self._database.read() as connection:
            standing = store.standing(connection, self._clock.now())
        around = {name, *above(name)}
        return any(one in around or one.endswith(f".{name}") for one in standing)

    def holds(self, viewer: Viewer) -> list[Hold]:
        """Return the holds that an officer may see, newest first."""
        self._officer(viewer)
        with self._database.read() as connection:
            rows = store.listed(connection, self._record.visible_to(viewer), MAX_LISTED)
        return [self._open(row) for row in rows]

    def ask(self, viewer: Viewer, name: str, reason: str, days: int) -> str:
        """Ask for a hold; it holds once a second officer confirms it. Returns its id."""
        who = self._officer(viewer)
        try:
            held = canonical(ObservableType.DOMAIN, name).value
        except BadValue:
            raise BadInput("that is no domain name", hint="Write it as shop.example.", place="name") from None
        if not reason.strip():
            raise BadInput("a hold needs a reason", hint="It is sealed: the officers alone read it.", place="reason")
        if not 1 <= days <= MAX_DAYS:
            raise BadInput(f"a hold lasts 1 to {MAX_DAYS} days", place="days")
        identifier = new_id(self._randomness)
        nonce = self._randomness.bytes(12)
        sealed = nonce + self._cipher.encrypt(nonce, reason.strip()[:1000].encode(), identifier.encode())
        self._keep(ASKED, HoldBody(identifier, held, who, days, sealed=sealed))
        return identifier

    def confirm(self, viewer: Viewer, identifier: str) -> Hold:
        """Confirm a hold as the second officer: from now on it holds, and what blocked the name ends."""
        who, hold = self._officer(viewer), self._find(viewer, identifier)
        if hold.second or hold.lifted_at:
            raise Conflict("this hold does not wait for a second")
        if hold.by == who:
            raise Conflict("you asked for it", hint="Another officer has to confirm it.")
        until = self._clock.now() + hold.days * DAY
        self._keep(PLACED, HoldBody(hold.id, hold.name, who, hold.days, until), self._endings(hold.name))
        return hold

    def lift(self, viewer: Viewer, identifier: str) -> Hold:
        """Lift a hold, or take back that it was asked for: one officer suffices."""
        who, hold = self._officer(viewer), self._find(viewer, identifier)
        if hold.lifted_at or hold.until and not hold.holds(self._clock.now()):
            raise Conflict("this hold is over")
        self._keep(LIFTED, HoldBody(hold.id, hold.name, who))
        return hold

    def _officer(self, viewer: Viewer) -> str:
        if not viewer.may("deconflict"):
            raise NotAllowed("this is for the officers who keep cases from each other", hint="Call the duty officer.")
        return named_person(viewer)

    def _find(self, viewer: Viewer, identifier: str) -> Hold:
        with self._database.read() as connection:
            row = store.one(connection, identifier, self._record.visible_to(viewer))
        if row is None:
            raise NotFound("no such hold", hint="List them with `fusioncell shield hold list`.")
        return self._open(row)

    def _open(self, row: store.Row) -> Hold:
        sealed: bytes = bytes(row[8])
        try:
            reason = self._cipher.decrypt(sealed[:12], sealed[12:], row[0].encode()).decode()
        except (InvalidTag, ValueError):
            reason = ""  # sealed by another hub, whose record this is
        return Hold(*[*row[:8], reason])

    def _keep(self, kind: str, body: HoldBody, more: Sequence[Draft] = ()) -> None:
        number = self._record.intern_audience(OFFICERS)
        first = Draft(kind, number, Payload("", body.hold, 0, "", _encode(body)))
        self._record.append("", [first, *more], new_id(self._randomness))
