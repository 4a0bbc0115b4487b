"""Use cases of the guards: what fires for a name, what stands around it, which names are protected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.claim import Role
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.guards import store
from fusioncell.shield.guards.judge import above, judge, touched
from fusioncell.shield.guards.model import (
    ENDANGERED,
    PROTECTED,
    RELEASED,
    EndangeredBody,
    Fired,
    ProtectedBody,
)
from fusioncell.shield.guards.project import backwards, forwards

NOBODY = Audience(Tlp.AMBER_STRICT, frozenset(), Uses.NONE)
"""Nobody reads which names are protected: together they would tell who is a member, and of what."""
_encode = msgspec.json.Encoder().encode
MOST_ASKED = 100_000
LOOK_AT = 200
"""Names below one that are looked at, and mentions of one."""
MOST_ALARMED = 100
"""Protected names below one proposed name whose owners are told."""


class Guards:
    """The front door of the package."""

    def __init__(self, record: Record, database: Database, fusion: Fusion, randomness: Randomness) -> None:
        self._record, self._database, self._fusion, self._randomness = record, database, fusion, randomness

    def fired(self, name: str, audiences: frozenset[int]) -> list[Fired]:
        """Return the guards that fire for a name. ``audiences``: the shield's own view, entries that allow blocking."""
        with self._database.read() as connection:
            protected = store.protected_around(connection, name, above(name))
        observable = Observable(ObservableType.DOMAIN, name)
        mentions = self._fusion.mentions(observable, audiences, LOOK_AT)
        sinkholed = any(row[5] == Role.SINKHOLE for row in mentions)
        return judge(name, self._fusion.known_good, protected, len(self.below(name, audiences)[0]), sinkholed)

    def alarm(self, decision: str, name: str, category: str) -> list[Draft]:
        """Make the entry by which the owners of protected names learn that a block of this name is proposed, if any."""
        with self._database.read() as connection:
            protected = touched(name, store.protected_around(connection, name, above(name), MOST_ALARMED))
        if not protected:
            return []
        body = EndangeredBody(decision, name, category, sorted(protected))
        audience = self._record.intern_audience(NOBODY)
        return [Draft(ENDANGERED, audience, Payload("", decision, 0, "", _encode(body)))]

    def below(
        self, name: str, audiences: frozenset[int], most: int = LOOK_AT
    ) -> tuple[dict[str, Assessment], bool]:
        """Return the known names below a name, in order, with what stands of them, as these audiences know it, of as
        many as are looked at; and whether there may be more."""
        with self._database.read() as connection:
            rows = store.under(connection, backwards(name), audiences, most + 1)
        names = [Observable(ObservableType.DOMAIN, forwards(row)) for row in rows[:most]]
        # What was recalled since is still in the index, and counts no more.
        known = self._fusion.match(names, audiences)
        return {one.value: known[one] for one in names if one in known}, len(rows) > most

    def keep_protected(self, names: Iterable[str]) -> int:
        """Make these names the proved ones; returns how many entries that took. BadInput for what is no name."""
        wanted = {_name(one) for one in names}
        with self._database.read() as connection:
            standing = set(store.protected(connection, asked=False))
        changes = [(PROTECTED, ProtectedBody(one)) for one in sorted(wanted - standing)]
        changes += [(RELEASED, ProtectedBody(one)) for one in sorted(standing - wanted)]
        self._keep(changes)
        return len(changes)

    def ask(self, viewer: Viewer, name: str) -> None:
        """Protect a name that an organisation needs and does not own, for its lead: a page to sign in or pay, a target
        at a content network. It is asked for, not proved: it makes a block take two people, and no more than that."""
        if not viewer.may("lead"):
            raise NotAllowed("a lead asks for their organisation", hint="Ask a colleague with the role lead.")
        asked = _name(name)
        with self._database.read() as connection:
            standing = store.protected(connection, asked=True)
        if len(standing) >= MOST_ASKED:
            raise Conflict(f"{MOST_ASKED} names are asked for, and no more are taken", hint="Ask an operator.")
        if asked not in standing:
            self._keep([(PROTECTED, ProtectedBody(asked, asked=True))])

    def release(self, viewer: Viewer, name: str) -> None:
        """Protect a name that was asked for no more, for an approver. The answer does not tell whether it was."""
        if not viewer.may("approve"):
            raise NotAllowed("this role may not do that", hint="Ask an approver.")
        self._keep([(RELEASED, ProtectedBody(_name(name), asked=True))])

    def _keep(self, changes: Sequence[tuple[str, ProtectedBody]]) -> None:
        number = self._record.intern_audience(NOBODY)
        drafts = [Draft(kind, number, Payload("", "", 0, "", _encode(body))) for kind, body in changes]
        if drafts:
            self._record.append("", drafts, new_id(self._randomness))


def _name(text: str) -> str:
    try:
        return canonical(ObservableType.DOMAIN, text).value
    except BadValue:
        raise BadInput("that is no domain name", hint="Write it as shop.example.", place="name") from None
