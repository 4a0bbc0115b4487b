"""The use cases of joining: apply, stand for an applicant, vet, accept the terms.

**Blocking**, like the membership's: call from a worker thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable

from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database, Mail
from fusioncell.members import mint
from fusioncell.members.audit import Audit, check_decider
from fusioncell.members.audit.service import actor_of
from fusioncell.members.entries import NOBODY, Log, OrganisationAdded, PersonAdded
from fusioncell.members.joining import decide, entries, store
from fusioncell.members.joining.check_form import admit_words
from fusioncell.members.joining.model import (
    MOST_A_DAY,
    MOST_WAITING,
    Application,
    Filled,
    PublicState,
    Sponsored,
    State,
    TooManyApplications,
)
from fusioncell.members.joining.terms import TERMS
from fusioncell.members.model import Organisation, Person, Secret, TooManyAttempts, permissions_of
from fusioncell.members.service import Members

_GONE = "There is no such application."


class Joining:
    """The front door of joining.

    ``brake(address)`` counts an application of a machine and raises TooManyAttempts where it must wait. ``mail`` and
    ``site`` (the hub's public address): for the invitation, which goes out by mail where both are known.
    """

    def __init__(self, *, members: Members, audit: Audit, record: Log, projections: Database, clock: Clock,
                 randomness: Randomness, brake: Callable[[str], None], mail: Mail | None = None,
                 site: str = "") -> None:
        self._members, self._audit, self._record = members, audit, record
        self._projections, self._clock, self._randomness = projections, clock, randomness
        self._brake, self._mail, self._site = brake, mail, site.rstrip("/")
        self._deciding = threading.Lock()

    # The applicant

    def apply(self, filled: Filled, address: str) -> Secret:
        """Take an application in; return its reference code, which is kept as a hash and shown this once.

        The answer is the same whether the sponsor exists or not: what is bounded is counted by the sponsor's name as it
        was typed. TooManyApplications over the bounds of an address or of a sponsor.
        """
        try:
            self._brake(address)
        except TooManyAttempts as fault:
            raise TooManyApplications(fault.wait) from None
        now = self._clock.now()
        with self._projections.read() as connection:
            waiting, today = store.count_waiting(connection, decide.sponsor_named(filled.sponsor), now)
        if waiting >= MOST_WAITING or today >= MOST_A_DAY:
            raise TooManyApplications(
                DAY // 1_000_000, "Too many applications that name this sponsor wait for an answer.",
                "Ask your sponsor to answer those that wait, then try again tomorrow.")
        _, code = mint.mint(self._randomness)
        someone = self._members.person_of_email(filled.sponsor)
        sponsor = decide.sponsor_org(
            self._members.organisation_named(filled.sponsor), someone,
            self._members.organisation(someone.org) if someone else None, filled.name)
        change = entries.Applied(
            id=new_id(self._randomness), mark=_mark(code.reveal()), name=filled.name, sector=filled.sector,
            kind=filled.kind, applicant=filled.applicant, email=filled.email, why=filled.why, sponsor=filled.sponsor,
            sponsor_org=sponsor)
        self._write(change, change.id)
        self._audit.note("application.made", org=sponsor, subject=change.id, detail=filled.name)
        return code

    def state_of(self, code: str) -> PublicState:
        """Return what the holder of a reference code may know, or raise NotFound."""
        with self._projections.read() as connection:
            found = store.application_of_mark(connection, _mark(code)) if mint.public_id(code) else None
        if found is None:
            raise NotFound("There is no application with this code.", hint="Check the code that you were given.")
        return decide.public_state(found, self._clock.now())

    # The sponsor

    def asked(self, viewer: Viewer) -> list[Application]:
        """Return the applications that name the viewer's organisation as their sponsor, the newest first."""
        if not viewer.org:
            return []
        with self._projections.read() as connection:
            found = store.applications_for(connection, viewer.org)
        return [decide.as_of(one, self._clock.now()) for one in found]

    def stand(self, viewer: Viewer, application_id: str, statement: str, *, confirmed: bool = True) -> Application:
        """Stand for an applicant with a statement, or decline. Only a person of the organisation that was named."""
        if not (viewer.person and viewer.org and viewer.may("sponsor")):
            raise NotAllowed("A person stands for an applicant, by name.", hint="Sign in as yourself.")
        words = admit_words(statement, "The statement", shortest=10 if confirmed else 0)
        with self._deciding:
            one = self._application(application_id)
            if one.sponsor_org != viewer.org:
                raise NotFound(_GONE, hint="Look at those that name your organisation.")
            if one.state is not State.ASKED:
                raise Conflict(f"This application is {one.state.value} already.", hint="Nothing is left to do.")
            if self._is_own(one, viewer.person):
                raise NotAllowed("Nobody stands for their own application.", hint="Ask another member.")
            change = entries.Stood(application=one.id, org=viewer.org, person=viewer.person, confirmed=confirmed,
                                   statement=words)
            self._write(change, one.id, viewer.person)
        self._audit.note("application.sponsored" if confirmed else "application.declined", org=viewer.org,
                         actor=actor_of(viewer), subject=one.id, detail=one.filled.name)
        return self._application(application_id)

    # The vetter

    def applications(self, states: Iterable[State] = State) -> list[Application]:
        """Return applications that are in these states now, the newest first."""
        wanted = frozenset(states)
        with self._projections.read() as connection:
            found = store.applications(connection, [state.value for state in State])
        known = [decide.as_of(one, self._clock.now()) for one in found]
        return [one for one in known if one.state in wanted]

    def application(self, application_id: str) -> Application:
        """Return one application, or raise NotFound."""
        return self._application(application_id)

    def accept(self, viewer: Viewer, application_id: str, reason: str) -> tuple[Application, Secret]:
        """Accept: the organisation and its lead come into being. Returns the lead's one-time link, shown this once."""
        words = admit_words(reason, "The reason", shortest=3)
        with self._deciding:
            one = self._to_decide(viewer, application_id)
            if one.state is not State.SPONSORED:
                raise Conflict("No sponsor has stood for this application.", hint="Wait for the sponsor, or refuse it.")
            decide.check_sponsor(one, self._organisation(one.sponsor_org), self._person(one.sponsor_person))
            filled = one.filled
            organisation = OrganisationAdded(id=new_id(self._randomness), name=filled.name, sector=filled.sector,
                                             kind=filled.kind, bound=False)
            lead = PersonAdded(id=new_id(self._randomness), org=organisation.id, name=filled.applicant,
                               email=filled.email, roles=("lead",))
            change = entries.Vetted(
                application=one.id, vetter=viewer.person or "", accepted=True, reason=words,
                sponsor_org=one.sponsor_org, sponsor_person=one.sponsor_person, organisation=organisation.id,
                lead=lead.id)
            draft = entries.draft_of(change, one.id, self._record.intern_audience(NOBODY), viewer.person or "")
            self._members.admit(organisation, lead, [draft])
        for action, subject in (("application.accepted", one.id), ("organisation.added", organisation.id),
                                ("person.added", lead.id)):
            self._audit.note(action, org=organisation.id, actor=actor_of(viewer), subject=subject, detail=filled.name)
        link = self._members.make_link(lead.id, author=viewer.person or "")
        self._invite(filled.email, filled.name, link)
        return self._application(application_id), link

    def refuse(self, viewer: Viewer, application_id: str, reason: str) -> Application:
        """Refuse, with a reason that the applicant reads."""
        words = admit_words(reason, "The reason", shortest=3)
        with self._deciding:
            one = self._to_decide(viewer, application_id)
            if one.state in (State.ACCEPTED, State.REFUSED):
                raise Conflict(f"This application is {one.state.value} already.", hint="Nothing is left to do.")
            change = entries.Vetted(application=one.id, vetter=viewer.person or "", accepted=False, reason=words,
                                    sponsor_org=one.sponsor_org, sponsor_person=one.sponsor_person)
            self._write(change, one.id, viewer.person or "")
        self._audit.note("application.refused", org=one.sponsor_org, actor=actor_of(viewer), subject=one.id,
                         detail=one.filled.name)
        return self._application(application_id)

    # The terms

    def accept_terms(self, viewer: Viewer, version: str) -> None:
        """Bind the viewer's organisation to the newest terms; ``version`` says which were read. By a lead alone."""
        if not (viewer.person and viewer.org and viewer.may("lead")):
            raise NotAllowed("A person who may bind your organisation accepts the terms.",
                             hint="Ask a colleague with the role lead.")
        if version != TERMS[-1].version:
            raise BadInput("These are not the newest terms.", hint="Load the page again and read them.")
        if not any(known == version for known, _, _ in self.terms_of(viewer.org)):
            self._write(entries.TermsAccepted(org=viewer.org, person=viewer.person, version=version), viewer.org,
                        viewer.person)
            self._audit.note("terms.accepted", org=viewer.org, actor=actor_of(viewer), subject=viewer.org,
                             detail=version)

    def terms_of(self, org_id: str) -> list[tuple[str, str, int]]:
        """Return (version, person, instant) of what an organisation accepted, the newest first."""
        with self._projections.read() as connection:
            return store.terms_of(connection, org_id)

    # Who stood for whom

    def sponsored_by(self, org_id: str) -> list[Sponsored]:
        """Return all whom an organisation stood for, and whom those stood for, and so on, the nearest first."""
        with self._projections.read() as connection:
            known = store.sponsorships(connection)
        parties: dict[str, list[Sponsored]] = {}
        for one in known:
            parties.setdefault(one.sponsor_org, []).append(one)
        return decide.sponsored_by(parties, org_id)

    def sponsored_by_person(self, person_id: str) -> list[Sponsored]:
        """Return those for whom a person stood, and whom those stood for, and so on, the nearest first."""
        with self._projections.read() as connection:
            known = store.sponsorships(connection)
        parties: dict[str, list[Sponsored]] = {"": [one for one in known if one.sponsor_person == person_id]}
        for one in known:
            parties.setdefault(one.sponsor_org, []).append(one)
        return decide.sponsored_by(parties, "")

    def sponsorships(self) -> list[Sponsored]:
        """Return who stood for whom, the earliest first."""
        with self._projections.read() as connection:
            return store.sponsorships(connection)

    # Within

    def _to_decide(self, viewer: Viewer, application_id: str) -> Application:
        check_decider(viewer)
        one = self._application(application_id)
        decide.check_vetter(one, viewer.org or "", viewer.person or "", self._who_may_vet())
        return one

    def _who_may_vet(self) -> set[str]:
        """Return the organisations in good standing of which a person may vet."""
        return {
            each.id for each in self._members.organisations() if not each.suspended and each.bound
            and any(not who.suspended and "vet" in permissions_of(who.roles)
                    for who in self._members.people_of(each.id))
        }

    def _application(self, application_id: str) -> Application:
        with self._projections.read() as connection:
            found = store.application_of_id(connection, application_id)
        if found is None:
            raise NotFound(_GONE, hint="List the applications.")
        return decide.as_of(found, self._clock.now())

    def _is_own(self, one: Application, person_id: str) -> bool:
        return self._members.person(person_id).email == one.filled.email

    def _organisation(self, org_id: str) -> Organisation | None:
        try:
            return self._members.organisation(org_id)
        except NotFound:
            return None

    def _person(self, person_id: str) -> Person | None:
        try:
            return self._members.person(person_id)
        except NotFound:
            return None

    def _invite(self, to: str, name: str, link: Secret) -> None:
        if self._mail is None or not self._site:
            return
        self._mail.send(to, "Your organisation was accepted", _INVITATION.format(
            name=name, link=f"{self._site}/sign-in/link/{link.reveal()}"), about="invitation")

    def _write(self, change: entries.Change, subject: str, author: str = "") -> None:
        audience = self._record.intern_audience(NOBODY)
        self._members.keep([entries.draft_of(change, subject, audience, author)])


_INVITATION = """{name} was accepted into the partnership.

Sign in with this link. It works once, within seven days:

{link}

Then read the terms and accept them for your organisation.
"""


def _mark(code: str) -> str:
    """Return the hash by which a reference code is known. Its secret has 256 random bits, so a plain hash is right."""
    return hashlib.sha256(b"application\0" + code[: mint.LONGEST].encode("utf-8", "replace")).hexdigest()
