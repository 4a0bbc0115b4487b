"""The use cases of accounts: a lead's people, suspension, and the rule of idle accounts.

**Blocking**, like the membership's: call from a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, Clock, format_day
from fusioncell.kernel.errors import Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Viewer, org, person
from fusioncell.kernel.ports import Database, Mail
from fusioncell.members.accounts import entries, store
from fusioncell.members.accounts.model import IDLE, LEAD_GIVES, REMOVED, Idle, IdleRule, Step, Suspension
from fusioncell.members.accounts.weigh import check_reach, check_roles, no_such_person, roles_to_give, step_of
from fusioncell.members.audit import Audit, author_of, check_decider
from fusioncell.members.entries import NOBODY, Log
from fusioncell.members.joining.model import Sponsored
from fusioncell.members.joining.service import Joining
from fusioncell.members.model import Organisation, Person, Secret, no_brake, roles_named
from fusioncell.members.service import Members


@dataclass(frozen=True, slots=True)
class Post:
    """By which mail goes out: the outbox, and the hub's public address for links ("" for none).

    ``brake(organisation, address)`` counts an invitation, and raises TooManyMails over the day's bounds.
    """

    mail: Mail
    site: str
    brake: Callable[[str, str], None] = no_brake


class Accounts:
    """The front door of accounts. Every method of it asks whether the viewer may."""

    def __init__(self, *, members: Members, joining: Joining, audit: Audit, record: Log, vault: Database,
                 projections: Database, clock: Clock, rule: IdleRule = IdleRule(),  # noqa: B008 - a frozen value
                 post: Post | None = None) -> None:
        self._members, self._joining, self._audit, self._record = members, joining, audit, record
        self._vault, self._projections, self._clock = vault, projections, clock
        self.rule, self._post = rule, post

    # People

    def people(self, org_id: str) -> list[tuple[Person, str]]:
        """Return an organisation's people, each with the reason of their suspension ("" for none, or none given)."""
        with self._projections.read() as connection:
            reasons = {party: reason for party, reason, _ in store.suspensions(connection)}
        return [(who, reasons.get(person(who.id), "")) for who in self._members.people_of(org_id)]

    def may_give(self, viewer: Viewer) -> tuple[str, ...]:
        """Return the roles that the viewer may give."""
        return roles_to_give(viewer)

    def invite(self, viewer: Viewer, org_id: str, name: str, email: str, roles: Iterable[str]) -> tuple[Person, Secret]:
        """Add a person and make their one-time link, which is shown this once (and sent, where mail goes out)."""
        given = roles_named(roles)
        self._check_roles(viewer, given)
        if org_id != viewer.org and not viewer.may("administer_members"):
            raise NotAllowed("You add people to your own organisation.", hint="Ask an administrator for others.")
        self._brake(viewer, email)
        author = author_of(viewer)
        someone = self._members.add_person(org_id, name, email, given, author=author)
        return someone, self._link(someone, author)

    def give_roles(self, viewer: Viewer, person_id: str, roles: Iterable[str]) -> Person:
        """Set a person's roles; what they lose, their sessions and keys lose at once."""
        given = roles_named(roles)
        someone = self._someone(person_id)
        check_reach(viewer, someone)
        self._check_roles(viewer, given, someone.roles)
        return self._members.give_roles(person_id, given, author=author_of(viewer))

    def give_address(self, viewer: Viewer, person_id: str, email: str) -> Person:
        """Set a person's e-mail address; they sign in by it from now on. Conflict where it is taken."""
        check_reach(viewer, self._someone(person_id))
        return self._members.give_address(person_id, email, author=author_of(viewer))

    def remove(self, viewer: Viewer, person_id: str) -> None:
        """Remove a person: sessions, keys, passkeys and password end, and nothing opens any more."""
        someone = self._someone(person_id)
        check_reach(viewer, someone)
        self._end(someone, REMOVED, author_of(viewer))

    def reinstate(self, viewer: Viewer, person_id: str) -> Secret:
        """Take back a removal and return the person's new one-time link. What an administrator suspended stays."""
        someone = self._someone(person_id)
        check_reach(viewer, someone)
        with self._projections.read() as connection:
            reasons = {party: reason for party, reason, _ in store.suspensions(connection)}
        reason = reasons.get(person(person_id))
        if reason is None:
            raise Conflict("This person is not removed.", hint="Send a new link instead.")
        if reason not in (REMOVED, IDLE) and not viewer.may("administer_members"):
            raise NotAllowed("An administrator suspended this person.", hint="Ask an administrator.")
        self._brake(viewer, someone.email)
        author = author_of(viewer)
        self._start_anew(someone, author)
        self._members.suspend(person(person_id), suspended=False, author=author)
        return self._link(someone, author)

    def link(self, viewer: Viewer, person_id: str) -> Secret:
        """Make a new one-time link for a person who has not come in yet, or has lost all else."""
        someone = self._someone(person_id)
        check_reach(viewer, someone)
        if someone.suspended:
            raise Conflict("This person is removed or suspended.", hint="Reinstate them first.")
        if not set(someone.roles) <= set(LEAD_GIVES):
            check_decider(viewer)  # Whoever makes a link could come in by it, and decide.
        self._brake(viewer, someone.email)
        return self._link(someone, author_of(viewer))

    # Suspension

    def suspend(self, viewer: Viewer, party: str, reason: str) -> list[Sponsored]:
        """Suspend an organisation or a person; return all whom it stood for, the nearest first."""
        if not viewer.may("administer_members"):
            raise NotAllowed("Administrators suspend members.", hint="Ask an administrator.")
        check_decider(viewer)
        if party in (org(viewer.org or "-"), person(viewer.person or "-")):
            raise Conflict("Nobody suspends themselves or their own organisation.", hint="Ask another administrator.")
        if not reason.strip():
            raise Conflict("A suspension has a reason.", hint="Say in a few words why.")
        with self._projections.read() as connection:
            known = {held: why for held, why, _ in store.suspensions(connection)}.get(party)
        if known is not None and known not in (REMOVED, IDLE):
            raise Conflict("This party is suspended already.", hint="Look at the list of suspensions.")
        if known is not None:
            # What a lead could take back becomes what an administrator must; no credential of theirs is left.
            self._members.suspend(party, suspended=False, author=author_of(viewer))
        self._members.suspend(party, reason, author=author_of(viewer))
        return self.stood_for(party)

    def unsuspend(self, viewer: Viewer, party: str) -> None:
        """Take a suspension back. Sessions stay ended."""
        if not viewer.may("administer_members"):
            raise NotAllowed("Administrators reinstate members.", hint="Ask an administrator.")
        check_decider(viewer)
        kind, _, identifier = party.partition(":")
        if kind == "person":
            self._start_anew(self._members.person(identifier), author_of(viewer))
        self._members.suspend(party, suspended=False, author=author_of(viewer))

    def suspended(self) -> list[Suspension]:
        """Return all suspended parties, the newest first, each with all whom it stood for."""
        with self._projections.read() as connection:
            found = store.suspensions(connection)
        listed = []
        for party, reason, since in found:
            kind, _, identifier = party.partition(":")
            try:
                known: Organisation | Person = (
                    self._members.organisation(identifier) if kind == "org" else self._members.person(identifier))
            except NotFound:
                continue  # An erased person.
            concerned = known.id if isinstance(known, Organisation) else known.org
            listed.append(Suspension(party, known.name, concerned, reason, since, tuple(self.stood_for(party))))
        return listed

    def stood_for(self, party: str) -> list[Sponsored]:
        """Return all whom a party stood for, transitively, the nearest first."""
        kind, _, identifier = party.partition(":")
        if kind == "org":
            return self._joining.sponsored_by(identifier)
        return self._joining.sponsored_by_person(identifier)

    # Idle accounts

    def idle(self) -> list[Idle]:
        """Return everybody whose account is idle, and those whom the rule removed, the longest unused first."""
        now = self._clock.now()
        with self._projections.read() as connection:
            told = store.noticed(connection)
            reasons = {party: (reason, since) for party, reason, since in store.suspensions(connection)}
        with self._vault.read() as connection:
            used = store.last_days(connection)
        found = []
        for organisation in self._members.organisations():
            for who in [] if organisation.suspended else self._members.people_of(organisation.id):
                noticed, since = told.get(who.id, (0, 0))
                last = max(used.get(who.id, 0), who.created, since)
                reason, removed = reasons.get(person(who.id), ("", 0))
                step, due = (Step.REMOVED, removed) if who.suspended else step_of(last, noticed, now, self.rule)
                if step is Step.ACTIVE or (step is Step.REMOVED and reason != IDLE):
                    continue
                found.append(Idle(who, last, who.id in used, noticed, step, due))
        return sorted(found, key=lambda one: (one.last, one.person.id))

    def run_idle(self) -> list[Idle]:
        """Take each due step: tell whom the notice is due, remove whose grace is over. Returns whom that was."""
        done = []
        for one in self.idle():
            if one.step is Step.NOTICE_DUE:
                self._tell(one)
            elif one.step is Step.REMOVAL_DUE:
                self._end(one.person, IDLE, "")
                self._audit.note("idle.removed", org=one.person.org, subject=one.person.id)
            else:
                continue
            done.append(one)
        return done

    # Within

    def _tell(self, one: Idle) -> None:
        now = self._clock.now()
        self._keep(entries.IdleTold(person=one.person.id, told=True), "")
        self._audit.note("idle.noticed", org=one.person.org, subject=one.person.id,
                         detail=f"last used {format_day(one.last)}" if one.used else "never used")
        if self._post is not None:
            self._post.mail.send(
                one.person.email, "Your account is about to be removed",
                _NOTICE.format(days=(now - one.last) // DAY, until=format_day(now + self.rule.grace),
                               site=self._post.site or "the hub's address"),
                about="idle", once=f"idle:{one.person.id}:{format_day(now)}")

    def _start_anew(self, someone: Person, author: str) -> None:
        self._keep(entries.IdleTold(person=someone.id, told=False), author)

    def _keep(self, change: entries.IdleTold, author: str) -> None:
        self._members.keep([entries.draft_of(change, change.person, self._record.intern_audience(NOBODY), author)])

    def _end(self, someone: Person, reason: str, author: str) -> None:
        """Suspend a person and end all by which they could come in."""
        self._members.suspend(person(someone.id), reason, author=author)
        with self._vault.write() as connection:
            store.end_credentials(connection, someone.id, self._clock.now())
        self._members.forget()

    def _someone(self, person_id: str) -> Person:
        """Return a person; NotFound as for one of another organisation, of whom a lead does not learn."""
        found = self._members.person_known(person_id)
        if found is None:
            raise no_such_person()
        return found

    def _check_roles(self, viewer: Viewer, given: tuple[str, ...], before: tuple[str, ...] = ()) -> None:
        """Raise NotAllowed where the viewer may not give these; an office is given and taken by a person alone."""
        check_roles(viewer, given)
        if not {*given, *before} <= set(LEAD_GIVES):
            check_decider(viewer)

    def _brake(self, viewer: Viewer, email: str) -> None:
        if self._post is not None:
            self._post.brake(viewer.org or "", email)

    def _link(self, someone: Person, author: str) -> Secret:
        made = self._members.make_link(someone.id, author=author)
        if self._post is not None and self._post.site:
            self._post.mail.send(
                someone.email, "Your invitation",
                _INVITATION.format(org=self._members.organisation(someone.org).name,
                                   link=f"{self._post.site}/sign-in/link/{made.reveal()}"),
                about="invitation")
        return made


_INVITATION = """You are invited to use the partnership's hub for {org}.

Sign in with this link. It works once, within seven days:

{link}
"""

_NOTICE = """You have not used your account on the partnership's hub for {days} days.

Unused accounts are removed. Yours will be on {until}, unless you sign in before then:

{site}
"""
