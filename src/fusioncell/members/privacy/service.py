"""Use cases of privacy: hand over what is held on a person, erase it, keep it from erasure for a case.

**Blocking**: all methods touch the databases; call them in a worker thread.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, Clock, Instant, format_day, format_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members.admit import admit_name
from fusioncell.members.audit import Audit
from fusioncell.members.audit.service import actor_of
from fusioncell.members.entries import NOBODY
from fusioncell.members.model import GUEST, Person
from fusioncell.members.privacy import find, store
from fusioncell.members.privacy.entries import Change, HoldLifted, HoldPlaced, PersonErased, draft_of
from fusioncell.members.privacy.model import (
    ELSEWHERE,
    FRESH_SESSION,
    LONGEST_HOLD,
    SCOPES,
    Data,
    Erased,
    Hold,
    Room,
    StillHeld,
)
from fusioncell.members.service import Members
from fusioncell.record.service import Record

_CONTRIBUTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Contributions = Callable[[Person], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Purge:
    """What erasure needs of those who join the rooms.

    ``rooms``: all that hold something on people, beside the membership. ``posts_of``, ``withdraw``: a person's posts,
    as contributions, and their withdrawal. ``forget_address``: deletes the mails to one. ``scrub``: lets the databases
    overwrite what was deleted.
    """

    rooms: Sequence[Room]
    posts_of: Contributions
    withdraw: Contributions
    forget_address: Callable[[str], None]
    scrub: Callable[[], object]


class Privacy:
    """The front door of the package. ``keep_refused``: µs for which applications that came to nothing are kept."""

    def __init__(self, *, members: Members, audit: Audit, record: Record, vault: Database, projections: Database,
                 clock: Clock, randomness: Randomness, purge: Purge, keep_refused: int) -> None:
        self._members, self._audit, self._record = members, audit, record
        self._vault, self._projections, self._clock, self._randomness = vault, projections, clock, randomness
        self._purge, self._keep_refused = purge, keep_refused
        self._changing = threading.Lock()

    # Export

    def export(self, viewer: Viewer, person_id: str) -> Data:
        """Return all that is held on a person: to themselves, or to an administrator for a request.

        Of what has an audience it holds what the viewer may see. What a person keeps for themselves alone is counted to
        an administrator, not shown.
        """
        if person_id != viewer.person and not viewer.may("administer_members"):
            raise NotFound("There is no such person.", hint="Your own data is at /account/data.")
        who, own = self._members.person(person_id), person_id == viewer.person
        sight = self._record.visible_to(viewer)
        with self._projections.read() as projections, self._vault.read() as vault:
            found: Data = {"membership": store.held_on(projections, vault, who)}
        for room in self._purge.rooms:
            held = room.held_on(who, sight)
            found[room.name] = held if own or not room.private else _counted(held)
        if not own:
            self._audit.note("data.exported", org=who.org, actor=actor_of(viewer), subject=person_id)
        return {"of": person_id, "at": format_instant(self._clock.now()), "not_here": list(ELSEWHERE), "held": found}

    # Erasure

    def erase(self, viewer: Viewer, person_id: str, *, posts: bool = False, session: str = "") -> Erased:
        """Erase a person: by an administrator, or by themselves in a ``session`` (its public id) that is fresh.

        1. A hold, or being the last who can do what must be done, refuses it.
        2. Their posts are withdrawn, where that is asked; else they stay as a former member's.
        3. The rooms delete what they keep in the vault.
        4. The entry ``member.erased`` purges the projections; what it names loses its payload in the record.
        """
        if person_id != viewer.person and not viewer.may("administer_members"):
            raise NotFound("There is no such person.", hint="Ask an administrator to erase somebody else.")
        if person_id == viewer.person:
            self._check_fresh(person_id, session)
        who = self._members.person(person_id)
        with self._changing:
            self._check_held([who.id, who.org, *(self._purge.posts_of(who) if posts else ())])
            self._check_last(who)
            withdrawn = tuple(self._purge.withdraw(who)) if posts else ()
            guest = self._members.organisation(who.org).kind == GUEST
            found = find.of_person(list(self._record.read_kinds("", ("member.", "hold."))), who, guest=guest)
            self._forget(who)
            done = self._erase(found, actor_of(viewer), who, withdrawn)
            # What came in between the two, as a session, opens nothing: there is nobody whose it is.
            self._forget(who)
        self._audit.note("person.erased", org=who.org, actor="" if person_id == viewer.person else actor_of(viewer),
                         subject=done.id, detail="with posts" if posts else "")
        self._purge.scrub()
        return done

    def erase_application(self, viewer: Viewer, application: str) -> Erased:
        """Erase an application that came to nothing, or of which the person is gone already."""
        if not viewer.may("administer_members"):
            raise NotAllowed("Administrators erase applications.", hint="Ask an administrator.")
        with self._projections.read() as connection:
            state = store.application_standing(connection, application)
        if state is None:
            raise NotFound("There is no such application.", hint="List the applications.")
        done = self._erase_application(application, actor_of(viewer))
        self._purge.scrub()
        return done

    def tidy(self) -> None:
        """Erase applications past their retention; finish erasures that a stop cut short. Call it daily."""
        with self._projections.read() as connection:
            over = store.ended_applications(connection, self._clock.now() - self._keep_refused)
            erasures = store.erasures(connection)
        for application in over:
            self._erase_application(application, "")
        left = [entry.seq for seqs, _ in erasures for entry in self._record.read_many(seqs) if entry.payload]
        for seq in left:
            self._record.erase(seq)
        if over or left:
            self._purge.scrub()

    def erase_withdrawn(self) -> int:
        """Take the text of posts that were withdrawn with their author's erasure out of the record; return how many.

        Only before a rebuild: the ids of observables follow from what was first, so standing projections would differ.
        """
        with self._projections.read() as connection:
            contributions = [each for _, those in store.erasures(connection) for each in those]
        count = 0
        for contribution in contributions:
            commit = self._record.commit_of(contribution)
            if commit is None:
                continue
            for entry in self._record.read_many(range(commit.first_seq, commit.last_seq + 1)):
                count += entry.payload is not None and self._record.erase(entry.seq)
        return count

    def what_is_lost(self, person_id: str) -> tuple[Person, int, Instant]:
        """Return who would be erased, how many contributions their posts are, and until when that is refused (0)."""
        who = self._members.person(person_id)
        return who, len(self._purge.posts_of(who)), self._held_until([who.id, who.org])

    # Holds

    def now(self) -> Instant:
        """Return the instant by which holds last."""
        return self._clock.now()

    def holds(self, viewer: Viewer) -> list[Hold]:
        """Return all holds, the newest first: for officers and auditors."""
        if not (viewer.may("hold") or viewer.may("audit")):
            raise NotAllowed("Holds are for officers and auditors.", hint="Ask an officer.")
        with self._projections.read() as connection:
            return store.holds(connection)

    def place_hold(self, viewer: Viewer, scope: str, target: str, case: str, basis: str, days: int) -> Hold:
        """Keep data from erasure: a person's, all of an organisation's people's, or a contribution's payload."""
        officer = self._officer(viewer)
        if scope not in SCOPES:
            raise BadInput(f"{scope[:20]!r} is no scope", hint=f"Use one of: {', '.join(SCOPES)}.", place="scope")
        if not 1 <= days <= LONGEST_HOLD // DAY:
            raise BadInput(f"A hold lasts 1 to {LONGEST_HOLD // DAY} days.", hint="Place another when it ends.",
                           place="days")
        change = HoldPlaced(
            id=new_id(self._randomness), scope=scope, target=self._target(scope, target.strip()),
            case=admit_name(case, "The case"), basis=admit_name(basis, "The legal basis", 500), officer=officer,
            until=self._clock.now() + days * DAY)
        with self._changing:
            self._keep(change, officer)
        self._audit.note("hold.placed", actor=actor_of(viewer), subject=change.id, detail=scope)
        return self._hold(change.id)

    def lift_hold(self, viewer: Viewer, hold: str) -> Hold:
        """End a hold before its time."""
        officer = self._officer(viewer)
        if not self._hold(hold).lasts(self._clock.now()):
            raise Conflict("This hold has ended.", hint="Nothing is to be done.")
        self._keep(HoldLifted(id=hold, officer=officer), officer)
        self._audit.note("hold.lifted", actor=actor_of(viewer), subject=hold)
        return self._hold(hold)

    # Within

    def _officer(self, viewer: Viewer) -> str:
        if not viewer.may("hold") or viewer.person is None:
            raise NotAllowed("Holds are placed and lifted by an officer in person.", hint="Ask an officer.")
        return viewer.person

    def _target(self, scope: str, text: str) -> str:
        if scope == "organisation":
            return self._members.organisation_called(text).id
        if scope == "person":
            someone = self._members.person_of_email(text) if "@" in text else None
            return someone.id if someone else self._members.person(text).id
        # Whether there is such a contribution is not looked up: an officer need not be among its readers.
        if not _CONTRIBUTION.fullmatch(text):
            raise BadInput("that is no id of a contribution", hint="Give its id, as it stands in its address.",
                           place="target")
        return text

    def _hold(self, identifier: str) -> Hold:
        with self._projections.read() as connection:
            found = store.hold_of_id(connection, identifier)
        if found is None:
            raise NotFound("There is no such hold.", hint="List the holds.")
        return found

    def _held_until(self, targets: Sequence[str]) -> Instant:
        with self._projections.read() as connection:
            return store.held_until(connection, targets, self._clock.now())

    def _check_held(self, targets: Sequence[str]) -> None:
        until = self._held_until(targets)
        if until:
            raise StillHeld(f"This is held until {format_day(until)} and cannot be erased before.",
                            hint="Ask again then. An officer can tell whether it may end earlier.")

    def _check_fresh(self, person_id: str, session: str) -> None:
        if not self._members.is_fresh(session, person_id, FRESH_SESSION):
            raise NotAllowed("Erasing yourself asks that you have just signed in.",
                             hint="Sign out, sign in again, and come back within ten minutes.")

    def _check_last(self, who: Person) -> None:
        """Refuse to erase the last who can administer the hub, or the last lead of an organisation with others."""
        with self._projections.read() as connection:
            for role, org in (("administrator", ""), ("lead", who.org)):
                alone = role in who.roles and not store.count_with_role(connection, role, who.id, org)
                if alone and (not org or store.count_others(connection, org, who.id)):
                    raise Conflict(f"This is the last {role}.", hint=f"Give somebody else the role {role} first.")

    def _forget(self, who: Person) -> None:
        for room in self._purge.rooms:
            room.forget(who)
        self._purge.forget_address(who.email)
        with self._vault.write() as connection:
            store.forget(connection, who)

    def _erase_application(self, application: str, author: str) -> Erased:
        with self._changing:
            entries = list(self._record.read_kinds("", ("member.",)))
            found = find.of_application(entries, application)
            address = find.address_in(entries, application)
            if address and self._members.person_of_email(address) is None:
                self._purge.forget_address(address)
            done = self._erase(found, author)
        self._audit.note("application.erased", actor=author, subject=done.id)
        return done

    def _erase(self, found: find.Found, author: str, who: Person | None = None,
               withdrawn: tuple[str, ...] = ()) -> Erased:
        change = PersonErased(
            id=new_id(self._randomness), person=who.id if who else "", org=who.org if who else "",
            seqs=tuple(found.seqs), contacts=tuple(sorted(found.contacts)),
            applications=tuple(sorted(found.applications)), askings=tuple(sorted(found.askings)),
            contributions=withdrawn)
        self._keep(change, author.removeprefix("person:"))
        for seq in found.seqs:
            self._record.erase(seq)
        return Erased(change.id, self._clock.now(), len(found.seqs), withdrawn)

    def _keep(self, change: Change, author: str) -> None:
        self._members.keep([draft_of(change, change.id, self._record.intern_audience(NOBODY), author)])


def _counted(held: Data) -> Data:
    """Return how much there is of each section instead of what."""
    return {section: {"count": len(rows) if isinstance(rows, list) else 1, "shown": "to the person alone"}
            for section, rows in held.items()}
