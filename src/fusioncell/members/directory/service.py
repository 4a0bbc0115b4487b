"""The use cases of the directory: what one shows of oneself, who is in it, and 24-hour contacts that are tested.

What is listed is filtered by audience in the query. **Blocking**: all methods touch the databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, audience_for, org, person
from fusioncell.kernel.ports import Database, Mail
from fusioncell.members.admit import admit_email, admit_name
from fusioncell.members.audit import Audit
from fusioncell.members.audit.service import actor_of
from fusioncell.members.directory import confirm, entries, store
from fusioncell.members.directory.model import (
    ASK_AGAIN_AFTER,
    MOST_CONTACTS,
    PAGE,
    Contact,
    Listed,
    PersonListed,
    Profile,
)
from fusioncell.members.entries import NOBODY, Log
from fusioncell.members.model import no_brake
from fusioncell.members.service import Members

PARTNERSHIP = Audience(Tlp.GREEN, frozenset(), Uses.NONE)
"""The audience of what is shown in the directory."""


class Sight(Log, Protocol):
    """What the directory needs of the record: to write, and who may read what."""

    def visible_to(self, viewer: Viewer) -> frozenset[int]:
        """Return the numbers of all audiences that the viewer belongs to."""
        ...


class Rooms(Protocol):
    """What the directory needs of groups."""

    def party_of(self, viewer: Viewer, group_id: str) -> str | None:
        """Return a group that the viewer is in as the party of its current generation."""
        ...

    def current(self, group_id: str) -> str:
        """Return a group as the party of its current generation."""
        ...


class Directory:
    """The front door of the directory. ``base``: the hub's public address, for the links that mails carry."""

    def __init__(self, *, members: Members, circles: Rooms, record: Sight, projections: Database, clock: Clock,
                 randomness: Randomness, key: bytes, audit: Audit | None = None, mail: Mail | None = None,
                 base: str = "", brake: Callable[[str, str], None] = no_brake) -> None:
        self._members, self._circles, self._record, self._projections = members, circles, record, projections
        self._clock, self._randomness, self.key = clock, randomness, key
        self._audit, self._mail, self._base, self._brake = audit, mail, base.rstrip("/"), brake

    # Who is in it

    def organisations(self, viewer: Viewer, query: str = "", *, sector: str = "", kind: str = "",
                      offset: int = 0) -> tuple[list[Listed], int]:
        """Return a page of the organisations and how many there are in all."""
        sight = self._sight(viewer)
        with self._projections.read() as connection:
            return store.organisations(connection, sight, query[:200], sector, kind, PAGE, max(0, offset))

    def organisation(self, viewer: Viewer, org_id: str) -> Listed:
        """Return one organisation, or raise NotFound."""
        sight = self._sight(viewer)
        with self._projections.read() as connection:
            found = store.organisation(connection, sight, org_id)
        if found is None:
            raise NotFound("There is no such organisation.", hint="Look in the directory.")
        return found

    def sectors(self, viewer: Viewer) -> list[str]:
        """Return the sectors that there are."""
        self._sight(viewer)
        with self._projections.read() as connection:
            return store.sectors(connection)

    def people(self, viewer: Viewer, query: str = "", *, sector: str = "", kind: str = "",
               org_id: str = "") -> list[PersonListed]:
        """Return people who chose to be shown: the first of a page's length, or all of one organisation."""
        sight, asked = self._sight(viewer), query[:200].casefold()
        with self._projections.read() as connection:
            found = store.people(connection, sight, sector, kind, org_id)
        # A name stands with its person alone, so that one erasure ends it: there is no folded copy to search.
        said = [one for one in found if asked in f"{one.name} {one.org_name} {one.profile.about} "
                f"{one.profile.expertise}".casefold()]
        return said if org_id else said[:PAGE]

    def called(self, viewer: Viewer, names: Iterable[str]) -> dict[str, str]:
        """Return name, case folded → id of the people of these names who chose to be shown. One query for all."""
        sight, wanted = self._sight(viewer), {name.casefold() for name in names}
        with self._projections.read() as connection:
            listed = store.people(connection, sight) if wanted else []
        found: dict[str, str] = {}
        for one in listed:
            if one.name.casefold() in wanted:
                found.setdefault(one.name.casefold(), one.id)
        return found

    def person(self, viewer: Viewer, person_id: str) -> PersonListed:
        """Return one person who chose to be shown, or raise NotFound."""
        sight = self._sight(viewer)
        with self._projections.read() as connection:
            found = store.people(connection, sight, person_id=person_id) if person_id else []
        if not found:
            raise NotFound("There is no such person in the directory.", hint="They may have chosen not to be shown.")
        return found[0]

    def now(self) -> int:
        """Return the hub's instant, by which contacts are stale or not."""
        return self._clock.now()

    # What one shows

    def own(self, viewer: Viewer) -> tuple[Profile | None, Profile]:
        """Return the viewer's own profile (None for a key) and its organisation's, shown or not."""
        self._sight(viewer)
        subjects = [person(viewer.person) if viewer.person else "", org(viewer.org or "")]
        with self._projections.read() as connection:
            mine, ours = (store.profile_of(connection, subject) or Profile(subject) for subject in subjects)
        return (mine if viewer.person else None), ours

    def show_person(self, viewer: Viewer, *, shown: bool, about: str = "", expertise: str = "", phone: str = "",
                    show_email: bool = False) -> None:
        """Set what a person shows: nothing at all, or name, organisation and what is given here."""
        self._sight(viewer)
        if not viewer.person:
            raise BadInput("An organisation's key is no person.", hint="Sign in as yourself.")
        email = self._members.person(viewer.person).email if show_email else ""
        self._show(viewer, Profile(person(viewer.person), _text(about, "Your role", 120),
                                   _text(expertise, "Your expertise", 300), email, _phone(phone), "", shown))

    def show_organisation(self, viewer: Viewer, *, shown: bool, about: str = "", expertise: str = "", email: str = "",
                          phone: str = "", website: str = "") -> None:
        """Set what the organisation shows beside its name, kind and sector."""
        self._sight(viewer)
        self._show(viewer, Profile(org(viewer.org or ""), _text(about, "What it does", 500),
                                   _text(expertise, "The expertise", 300), admit_email(email) if email.strip() else "",
                                   _phone(phone), _text(website, "The website", 200), shown))

    # Contacts

    def contacts(self, viewer: Viewer, org_id: str = "") -> list[Contact]:
        """Return the contacts that the viewer may read: of one organisation, or all."""
        sight = self._sight(viewer)
        with self._projections.read() as connection:
            return store.contacts(connection, sight, org_id)

    def set_contact(self, viewer: Viewer, *, name: str, phone: str, email: str, languages: str = "", role: str = "",
                    readers: str = "green", contact_id: str = "") -> Contact:
        """Add a contact of one's organisation, or change one. ``readers``: ``green``, or a group that one is in."""
        self._sight(viewer)
        own = viewer.org or ""
        if contact_id:
            self._own_contact(viewer, contact_id)
        elif len(self.contacts(viewer, own)) >= MOST_CONTACTS:
            raise Conflict(f"An organisation has at most {MOST_CONTACTS} contacts.", hint="Remove one.")
        made = entries.ContactSet(
            id=contact_id or new_id(self._randomness), org=own, name=admit_name(name, "The name"),
            role=_text(role, "The role", 100), phone=_phone(phone, needed=True), email=admit_email(email),
            languages=_text(languages, "The languages", 100), readers=readers)
        party = "" if readers == "green" else self._circles.party_of(viewer, readers)
        if party is None:
            raise BadInput("You are not in that group.", hint="Choose the partnership, or a group of yours.",
                           place="readers")
        self._write(made, made.id, _audience(own, party), viewer.person or "")
        self._note("contact.set", viewer, made.id)
        return self._contact(made.id)

    def remove_contact(self, viewer: Viewer, contact_id: str) -> None:
        """Remove a contact of one's organisation."""
        self._own_contact(viewer, contact_id)
        self._write(entries.ContactRemoved(contact=contact_id), contact_id, NOBODY, viewer.person or "")
        self._note("contact.removed", viewer, contact_id)

    def ask_contact(self, viewer: Viewer, contact_id: str) -> None:
        """Ask for a test: a mail with a link, by which the contact confirms. At most once a day."""
        found = self._seen_contact(viewer, contact_id)
        now = self._clock.now()
        if found.asked is not None and now < found.asked + ASK_AGAIN_AFTER:
            raise Conflict("A test was asked within the last day.", hint="Wait for the answer, or call.")
        if self._mail is not None:
            self._brake(viewer.org or "", found.email)
            link = f"{self._base}/contacts/confirm/{confirm.make_token(self.key, found, now)}"
            self._mail.send(found.email, "Test of a 24-hour contact", _TEST.format(
                name=found.name, org=self._members.organisation(found.org).name, link=link), about="contact")
        self._write(entries.ContactAsked(contact=contact_id), contact_id, NOBODY, viewer.person or "")
        self._note("contact.asked", viewer, contact_id)

    def test_of(self, token: str) -> Contact:
        """Return the contact that a link of a test is for, or raise NotFound: for the page that asks to confirm."""
        with self._projections.read() as connection:
            found = store.contact_of_id(connection, confirm.contact_of(token))
        if found is None or not confirm.is_good(self.key, found, token, self._clock.now()):
            raise NotFound("This link confirms nothing any more.", hint="Ask for another test.")
        return found

    def confirm_contact(self, token: str) -> Contact:
        """Take the answer to a test."""
        found = self.test_of(token)
        # One for a group is addressed anew: those who joined since read it from now on.
        party = "" if found.readers == "green" else self._circles.current(found.readers)
        self._write(entries.ContactConfirmed(contact=found.id), found.id, _audience(found.org, party), "")
        if self._audit is not None:
            self._audit.note("contact.confirmed", org=found.org, subject=found.id)
        return self._contact(found.id)

    # Within

    def _sight(self, viewer: Viewer) -> Iterable[int]:
        if not viewer.member:
            raise NotAllowed("the directory is for members", hint="Sign in, or send a key.")
        return self._record.visible_to(viewer)

    def _contact(self, contact_id: str) -> Contact:
        with self._projections.read() as connection:
            found = store.contact_of_id(connection, contact_id)
        if found is None:
            raise NotFound("There is no such contact.", hint="Look at the contacts.")
        return found

    def _seen_contact(self, viewer: Viewer, contact_id: str) -> Contact:
        found = next((one for one in self.contacts(viewer) if one.id == contact_id), None)
        if found is None:
            raise NotFound("There is no such contact.", hint="Look at the contacts.")
        return found

    def _own_contact(self, viewer: Viewer, contact_id: str) -> Contact:
        found = self._seen_contact(viewer, contact_id)
        if found.org != viewer.org:
            raise NotAllowed("This contact is another organisation's.", hint="Change your own.")
        return found

    def _show(self, viewer: Viewer, said: Profile) -> None:
        change = entries.ProfileSet(subject=said.subject, about=said.about, expertise=said.expertise, email=said.email,
                                    phone=said.phone, website=said.website, shown=said.shown)
        self._write(change, said.subject.partition(":")[2], PARTNERSHIP if said.shown else NOBODY, viewer.person or "")
        self._note("profile.shown" if said.shown else "profile.hidden", viewer, said.subject)

    def _write(self, change: entries.Change, subject: str, audience: Audience, author: str) -> None:
        self._members.keep([entries.draft_of(change, subject, self._record.intern_audience(audience), author)])

    def _note(self, action: str, viewer: Viewer, subject: str) -> None:
        if self._audit is not None:
            self._audit.note(action, org=viewer.org or "", actor=actor_of(viewer), subject=subject)


_TEST = """Dear {name},

you are a 24-hour contact of {org}. This is a test of whether you are reached.

Open this link and confirm; it holds for seven days:
{link}
"""


def _audience(own: str, party: str) -> Audience:
    if not party:
        return PARTNERSHIP
    return audience_for(Tlp.AMBER_STRICT, own_org=own, groups=(party,), uses=Uses.NONE)


def _phone(text: str, *, needed: bool = False) -> str:
    number = " ".join(text.split())
    if not number and not needed:
        return ""
    if not 5 <= len(number) <= 40 or not all(sign.isdigit() or sign in "+()-./ x" for sign in number):
        raise BadInput(f"{text[:40]!r} is no telephone number", hint="Write it as +44 20 7946 0000.", place="phone")
    return number


def _text(text: str, what: str, longest: int) -> str:
    return admit_name(text, what, longest) if text.strip() else ""
