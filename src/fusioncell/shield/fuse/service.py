"""Use cases of the fuse: hold a machine's change, ask for what two people decide, agree, refuse, carry out; thaw.

What a machine may do now is asked of :meth:`Fuse.may_end` and :meth:`Fuse.may_publish`. Between an entry and its
projection, what this process has let pass counts from memory.

**Blocking**: all methods touch the databases; call them in a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.fuse import store
from fusioncell.shield.fuse.model import (
    AGREED,
    ASKED,
    CARRIED,
    LAPSES,
    MOST_NAMES,
    REFUSED,
    ROLLED_BACK,
    THAWED,
    Act,
    Asked,
    Kind,
    Limits,
    Part,
    Said,
    State,
    Waiting,
    Way,
)
from fusioncell.shield.fuse.weigh import back, blows, caught
from fusioncell.shield.lift.service import Lifts
from fusioncell.shield.model import OVERSIGHT
from fusioncell.shield.service import Shield

_encode = msgspec.json.Encoder().encode
_RULE = "rule"
_MAX_REASON = 1000
_HELD = {
    Kind.ADD: "a standing approval would add more than a set share of the zone at once",
    Kind.REMOVE: "rules would remove more than a set share of the zone at once, or all of it",
}


_HELD_FOR_PART = "rules would remove more than a set share of what some resolvers take at once, or all of it"


class Fuse:
    """The front door of the fuse. ``limits``: how much a machine may change alone."""

    parts: Callable[[], Iterable[Part]] = staticmethod(lambda: ())
    """Tells which parts of the names are zones of their own (``shield.subscribers``)."""
    found: Callable[[], Iterable[str]] = staticmethod(lambda: ())
    """Tells which blocks rules are to end beside what is due by its evidence (``shield.recheck``)."""

    def __init__(
        self, record: Record, projections: Database, shield: Shield, lifts: Lifts, clock: Clock, randomness: Randomness,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
    ) -> None:  # fmt: skip
        self._record, self._projections, self._shield, self._lifts = record, projections, shield, lifts
        self._clock, self._randomness, self._limits = clock, randomness, limits
        self._passed: dict[Kind, dict[str, Instant]] = {Kind.ADD: {}, Kind.REMOVE: {}}
        """What was let pass, by decision, and when: it may not be projected yet."""
        self._asked: set[str] = set()
        """Decisions for which this process has asked two people, and acts that it has carried out."""
        self._news = 0
        """Acts that were asked for since the last :meth:`act`."""

    # -- machines ----------------------------------------------------------------------------------------------------

    def may_end(self, decisions: Iterable[str]) -> set[str]:
        """Return those of the published decisions that a rule may end now. The rest waits for two people."""
        return self._may(Kind.REMOVE, decisions)

    def may_publish(self, decisions: Iterable[str]) -> set[str]:
        """Return those of the proposed decisions that a machine may publish now. The rest waits for two people."""
        return self._may(Kind.ADD, decisions)

    def _may(self, kind: Kind, decisions: Iterable[str]) -> set[str]:
        asked = list(dict.fromkeys(decisions))
        if not asked:
            return set()
        now = self._clock.now()
        since = now - self._limits.window
        passed = self._passed[kind] = {one: at for one, at in self._passed[kind].items() if at > since}
        with self._projections.read() as connection:
            if store.frozen_since(connection):
                return set()
            names, (added, removed) = store.names_by_sort(connection), store.done_by_machine(connection, since)
            # All that is due counts, not only the page of it that is asked for: else a part would pass unseen.
            wanted = [*store.to_end(connection, MOST_NAMES), *self.found()] if kind is Kind.REMOVE else []
            fates = store.fates(connection, {*asked, *wanted}, kind.value)
            sorts = store.sorts_of(connection, {*asked, *wanted, *passed})
        confirmed = {one for one, state in fates.items() if state in (State.CONFIRMED, State.CARRIED)}
        open_ = [one for one in dict.fromkeys([*asked, *wanted]) if one not in fates and one not in self._asked]
        fresh = [one for one in open_ if one not in passed]
        (added if kind is Kind.ADD else removed).update((one, sorts[one]) for one in passed if one in sorts)
        counts = (len(fresh), 0) if kind is Kind.ADD else (0, len(fresh))
        if fresh and blows(self._limits, sum(names.values()), (len(added), len(removed)), counts):
            self._hold(kind, _HELD[kind], fresh)
            return confirmed
        held: set[str] = set()
        if fresh and kind is Kind.REMOVE:
            wants = {one: sorts[one] for one in fresh if one in sorts}
            held = caught(self._limits, self.parts(), names, (added.values(), removed.values()), wants)
            if held:
                self._hold(kind, _HELD_FOR_PART, [one for one in fresh if one in held])
        passing = set(asked) & set(open_) - held
        passed.update((one, now) for one in passing if one not in passed)
        return confirmed | passing

    def _hold(self, kind: Kind, reason: str, decisions: Sequence[str]) -> None:
        self._ask(Asked(new_id(self._randomness), kind.value, _RULE, reason, "", list(decisions[:MOST_NAMES])))
        self._news += 1
        self._asked.update(decisions[:MOST_NAMES])

    def frozen(self) -> bool:
        """Tell whether the zones are frozen: nothing is added until someone confirms what a restored hub holds."""
        with self._projections.read() as connection:
            return store.frozen_since(connection) > 0

    def decided(self) -> tuple[int, int]:
        """Return what moves when people let a machine do more: their newest word, since when the zones are frozen."""
        with self._projections.read() as connection:
            return store.newest_word(connection), store.frozen_since(connection)

    def act(self) -> int:
        """Carry out what two people confirmed; return how many entries there are to project, at least."""
        done, self._news = self._news, 0
        with self._projections.read() as connection:
            rows = [row for row in store.to_carry(connection) if row[0] not in self._asked]
            if not rows:
                return done
            words = store.words_on(connection, [row[0] for row in rows])
        for row in rows:
            by = [person for act, person in words if act == row[0]]
            drafts = self._unbar(row, by) if row[1] == Kind.UNBAR else self._roll_back(int(row[4]), by)
            drafts.append(self._said(CARRIED, row[0], ""))
            self._record.append("", drafts, new_id(self._randomness))
            self._asked.add(row[0])
        return done + len(rows)

    # -- people ------------------------------------------------------------------------------------------------------

    def ask_rollback(self, viewer: Viewer, serial: str, reason: str) -> str:
        """Ask for the whole zone to go back to a serial; a second person agrees. Returns the act's id."""
        by, said = _person(viewer), _reason(reason)
        way = self.way(viewer, serial)
        if not (way.removed or way.added):
            raise Conflict("the zone stands as it did at that serial", hint="Nothing is to be undone.", place="serial")
        return self._once(Asked(new_id(self._randomness), Kind.ROLLBACK, by, said, str(way.serial)))

    def ask_unbar(self, viewer: Viewer, name: str, reason: str) -> str:
        """Ask for a bar to end; a second person agrees. Returns the act's id. NotFound where no bar stands."""
        by, said = _person(viewer), _reason(reason)
        return self._once(Asked(new_id(self._randomness), Kind.UNBAR, by, said, self._lifts.bar(viewer, name).name))

    def agree(self, viewer: Viewer, identifier: str) -> Act:
        """Agree to an act; the second person's word confirms it."""
        by, act = _person(viewer), self._open(viewer, identifier)
        if by in act.agreed:
            raise Conflict("you have agreed already", hint="Another person must agree too.")
        self._append(AGREED, identifier, by)
        return act

    def refuse(self, viewer: Viewer, identifier: str, reason: str) -> Act:
        """Refuse an act: one person's word suffices. What a machine wanted to change stays as it is."""
        by, act = _person(viewer), self._open(viewer, identifier)
        self._append(REFUSED, identifier, by, _reason(reason))
        return act

    def thaw(self, viewer: Viewer, reason: str) -> None:
        """Confirm what a restored hub holds: the zones move again. By one named person, or by a local command, which
        needs none: whoever has the hub's folder could change anything in it. It is noted as theirs, or ``operator``.
        """
        by = _person(viewer) if not viewer.local else viewer.person or "operator"
        if not self.frozen():
            raise Conflict("the zones are not frozen", hint="Nothing is to be done.")
        self._append(THAWED, "", by, _reason(reason))

    def _open(self, viewer: Viewer, identifier: str) -> Act:
        act = self.one(viewer, identifier)
        if act.state is not State.WAITING:
            raise Conflict(f"this is {act.state.value} already", hint="Nothing is left to decide.")
        return act

    # -- read --------------------------------------------------------------------------------------------------------

    def acts(self, viewer: Viewer, limit: int = 100) -> list[Act]:
        """Return the acts that the viewer may see, those that wait first."""
        with self._projections.read() as connection:
            rows = store.acts(connection, self._record.visible_to(viewer), limit)
            words = store.words_on(connection, [row[0] for row in rows]) if rows else []
        return [self._made(row, words) for row in rows]

    def one(self, viewer: Viewer, identifier: str) -> Act:
        """Return an act. NotFound where the viewer may not see it."""
        with self._projections.read() as connection:
            row = store.act_of(connection, identifier, self._record.visible_to(viewer))
            words = store.words_on(connection, [identifier])
        if row is None:
            raise NotFound("nothing of the kind waits for two people",
                           hint="List what does with `fusioncell shield fuse list`.")  # fmt: skip
        return self._made(row, words)

    def names(self, viewer: Viewer, identifier: str, limit: int = 200) -> list[str]:
        """Return the names that a machine's act holds."""
        self.one(viewer, identifier)
        with self._projections.read() as connection:
            return store.held_names(connection, identifier, limit)

    def waiting(self) -> Waiting:
        """Return what operators are told."""
        with self._projections.read() as connection:
            return Waiting(store.count_waiting(connection, self._clock.now() - LAPSES), store.frozen_since(connection))

    def _made(self, row: Sequence[Any], words: Iterable[tuple[str, str]]) -> Act:
        identifier, kind, by, reason, value, count, at, state, ended_at, ended_by = row
        found = State(state)
        if found is State.WAITING and by != _RULE and at + LAPSES < self._clock.now():
            found = State.LAPSED
        agreed = tuple(person for act, person in words if act == identifier)
        return Act(identifier, Kind(kind), by, reason, value, count, at, found, ended_at, ended_by, agreed)

    # -- the whole zone ----------------------------------------------------------------------------------------------

    def way(self, viewer: Viewer, serial: str) -> Way:
        """Say what a rollback to a serial would do, and do nothing."""
        if not viewer.may("approve"):
            raise NotAllowed("this role may not roll the zone back", hint="Ask an approver.")
        return self._way(serial)[0]

    def _way(self, text: str) -> tuple[Way, list[str], list[str]]:
        """Return the way, with the ids of the decisions to end and of those to publish again."""
        with self._projections.read() as connection:
            first, last = store.serials(connection)
            serial = int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else -1
            if not first - 1 <= serial <= last:
                raise BadInput("that is no serial that the zone had", hint=f"Give one from {first} to {last}.",
                               place="serial")  # fmt: skip
            now = store.published(connection)
            removed, added = back(store.steps_after(connection, serial), frozenset(now))
            ended = store.last_blocks(connection, added) if added else {}
        old = {item.name: item for item in self._shield.those(ended.values())}
        barred = self._lifts.barred(added) if added else set()
        left: list[tuple[str, str]] = []
        for name in added:
            if name in barred:
                left.append((name, "it was lifted as wrong"))
            elif name not in old or old[name].expires_at <= self._clock.now():
                left.append((name, "its time is over"))
        out = {name for name, _ in left}
        again = [name for name in added if name not in out]
        way = Way(serial, tuple(removed), tuple(again), tuple(left))
        return way, [now[name] for name in removed], [old[name].id for name in again]

    def _roll_back(self, serial: int, by: Sequence[str]) -> list[Draft]:
        _, ending, again = self._way(str(serial))
        said = f"the zone went back to serial {serial}"
        drafts = self._shield.endings(self._shield.those(ending), by=ROLLED_BACK, reason=said)
        return drafts + self._shield.renewals(self._shield.those(again), by=by, reason=said)

    def _unbar(self, row: Sequence[Any], by: Sequence[str]) -> list[Draft]:
        return [self._lifts.unbarred(row[4], by, row[3])]

    # -- within ------------------------------------------------------------------------------------------------------

    def _once(self, asked: Asked) -> str:
        """Ask, unless the same waits already: then this is the second word on it."""
        with self._projections.read() as connection:
            known = store.waiting_for(connection, asked.kind, asked.value)
            row = store.act_of(connection, known, self._record.audiences_where(lambda _: True)) if known else None
            words = store.words_on(connection, [known])
        act = self._made(row, words) if row is not None else None
        if act is None or act.state is not State.WAITING:
            self._ask(asked)
            return asked.act
        if asked.by in act.agreed:
            raise Conflict("you have asked for this already", hint="Another person must agree.")
        self._append(AGREED, act.id, asked.by)
        return act.id

    def _ask(self, asked: Asked) -> None:
        self._record.append("", [self._draft(ASKED, asked.act, asked)], new_id(self._randomness))

    def _append(self, kind: str, act: str, by: str, reason: str = "") -> None:
        self._record.append("", [self._said(kind, act, by, reason)], new_id(self._randomness))

    def _said(self, kind: str, act: str, by: str, reason: str = "") -> Draft:
        return self._draft(kind, act, Said(act, by, reason))

    def _draft(self, kind: str, subject: str, body: Asked | Said) -> Draft:
        return Draft(kind, self._record.intern_audience(OVERSIGHT), Payload("", subject, 0, "", _encode(body)))


def _person(viewer: Viewer) -> str:
    if not viewer.may("approve"):
        raise NotAllowed("this role may not decide on the zone", hint="Ask an approver.")
    if viewer.person is None:
        raise NotAllowed("a person decides this, by name", hint="Sign in as yourself, or use your own key.")
    return viewer.person


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise BadInput("say why", hint="The second person reads it.", place="reason")
    if len(said) > _MAX_REASON:
        raise BadInput(f"that is longer than {_MAX_REASON:,} characters", hint="Say it shorter.", place="reason")
    return said
