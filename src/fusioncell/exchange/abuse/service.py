"""Use cases of abuse notices: what is new since a cursor, and the newest.

**Blocking**: both read the databases; call them in a worker thread.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from hashlib import blake2b

from fusioncell.exchange.abuse.model import MOST, TYPES, USUAL, By, Notice, Notices, Statement
from fusioncell.exchange.abuse.own import Hosts, Networks, span_of, text_of
from fusioncell.exchange.abuse.tell import kind_of, reached_by, url_of
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.told import Told
from fusioncell.intake import extract_entry
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, Gone, NotSignedIn
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable
from fusioncell.record import Seal
from fusioncell.record.service import Record

_ALL = 1 << 62
_NAMESPACE = uuid.UUID("6a6a1f6e-6a35-4d0c-9a33-1f6c7f0a8b51")
"""Of the notices' ids (RFC 9562 §5.5)."""


class Abuse:
    """The front door of the package. ``assets_of``: returns what an organisation has proved to be its own."""

    def __init__(self, *, record: Record, told: Told, fusion: Fusion, seal: Seal, by: By,
                 assets_of: Callable[[str], list[str]]) -> None:
        self._record, self._told, self._fusion, self._seal = record, told, fusion, seal
        self.by, self.assets_of = by, assets_of
        self._hosts = Hosts()
        self._growing = threading.Lock()

    def since(self, viewer: Viewer, cursor: str = "", since: Instant | None = None, limit: int = USUAL) -> Notices:
        """Return the notices that came after a cursor (or an instant, or ever), in the order in which they came.

        A cursor that was given when the organisation saw less, or had other networks, begins anew where something
        older would else be missed: ids stay, so that who keeps them tells what is new. BadInput for what is no cursor
        of ours, Gone for one of another epoch of the hub.
        """
        own, ids, org = self._own(viewer)
        audiences = self._record.visible_to(viewer)
        if cursor and since is not None:
            raise BadInput("give a cursor or an instant, not both", hint="A cursor goes on where you were.")
        after, again = self._opened(cursor, own, ids, audiences, org) if cursor else (0, False)
        if since is not None:
            after = self._record.last_before(since, self._record.head()[0])
        size = max(1, min(limit, MOST))
        rows = self._told.statements(ids, audiences, org, after=after, until=_ALL, limit=size + 1)
        more = len(rows) > size
        if more:
            # A page ends with an entry: one that speaks of many addresses is never cut.
            last = rows[-1][0]
            whole = [row for row in rows if row[0] < last]
            rows = whole or self._told.statements(ids, audiences, org, after=last - 1, until=last, limit=_ALL)
            more = bool(self._told.statements(ids, audiences, org, after=rows[-1][0], until=_ALL, limit=1))
        found = self._made(_once(rows), own, audiences, org)
        return Notices(tuple(found), self._cursor(rows[-1][0] if rows else after, audiences, own), more, again,
                       own.texts)  # fmt: skip

    def newest(self, viewer: Viewer, limit: int = 100) -> Notices:
        """Return the newest notices, the newest first; its cursor is that of the beginning."""
        own, ids, org = self._own(viewer)
        audiences = self._record.visible_to(viewer)
        rows = self._told.statements(ids, audiences, org, after=0, until=_ALL, limit=limit + 1, newest=True)
        found = self._made(_once(rows)[:limit], own, audiences, org)
        return Notices(tuple(found), self._cursor(0, audiences, own), len(rows) > limit, False, own.texts)

    def _own(self, viewer: Viewer) -> tuple[Networks, list[int], str]:
        """Return the asker's networks, and the observables within them."""
        if viewer.org is None or not viewer.member:
            raise NotSignedIn("abuse notices are for members, of their own networks",
                              hint="Sign in, or send a key of your organisation.")
        own = Networks(self.assets_of(viewer.org))
        if not own:
            return own, [], viewer.org
        with self._growing:
            while True:
                reached, found = self._told.named_after(self._hosts.reached, TYPES)
                if reached == self._hosts.reached:
                    break
                self._hosts.add(found)
                self._hosts.reached = reached
            return own, self._hosts.within(own), viewer.org

    # Cursors

    def _cursor(self, seq: int, audiences: frozenset[int], own: Networks) -> str:
        number = self._record.audience_set_number(audiences)
        return f"{self._seal.cursor(seq, number, self._record.head()[2])}.{_digest(own)}"

    def _opened(
        self, cursor: str, own: Networks, ids: Sequence[int], audiences: frozenset[int], org: str
    ) -> tuple[int, bool]:
        """Return the position of a cursor, 0 where it is to begin anew; and whether it is."""
        sealed, _, networks = cursor.partition(".")
        opened = self._seal.open_cursor(sealed)
        held = None if opened is None else self._record.audience_set(opened[1])
        if opened is None or held is None:
            raise BadInput("that is no cursor of this hub", hint="Leave it out to begin anew.", place="cursor")
        seq, _, epoch = opened
        if epoch != self._record.head()[2] & 0xFFFF:
            raise Gone("this cursor is of another epoch of the hub", hint="Leave it out to begin anew; ids stay.")
        if networks != _digest(own):
            return 0, seq > 0
        gained = audiences - held
        if gained and self._told.statements(ids, gained, org, after=0, until=seq, limit=1):
            return 0, True
        return seq, False

    # Notices

    def _made(self, told: Sequence[Statement], own: Networks, audiences: frozenset[int], org: str) -> list[Notice]:
        values = self._fusion.observables({one.observable for one in told})
        known = self._fusion.match(list(values.values()), audiences)
        counts = self._told.counts(list(values), audiences, org)
        entries = {entry.seq: entry for entry in self._record.read_many(sorted({one.seq for one in told}))}
        made: list[Notice] = []
        for one in told:
            value, entry = values[one.observable], entries.get(one.seq)
            span = span_of(value)
            network = own.holding(span) if span is not None else ""
            if span is None or not network or entry is None:
                continue
            port, protocol = reached_by(entry, value)
            role, stood = Role(one.role), known.get(value)
            made.append(Notice(
                id=_id_of(entry, value), value=value, address=text_of(span), network=network,
                kind=kind_of(_labels(entry, value), role), role=role.name.lower(),
                says=Stance(one.stance).name.lower() if one.stance else "", observed=one.at, received=entry.at,
                port=port, protocol=protocol, url=url_of(value), tlp=self._record.audience(one.audience).tlp.value,
                count=counts.get(one.observable, 1), malicious=round(stood.malicious, 4) if stood else 0.0,
                active=round(stood.active, 4) if stood else 0.0, contribution=entry.contribution,
            ))  # fmt: skip
        return made


def _digest(own: Networks) -> str:
    return blake2b("\n".join(own.texts).encode(), digest_size=8).hexdigest()


def _once(rows: Sequence[tuple[int, ...]]) -> list[Statement]:
    """Return one statement for each entry and observable: the first, dated by the last (an attribute's sightings)."""
    found: dict[tuple[int, int], Statement] = {}
    for seq, _, observable, audience, role, stance, at in rows:
        before = found.get((seq, observable))
        found[seq, observable] = (Statement(seq, observable, audience, role, stance, at) if before is None
                                  else before._replace(at=max(before.at, at)))  # fmt: skip
    return list(found.values())


def _labels(entry: Entry, value: Observable) -> tuple[str, ...]:
    """Return the labels that an entry gives an observable, none where it speaks of it by its id alone."""
    return next((claim.context for claim in extract_entry(entry).claims if claim.observable == value), ())


def _id_of(entry: Entry, value: Observable) -> str:
    """Return the notice's id: the same as long as the entry stands, and on each look."""
    subject = entry.payload.subject if entry.payload is not None else ""
    return str(uuid.uuid5(_NAMESPACE, "\0".join((entry.contribution, subject, value.type.value, value.value))))
