"""Use cases of appeals: say why a name is blocked, take an appeal in, prove the name, decide, forget.

An appeal is decided by a person who neither proposed nor approved the block. One that is upheld is a lift: the block
ends everywhere, the bar is set, the sources are graded by it, and the decider's organisation calls the name benign.

**Blocking**: all methods touch the databases, and :meth:`Appeals.prove` asks a resolver; call them in a worker thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from fusioncell.intake.service import Intake, Terms
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Viewer
from fusioncell.kernel.observable import BadValue, ObservableType, canonical
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.appeals import store
from fusioncell.shield.appeals.brake import Brake
from fusioncell.shield.appeals.model import (
    FORGOTTEN,
    KEEP_SAID,
    LODGED,
    MOST_A_DAY,
    MOST_CONTACT,
    MOST_OPEN,
    MOST_TEXT,
    PROVED,
    REFUSED,
    ROLES,
    SAID,
    UPHELD,
    WITHDRAWN,
    Appeal,
    Blocked,
    Filed,
    Lodged,
    Outcome,
    State,
    TooManyQuestions,
    Words,
)
from fusioncell.shield.charter import digest_of
from fusioncell.shield.lift.choose import above
from fusioncell.shield.lift.model import Chosen
from fusioncell.shield.lift.service import Lifts
from fusioncell.shield.model import APPROVERS, COMPROMISED, OVERSIGHT, PARTNERS, Decision
from fusioncell.shield.service import Shield

_encode = msgspec.json.Encoder().encode
_MAX_REASON = 1000
_LANGUAGES = ("en", "cy")


class Proofs(Protocol):
    """Knows how the holder of a name proves it in the name's own zone."""

    def record_of(self, name: str) -> str:
        """Return the name at which the TXT record is looked for."""
        ...

    def text_for(self, subject: str, name: str) -> str:
        """Return what the record is to say for a subject; bound to both."""
        ...

    def stands(self, subject: str, name: str) -> bool:
        """Look the record up now. Raises Unavailable where nobody answers."""
        ...


class Appeals:
    """The front door of appeals."""

    def __init__(
        self, record: Record, projections: Database, shield: Shield, lifts: Lifts, intake: Intake, proofs: Proofs,
        clock: Clock, randomness: Randomness,
    ) -> None:  # fmt: skip
        self._record, self._projections, self._shield, self._lifts = record, projections, shield, lifts
        self._intake, self._clock, self._randomness = intake, clock, randomness
        self.proofs = proofs
        self.brake = Brake(clock, randomness)

    # -- anyone ------------------------------------------------------------------------------------------------------

    def why(self, text: str) -> tuple[str, Blocked | None]:
        """Return the name that was meant, and why it is blocked; None where it is not. Raises BadInput for no name."""
        name = _name(text)
        with self._projections.read() as connection:
            rows = {row[0]: row for row in store.blocks(connection, [name, *above(name)])}
        by = next((each for each in (name, *above(name)) if each in rows), "")
        if not by:
            return name, None
        _, decision, category, since, until, policy, origin, code = rows[by]
        charter = self._shield.charter.in_force()
        known = charter.category(category)
        stood = (charter.number, charter.title) if digest_of(charter) == policy else (0, "")
        return name, Blocked(name, by, decision, known.name if known else category, since, until, (*stood, policy),
                             origin == COMPROMISED, code)  # fmt: skip

    def lodge(self, text: str, filed: Filed) -> tuple[Appeal, str]:
        """Take an appeal in; return it with the appellant's code, which is shown this once."""
        name, found = self.why(text)
        if found is None:
            raise Conflict("this name is not blocked here", hint="Ask your Internet provider.", place="name")
        said, contact, role = _admit(filed)
        with self._projections.read() as connection:
            on_name, today = store.counts(connection, found.by, self._clock.now() - DAY)
        if on_name >= MOST_OPEN or today >= MOST_A_DAY:
            raise TooManyQuestions("many appeals wait already", hint="They are being looked at. Come back tomorrow.")
        code = self._randomness.bytes(20).hex()
        language = filed.language if filed.language in _LANGUAGES else "en"
        made = Lodged(new_id(self._randomness), found.by, found.decision, _mark(code), role, language)
        self._append(self._draft(LODGED, made.appeal, made),
                     self._draft(SAID, made.appeal, Words(made.appeal, said, contact), APPROVERS))  # fmt: skip
        return Appeal(made.appeal, made.name, made.decision, role, language, self._clock.now(), 0, State.OPEN, 0, "",
                      ""), code  # fmt: skip

    def of_code(self, code: str) -> Appeal:
        """Return the appeal of the holder of a code, without what they wrote. Raises NotFound."""
        with self._projections.read() as connection:
            row = store.of_mark(connection, _mark(code[:100]))
        if row is None:
            raise NotFound("there is no appeal with this code", hint="Check the code that you were given.")
        return replace(_appeal(row), text="", contact="")

    def prove(self, code: str) -> Appeal:
        """Look the owner's proof up now. Conflict where it is not there."""
        one = self._open(self.of_code(code))
        if one.proved_at:
            return one
        if not self.proofs.stands(one.id, one.name):
            raise Conflict("the TXT record is not there yet",
                           hint="Publish it, wait until your name servers have it, and check again.")  # fmt: skip
        self._append(self._draft(PROVED, one.id, Outcome(one.id, one.name, one.decision)))
        return replace(one, proved_at=self._clock.now())

    def withdraw(self, code: str) -> None:
        """Take an appeal back; what was written is erased at once."""
        one = self._open(self.of_code(code))
        self._append(self._draft(WITHDRAWN, one.id, Outcome(one.id, one.name, one.decision), PARTNERS))
        self._forget(one.id)

    # -- who decides -------------------------------------------------------------------------------------------------

    def listed(self, viewer: Viewer, limit: int = 200) -> list[Appeal]:
        """Return the appeals that the viewer may see, those that wait longest first."""
        with self._projections.read() as connection:
            rows = store.listed(connection, self._record.visible_to(viewer), limit)
        return [_for(viewer, _appeal(row)) for row in rows]

    def one(self, viewer: Viewer, identifier: str) -> Appeal:
        """Return an appeal. NotFound where the viewer may not see it."""
        with self._projections.read() as connection:
            row = store.one(connection, identifier, self._record.visible_to(viewer))
        if row is None:
            raise NotFound("there is no such appeal", hint="List them at /shield/appeals.")
        return _for(viewer, _appeal(row))

    def decide(self, viewer: Viewer, identifier: str, *, uphold: bool, reason: str) -> Appeal:
        """Decide an appeal, by a named person who neither proposed nor approved the block."""
        if not viewer.may("approve"):
            raise NotAllowed("this role may not decide an appeal", hint="Ask an approver.")
        if viewer.person is None:
            raise NotAllowed("a person decides an appeal, by name", hint="Sign in as yourself, or use your own key.")
        one, said = self._open(self.one(viewer, identifier)), reason.strip()
        if not said or len(said) > _MAX_REASON:
            raise BadInput(f"say why, in at most {_MAX_REASON:,} characters",
                           hint="The appellant reads it: name no person and no source.", place="reason")  # fmt: skip
        block = next(iter(self._shield.those([one.decision])), None)
        if block is not None and _had_part(viewer, block):
            raise Conflict("you proposed or approved this block", hint="Another person decides the appeal.")
        if not uphold:
            self._append(self._ended(REFUSED, one, viewer.person, said))
            return replace(one, state=State.REFUSED)
        with self._projections.read() as connection:
            also = [each for each in store.open_on(connection, one.decision) if each != one.id]
        ends = [self._ended(UPHELD, replace(one, id=each), viewer.person, said) for each in (one.id, *also)]
        if block is not None and block.ended_at == 0:
            self._lifts.end(viewer.person, Chosen("name", one.name), [block.id], said, ends)
        else:
            self._append(*ends)
        self._call_benign(viewer, one.name)
        return replace(one, state=State.UPHELD)

    def own(self, viewer: Viewer, appeals: Iterable[Appeal]) -> set[str]:
        """Return the blocks among those appealed against that the viewer proposed or approved: another decides."""
        return {block.id for block in self._shield.those({one.decision for one in appeals}) if _had_part(viewer, block)}

    def overdue(self) -> tuple[int, int]:
        """Return (appeals that wait, those past their target time), for operators."""
        now = self._clock.now()
        with self._projections.read() as connection:
            open_ = [_appeal(row) for row in store.waiting(connection)]
        return len(open_), sum(one.due < now for one in open_)

    def tidy(self) -> int:
        """Erase what was written in appeals that ended long ago; return how many. Call it daily."""
        with self._projections.read() as connection:
            over = store.to_forget(connection, self._clock.now() - KEEP_SAID)
        for appeal, _ in over:
            self._forget(appeal)
        return len(over)

    # -- within ------------------------------------------------------------------------------------------------------

    def _call_benign(self, viewer: Viewer, name: str) -> None:
        # What the decider's organisation says of the name is part of the decision: its role need not contribute else.
        speaker = replace(viewer, permissions=viewer.permissions | {"contribute"})
        body = f"domain,benign,comment\n{name},yes,an appeal against its block was upheld\n".encode()
        self._intake.accept(speaker, body, "text/csv", Terms(tlp=Tlp.GREEN, filename="appeal.csv"))

    def _forget(self, appeal: str) -> None:
        with self._projections.read() as connection:
            seq = store.words_of(connection, appeal)
        # Erased first: where a stop comes between the two, the next round finds it and says so again.
        if seq:
            self._record.erase(seq)
        self._append(self._draft(FORGOTTEN, appeal, Outcome(appeal)))

    def _open(self, one: Appeal) -> Appeal:
        if one.state is not State.OPEN:
            raise Conflict(f"this appeal is {one.state.value} already", hint="Nothing is left to do.")
        return one

    def _ended(self, kind: str, one: Appeal, by: str, reason: str) -> Draft:
        return self._draft(kind, one.id, Outcome(one.id, one.name, one.decision, by, reason), PARTNERS)

    def _draft(self, kind: str, subject: str, body: Lodged | Words | Outcome, audience: Audience = OVERSIGHT) -> Draft:
        return Draft(kind, self._record.intern_audience(audience), Payload("", subject, 0, "", _encode(body)))

    def _append(self, *drafts: Draft) -> None:
        self._record.append("", drafts, new_id(self._randomness))


def _for(viewer: Viewer, one: Appeal) -> Appeal:
    """Leave out what the appellant wrote, which is said to who may decide on it."""
    return one if viewer.may("approve") else replace(one, text="", contact="")


def _had_part(viewer: Viewer, block: Decision) -> bool:
    return viewer.person is not None and viewer.person in (block.proposed_by, block.approver, *block.approvers)


def _mark(code: str) -> str:
    return hashlib.sha256(b"appeal" + code.strip().encode(errors="replace")).hexdigest()


def _name(text: str) -> str:
    try:
        return canonical(ObservableType.DOMAIN, text[:300]).value
    except BadValue:
        raise BadInput("that is no domain name", hint="Write it as in the address bar: shop.example.",
                       place="name") from None  # fmt: skip


def _admit(filed: Filed) -> tuple[str, str, str]:
    said, contact = filed.text.strip(), filed.contact.strip()
    if not said:
        raise BadInput("say why the block is wrong", hint="A sentence or two is enough.", place="text")
    if len(said) > MOST_TEXT:
        raise BadInput(f"that is longer than {MOST_TEXT:,} characters", hint="Say it shorter.", place="text")
    if len(contact) > MOST_CONTACT:
        raise BadInput(f"that is longer than {MOST_CONTACT} characters", hint="A mailbox or a number.", place="contact")
    if filed.role not in ROLES:
        raise BadInput("say as whom you appeal", hint=f"One of: {', '.join(ROLES)}.", place="role")
    return said, contact, filed.role


def _appeal(row: Sequence[Any]) -> Appeal:
    identifier, name, decision, role, language, at, proved_at, state, ended_at, ended_by, reason, text, contact = row
    return Appeal(identifier, name, decision, role, language, at, proved_at, State(state), ended_at, ended_by, reason,
                  text, contact)  # fmt: skip
