"""Use cases of subscribers: add, change, take the next step, rotate the key, end; merge zones in quiet hours; look.

1. Who operates the hub does all of it for all; who leads an organisation does it for its own: each ISP picks itself.
2. What changes is an entry with the whole subscriber as it stands from then on; its audience stays as it was.
3. A key's secret is shown once, by whoever makes it, and stands nowhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from fusioncell.kernel.clock import DAY, MINUTE, Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, org
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.resolvers import Kind, OwnZone, Plan, ZoneSource, fragments
from fusioncell.shield.service import Shield
from fusioncell.shield.subscribers import store
from fusioncell.shield.subscribers.layout import ALLOW, category_of, is_main, labels
from fusioncell.shield.subscribers.model import (
    ADDED,
    CHANGED,
    ENDED,
    MARKED,
    MOST,
    MOST_FRESH,
    OVERLAP,
    QUIET,
    Body,
    Choice,
    Key,
    Mark,
    Step,
    Subscriber,
    check_addresses,
    check_certificates,
    check_choice,
    check_label,
    check_notify,
    check_step,
)
from fusioncell.shield.subscribers.serving import Serving
from fusioncell.shield.zone import ORIGIN, zone_text

_encode = msgspec.json.Encoder().encode
_GONE = "It may have ended, or is another organisation's."
HISTORY = 50
_LINES = 5_000
"""Lines of a master file that are written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new subscriber is to be, or what is to change of one (None: it stays)."""

    label: str | None = None
    choice: Choice | None = None
    addresses: tuple[str, ...] | None = None
    notify: tuple[str, ...] | None = None
    step: Step | None = None
    reference: str = ""
    certificates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A subscriber just added or whose key was rotated: its id, and the key with its secret, shown this once."""

    id: str
    key: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a resolver is to take its zones from, and what of the ISP's own comes before them."""

    primary: str = "127.0.0.1"
    port: int = 5353
    tls_name: str = ""
    own: tuple[OwnZone, ...] = ()
    folder: str = ""
    ede: bool = False


class Subscribers:
    """The front door of subscribers."""

    def __init__(self, record: Record, projections: Database, shield: Shield, clock: Clock, randomness: Randomness, *,
                 secret: bytes, public_url: str = "") -> None:  # fmt: skip
        self._record, self._projections, self._shield = record, projections, shield
        self._clock, self._randomness, self._url = clock, randomness, public_url.rstrip("/")
        self.serving = Serving(projections, store, clock, secret, self.categories)
        self._on_change: list[Callable[[set[str]], None]] = []
        self.follow()

    def categories(self) -> dict[str, str]:
        """Return the categories of the policy in force, with their names in plain words."""
        return {one.id: one.name for one in self._shield.charter.in_force().categories}

    # -- the zones ---------------------------------------------------------------------------------------------------

    def on_change(self, listener: Callable[[set[str]], None]) -> None:
        """Call ``listener`` with the zones that moved, after each look at the record."""
        self._on_change.append(listener)

    def follow(self) -> int:
        """Bring the zones to the newest step; return how many moved."""
        moved = self.serving.follow()
        for listener in self._on_change:
            listener(moved)
        return len(moved)

    def act(self) -> int:
        """Merge where it is time, and end what need not pass any more; return the number of entries."""
        with self._projections.read() as connection:
            marks = store.marks(connection)
            if not store.standing(connection, 1):
                return 0
            merges = [mark for mark in marks if mark[3]]
            merged, before = (merges[-1][1] if merges else 0), (merges[-2][1] if len(merges) > 1 else 0)
            fresh = store.count_since(connection, before, MOST_FRESH + 1)
            last, held = store.last_step(connection), marks[-1][4] if marks else 0
            lifted = bool(store.lifted_after(connection, held, 1))
        now, at = self._clock.now(), marks[-1][2] if marks else 0
        quiet = (now - QUIET) // DAY * DAY + QUIET
        due = last > merged and (merges[-1][2] if merges else 0) < quiet or fresh > MOST_FRESH
        holds = self.serving.held() if lifted or due else None
        clears = holds is not None and holds > held
        if not (due or clears) or now - at < MINUTE:
            return 0
        said = Mark(bool(due), max(held, holds or 0))
        payload = Payload("", "zones", now, "", _encode(said))
        number = self._record.intern_audience(Audience(Tlp.AMBER_STRICT, frozenset({"may:approve"}), Uses.NONE))
        self._record.append("", [Draft(MARKED, number, payload)], new_id(self._randomness))
        return 1

    # -- what people do ----------------------------------------------------------------------------------------------

    def add(self, viewer: Viewer, organisation: str, wanted: Wanted) -> Made:
        """Add a resolver of an organisation ("": the viewer's own); it begins with rehearsing."""
        organisation = organisation or viewer.org or ""
        self._may(viewer, organisation)
        if wanted.choice is None:
            raise BadInput("say which resolver it is", hint=f"One of {', '.join(Kind)}.", place="kind")
        with self._projections.read() as connection:
            if len(store.standing(connection, MOST)) >= MOST:
                raise Conflict(f"a hub serves {MOST:,} resolvers at most", hint="End those that are no more.")
        identifier = new_id(self._randomness)
        key = self._new_key()
        body = Body(identifier, organisation, check_label(wanted.label or ""),
                    check_choice(wanted.choice, frozenset(self.categories())), check_addresses(wanted.addresses or ()),
                    check_notify(wanted.notify or ()), (key,),
                    certificates=check_certificates(wanted.certificates or ()))  # fmt: skip
        parties = {org(each) for each in (organisation, viewer.org) if each} | {"may:approve"}
        audience = self._record.intern_audience(Audience(Tlp.AMBER_STRICT, frozenset(parties), Uses.NONE))
        self._write(viewer, ADDED, audience, body)
        return Made(identifier, key.name, self._shown(key))

    def change(self, viewer: Viewer, which: str, wanted: Wanted) -> None:
        """Change what a subscriber takes, where it comes from, or how far it has adopted it."""
        now = self._own(viewer, which)
        body = _body(now)
        if wanted.label is not None:
            body = msgspec.structs.replace(body, label=check_label(wanted.label))
        if wanted.choice is not None:
            choice = check_choice(wanted.choice, frozenset(self.categories()))
            body = msgspec.structs.replace(body, choice=choice)
        if wanted.addresses is not None:
            body = msgspec.structs.replace(body, addresses=check_addresses(wanted.addresses))
        if wanted.notify is not None:
            body = msgspec.structs.replace(body, notify=check_notify(wanted.notify))
        if wanted.certificates is not None:
            body = msgspec.structs.replace(body, certificates=check_certificates(wanted.certificates))
        if wanted.step is not None:
            reference = check_step(now.step, wanted.step, wanted.reference)
            body = msgspec.structs.replace(body, step=wanted.step, reference=reference)
        if body == _body(now):
            raise Conflict("that is how it stands already")
        self._write(viewer, CHANGED, now.audience, body)

    def rotate(self, viewer: Viewer, which: str) -> Made:
        """Give a subscriber a new key; the one that it has goes on for a week."""
        now = self._own(viewer, which)
        key, until = self._new_key(), self._clock.now() + OVERLAP
        kept = tuple(msgspec.structs.replace(old, until=old.until or until) for old in now.keys
                     if not old.until or old.until > self._clock.now())  # fmt: skip
        if len(kept) > 2:
            raise Conflict("two keys are running out already", hint="Wait until the older one has ended.")
        self._write(viewer, CHANGED, now.audience, msgspec.structs.replace(_body(now), keys=(*kept, key)))
        return Made(now.id, key.name, self._shown(key))

    def end(self, viewer: Viewer, which: str, reason: str) -> None:
        """End a subscriber: it gets nothing any more, and keeps the last zone until that expires."""
        now = self._own(viewer, which)
        body = msgspec.structs.replace(_body(now), keys=(), certificates=(), reason=" ".join(reason.split())[:200])
        self._write(viewer, ENDED, now.audience, body)

    # -- read --------------------------------------------------------------------------------------------------------

    def listed(self, viewer: Viewer, *, ended: bool = False) -> list[Subscriber]:
        """Return the subscribers that the viewer may see, the oldest first."""
        with self._projections.read() as connection:
            return store.visible(connection, self._record.visible_to(viewer), MOST, ended=ended)

    def one(self, viewer: Viewer, which: str) -> Subscriber:
        """Return a subscriber. Raises NotFound where the viewer sees none of the id."""
        with self._projections.read() as connection:
            found = store.by_id(connection, which)
        if found is None or found.audience not in self._record.visible_to(viewer):
            raise NotFound("there is no such resolver", hint=_GONE)
        return found

    def history(self, viewer: Viewer, which: str) -> list[tuple[Instant, str, str]]:
        """Return (when, step, reference) of a subscriber's adoption, the latest first."""
        found = self.one(viewer, which)
        with self._projections.read() as connection:
            return store.steps_of(connection, found.id, HISTORY)

    def configuration(self, viewer: Viewer, kind: Kind, which: str, place: Place) -> dict[str, str]:
        """Write what a resolver includes: of a subscriber's zones, of the one default zone where none is named."""
        common: dict[str, Any] = {"primary": place.primary, "port": place.port, "tls_name": place.tls_name,
                                  "own": place.own, "folder": place.folder, "ede": place.ede, "url": self._url}
        if not which:
            return fragments(kind, Plan(zones=(ZoneSource(ORIGIN, "all", self._reason("")),), **common))
        found = self.one(viewer, which)
        if found.choice.kind is not kind:
            raise Conflict("that resolver is of another kind", hint=f"Ask for {found.choice.kind.value}.", place="kind")
        base = self.serving.base(found.choice)
        zones = tuple(
            ZoneSource(f"{label}.{base}", label, "" if label == ALLOW else self._reason(label), is_main(kind, label))
            for label in labels(found.choice, self.categories())
        )
        key = found.keys[-1].name if found.keys else ""
        shadow = found.step in (Step.REHEARSE, Step.SHADOW)
        return fragments(kind, Plan(zones=zones, key=key, shadow=shadow, subscriber=found.id, **common))

    def serial_of(self, viewer: Viewer, origin: str) -> int:
        """Return the serial of one of the viewer's own zones. Raises NotFound for any other."""
        return self._zone(viewer, origin).serial

    def fetched(self, viewer: Viewer, origin: str, which: str, holds: int | None) -> None:
        """Note that a resolver that reads files asked for a zone; ``holds``: the serial that it showed to have already.

        ``which``: the subscriber as it names itself; without that, the only one of the viewer's that takes this zone.
        """
        takers = [one for one in self.listed(viewer) if one.org == viewer.org and which in ("", one.id)
                  and (view := self.serving.view_of(one)) is not None
                  and any(zone.origin == origin for zone in view.zones.values())]  # fmt: skip
        if len(takers) == 1:
            self.serving.fetched(takers[0].id, origin, holds)

    def zone_file(self, viewer: Viewer, origin: str) -> Iterator[bytes]:
        """Give one of the viewer's own zones as a master file (RFC 1035 §5), for resolvers that read files: piece by
        piece, for two million lines are a hundred megabytes. All of it is of one serial. Raises before the first piece.
        """
        return _pieces(zone_text(self._zone(viewer, origin).image()))

    def _zone(self, viewer: Viewer, origin: str) -> LiveZone:
        for one in self.listed(viewer):
            view = self.serving.view_of(one) if one.org == viewer.org else None
            for zone in view.zones.values() if view is not None else ():
                if zone.origin == origin:
                    self._shield.check_thawed()
                    return zone
        raise NotFound("there is no such zone", hint=_GONE)

    # -- how ---------------------------------------------------------------------------------------------------------

    def _reason(self, label: str) -> str:
        words = self.categories().get(category_of(label), "")
        look = f"; why: {self._url}/blocked/" if self._url else ""
        return f"Blocked{f' as {words}' if words else ''} by the protective DNS policy{look}"

    @staticmethod
    def _may(viewer: Viewer, organisation: str) -> None:
        if not (viewer.may("operate") or (viewer.may("lead") and viewer.org == organisation)):
            raise NotAllowed("this is for who leads the organisation, or operates the hub", hint="Ask one of them.")

    def _own(self, viewer: Viewer, which: str) -> Subscriber:
        found = self.one(viewer, which)
        self._may(viewer, found.org)
        if found.ended_at:
            raise Conflict("this resolver is no subscriber any more", hint="Add it again.")
        return found

    def _new_key(self) -> Key:
        return Key(f"{self._randomness.bytes(5).hex()}.{ORIGIN}")

    def _shown(self, key: Key) -> str:
        return base64.b64encode(self.serving.secret_of(key.name)).decode()

    def _write(self, viewer: Viewer, kind: str, audience: int, body: Body) -> None:
        payload = Payload(viewer.person or "", body.subscriber, self._clock.now(), "", _encode(body))
        self._record.append("", [Draft(kind, audience, payload)], new_id(self._randomness))


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    while piece := "".join(islice(lines, _LINES)):
        yield piece.encode()


def _body(one: Subscriber) -> Body:
    return Body(one.id, one.org, one.label, one.choice, one.addresses, one.notify, one.keys, one.step, one.reference,
                certificates=one.certificates)  # fmt: skip
