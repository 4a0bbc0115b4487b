"""Use cases of sealed identities: name officers, seal an author, reveal one with two officers' keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import msgspec

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import PSEUDONYM, Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members.audit.service import Audit, actor_of
from fusioncell.members.entries import NOBODY, Log
from fusioncell.members.sealing import boxes, store
from fusioncell.members.sealing.entries import KIND, OfficerNamed
from fusioncell.members.sealing.model import FEWEST_OFFICERS, MOST_OFFICERS, SETTLING, Box, Case, Officer
from fusioncell.members.service import Members

SECRET_BYTES = 24


def pseudonym_of(secret: str) -> str:
    """Return the pseudonym that a secret proves: whoever knows the one is the other's author. No table says so."""
    return PSEUDONYM + hashlib.sha256(b"fusioncell pseudonym\0" + secret.encode("utf-8", "replace")).hexdigest()[:40]


class Sealing:
    """The front door of the package."""

    def __init__(self, *, record: Log, vault: Database, projections: Database, members: Members, audit: Audit,
                 clock: Clock, randomness: Randomness, settle: Callable[[int], None]) -> None:
        self._record, self._vault, self._projections = record, vault, projections
        self._members, self._audit, self._clock = members, audit, clock
        self._randomness, self._settle = randomness, settle

    # -- officers ----------------------------------------------------------------------------------------------------

    def officers(self) -> list[Officer]:
        """Return the officers in good standing who still hold the office. Any two of them can reveal an author."""
        with self._projections.read() as connection:
            known = store.officers(connection)
        found = []
        for person, key, since in known:
            try:
                who = self._members.person(person)
            except NotFound:
                continue
            if not who.suspended and not self._members.organisation(who.org).suspended and "officer" in who.roles:
                found.append(Officer(person, who.org, key, since))
        return found

    def keepers(self) -> list[Officer]:
        """Return the officers to whom authors are sealed now: those whose key all members could see for a week.

        An administrator can give the office to two people of their own; nobody is sealed to these unawares. In the
        first week of a hub there is nobody yet whom this would protect, and its first officers count at once.
        """
        now, first_week = self._clock.now(), self._founded() + SETTLING
        return [each for each in self.officers() if each.since <= max(now - SETTLING, first_week)]

    def _founded(self) -> int:
        return min((each.created for each in self._members.organisations()), default=0)

    def ready(self) -> bool:
        """Tell whether anything can be sealed: there are at least two to seal to."""
        return len(self.keepers()) >= FEWEST_OFFICERS

    def register(self, viewer: Viewer, public_key: bytes) -> None:
        """Take a person's public key as an officer's. What was sealed before stays sealed to the officers of then."""
        if viewer.person is None:
            raise NotAllowed("an officer is a person", hint="Use a key of your own, not one of your organisation.")
        if len(public_key) != 32:
            raise BadInput("a public key has 32 bytes", hint="Make one with: fusioncell officer key FILE")
        others = [each for each in self.officers() if each.person != viewer.person]
        if len(others) >= MOST_OFFICERS:
            raise Conflict(f"there are {MOST_OFFICERS} officers", hint="One has to leave first.")
        self._write(OfficerNamed(person=viewer.person, public_key=public_key))
        self._audit.note("officer.registered", org=viewer.org or "", actor=actor_of(viewer), subject=viewer.person)

    def leave(self, viewer: Viewer) -> None:
        """Give the office up: nothing more is sealed to this person."""
        if viewer.person not in {each.person for each in self.officers()}:
            raise NotFound("you are no officer")
        self._write(OfficerNamed(person=viewer.person, public_key=b"", active=False))
        self._audit.note("officer.left", org=viewer.org or "", actor=actor_of(viewer), subject=viewer.person)

    def _write(self, change: OfficerNamed) -> None:
        nobody = self._record.intern_audience(NOBODY)
        draft = Draft(KIND, nobody, Payload("", change.person, 0, "", msgspec.json.encode(change)))
        self._settle(self._record.append("", [draft], new_id(self._randomness)).last_seq)

    # -- sealing -----------------------------------------------------------------------------------------------------

    def seal(self, viewer: Viewer) -> str:
        """Seal who the viewer is, durably; return the secret that makes them the author. Writes no name anywhere."""
        if viewer.person is None or viewer.org is None:
            raise NotAllowed("only a person contributes anonymously", hint="Sign in, or use a key of your own.")
        officers = self.keepers()
        if len(officers) < FEWEST_OFFICERS:
            raise Unavailable("fewer than two hold the office that anonymous contribution needs, for a week or more",
                              hint="Two officers register a key with: fusioncell officer register; each counts after 7 "
                              "days, in which all members see it.")
        secret = self._randomness.bytes(SECRET_BYTES).hex()
        box = boxes.seal_identity(officers, viewer.person, viewer.org, self._randomness)
        with self._vault.write() as connection:
            store.keep_box(connection, pseudonym_of(secret), box)
        return secret

    # -- revealing ---------------------------------------------------------------------------------------------------

    def open_case(self, viewer: Viewer, pseudonym: str, contribution: str, reason: str, basis: str) -> tuple[Case, Box]:
        """Open a case on an author. The case and the audit's line are kept before the box is handed out."""
        me = self._officer(viewer)
        if len(reason.strip()) < 10 or len(basis.strip()) < 3:
            raise BadInput("a reveal needs a reason and a legal basis", hint="Say why, and on what law or warrant.")
        box = self._box(pseudonym)
        case = Case(new_id(self._randomness), pseudonym, contribution, me.person, "", reason.strip()[:1000],
                    basis.strip()[:300], "open", self._clock.now(), None)
        with self._vault.write() as connection:
            store.open_case(connection, case)
        self._audit.note("reveal.opened", actor=actor_of(viewer), subject=contribution, detail=case.reason)
        return case, box

    def hand_shares(self, viewer: Viewer, case_id: str, shares: Mapping[str, bytes]) -> Case:
        """Take the first officer's shares, each sealed to another officer."""
        case, _ = self._case(case_id)
        if self._officer(viewer).person != case.first:
            raise NotAllowed("only the officer who opened the case hands shares")
        officers = {each.person for each in self.officers()} - {case.first}
        kept = {to: share for to, share in shares.items() if to in officers and len(share) < 400}
        if not kept:
            raise BadInput("no share is sealed to another officer")
        with self._vault.write() as connection:
            if not store.hand_shares(connection, case_id, kept):
                raise Conflict("this case has ended")
        self._audit.note("reveal.shared", actor=actor_of(viewer), subject=case.contribution)
        return self._case(case_id)[0]

    def join_case(self, viewer: Viewer, case_id: str) -> tuple[Case, Box, bytes]:
        """Give the second officer the box and the share that the first sealed to them."""
        me = self._officer(viewer)
        case, shares = self._case(case_id)
        if me.person == case.first:
            raise NotAllowed("a reveal takes two officers", hint="Ask another officer to join the case.")
        if me.person not in shares:
            raise Conflict("the first officer has not handed a share to you", hint="Ask them to hand their shares.")
        self._audit.note("reveal.joined", actor=actor_of(viewer), subject=case.contribution)
        return case, self._box(case.pseudonym), shares[me.person]

    def finish_case(self, viewer: Viewer, case_id: str, opened: bytes) -> tuple[Case, str]:
        """Take what the box held, check it, and note it for its author. Returns the case and the person."""
        me = self._officer(viewer)
        case, _ = self._case(case_id)
        if me.person == case.first:
            raise NotAllowed("a reveal takes two officers", hint="The officer who joined the case finishes it.")
        if len(opened) > boxes.PADDED or not boxes.is_of(self._box(case.pseudonym), opened):
            raise BadInput("this is not what the box holds")
        who = msgspec.json.decode(opened, type=boxes.Identity)
        with self._vault.write() as connection:
            if not store.end_case(connection, case_id, "revealed", me.person, who.person, self._clock.now()):
                raise Conflict("this case has ended")
        self._audit.note("reveal.done", actor=actor_of(viewer), subject=case.contribution)
        return self._case(case_id)[0], who.person

    def close_case(self, viewer: Viewer, case_id: str) -> None:
        """End a case without a reveal."""
        me = self._officer(viewer)
        case, _ = self._case(case_id)
        with self._vault.write() as connection:
            if not store.end_case(connection, case_id, "closed", me.person, "", self._clock.now()):
                raise Conflict("this case has ended")
        self._audit.note("reveal.closed", actor=actor_of(viewer), subject=case.contribution)

    def cases(self, viewer: Viewer) -> list[Case]:
        """Return the newest cases, for officers and auditors."""
        if not (viewer.may("unseal") or viewer.may("audit")):
            raise NotAllowed("cases are for officers and auditors")
        with self._vault.read() as connection:
            return store.cases(connection, 200)

    def cases_on(self, pseudonym: str) -> list[Case]:
        """Return the cases on a pseudonym: for whoever holds its secret."""
        with self._vault.read() as connection:
            return store.cases_of_pseudonym(connection, pseudonym)

    def reveals_of(self, person: str) -> list[Case]:
        """Return the cases in which this person was revealed: for that person alone."""
        with self._vault.read() as connection:
            return store.cases_of_person(connection, person)

    def _officer(self, viewer: Viewer) -> Officer:
        for each in self.officers():
            if each.person == viewer.person and viewer.may("unseal"):
                return each
        raise NotAllowed("this is for officers", hint="Register your key first: fusioncell officer register")

    def _box(self, pseudonym: str) -> Box:
        with self._vault.read() as connection:
            box = store.box_of(connection, pseudonym)
        if box is None:
            raise NotFound("nothing is sealed for this contribution", hint="It was not contributed anonymously.")
        return box

    def _case(self, identifier: str) -> tuple[Case, dict[str, bytes]]:
        with self._vault.read() as connection:
            found = store.case_of_id(connection, identifier)
        if found is None:
            raise NotFound("there is no such case")
        return found
