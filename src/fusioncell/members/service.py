"""The use cases of the membership: admit, suspend; keys, sessions and links; and who is asking.

What a party is stands in the record (entries of the hub, readable by nobody); credentials stand in the vault. A use
case that changes the record returns when its entry is kept *and* projected (``settle``), so that the next call sees
it. Nothing here asks what the caller may do: doors declare their permission (DESIGN rule 10).

How a person proves who they are is not here: ``members.signing``, which asks for a session when it is satisfied.

**Blocking**: all methods may touch the databases. On an event loop call :meth:`Members.known_viewer` first, which
touches nothing, and everything else in a worker thread.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from fusioncell.kernel.clock import DAY, Clock, Instant, format_day
from fusioncell.kernel.entry import Draft
from fusioncell.kernel.errors import BadInput, Conflict, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members import entries, mint, store
from fusioncell.members.admit import admit_email, admit_kind, admit_name
from fusioncell.members.audit import LOCAL, Audit
from fusioncell.members.model import (
    FEED,
    HUB,
    KEY_LIFE,
    KEYS_PER_ORGANISATION,
    LINK_LIFE,
    PERMISSIONS,
    SESSION_LIFE,
    TOUCH_EVERY,
    KeyInfo,
    Organisation,
    Person,
    Purpose,
    Secret,
    SessionInfo,
    SignedIn,
    role_named,
    roles_named,
)
from fusioncell.members.recognise import Standing, recognise
from fusioncell.members.remember import Known, LastUsed, Remembered
from fusioncell.members.store import vault_metadata

__all__ = ["Members", "vault_metadata"]


class Members:
    """The front door of the room.

    ``vault_key``: at least 32 random bytes, kept beside the vault and not in it. ``settle(seq)`` returns when the
    projections hold all entries up to ``seq``. ``session_life``: µs after which a session ends, however busy it is.
    ``audit`` is told of every change.
    """

    def __init__(self, *, record: entries.Log, vault: Database, projections: Database, clock: Clock,
                 randomness: Randomness, vault_key: bytes, settle: Callable[[int], None],
                 session_life: int = SESSION_LIFE, audit: Audit | None = None) -> None:
        if len(vault_key) < 32:
            raise ValueError("the vault key has at least 32 bytes")
        self._record, self._vault, self._projections = record, vault, projections
        self._clock, self._randomness, self._settle = clock, randomness, settle
        self._vault_key, self._session_life = vault_key, session_life
        self._remembered, self._used = Remembered(), LastUsed()
        self._audit = audit
        self._admitting = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    # Organisations and people

    def add_organisation(self, name: str, sector: str, kind: str, *, author: str = "") -> Organisation:
        """Admit an organisation. Conflict where the name is taken (compared without case)."""
        change = entries.OrganisationAdded(id=new_id(self._randomness), name=admit_name(name, "The name"),
                                           sector=admit_name(sector, "The sector", 80), kind=admit_kind(kind))
        with self._admitting:
            self._untaken(change.name)
            self._write(change, change.id, author, change.id, change.name)
        return self.organisation(change.id)

    def admit(self, organisation: entries.OrganisationAdded, lead: entries.PersonAdded, more: Sequence[Draft]) -> None:
        """Admit an organisation with its first person, and keep ``more`` entries with them: all or nothing.

        Conflict where the name or the address is taken.
        """
        audience = self._record.intern_audience(entries.NOBODY)
        made = [entries.draft_of(change, change.id, audience, "") for change in (organisation, lead)]
        with self._admitting:
            self._untaken(organisation.name, lead.email)
            self.keep([*made, *more])

    def add_person(self, org_id: str, name: str, email: str, roles: Iterable[str], *,
                   author: str = "") -> Person:
        """Add a person to an organisation. Conflict where the address is taken."""
        change = entries.PersonAdded(id=new_id(self._randomness), org=self.organisation(org_id).id,
                                     name=admit_name(name, "The name"), email=admit_email(email),
                                     roles=roles_named(roles))
        with self._admitting:
            self._untaken("", change.email)
            self._write(change, change.id, author, org_id, " ".join(change.roles))
        return self.person(change.id)

    def give_roles(self, person_id: str, roles: Iterable[str], *, author: str = "") -> Person:
        """Set a person's roles; what they lose, their sessions and keys lose at once."""
        someone = self.person(person_id)
        change = entries.RolesGiven(person=someone.id, roles=roles_named(roles))
        self._write(change, person_id, author, someone.org, " ".join(change.roles))
        return self.person(person_id)

    def give_address(self, person_id: str, email: str, *, author: str = "") -> Person:
        """Set a person's e-mail address, by which they sign in. Conflict where it is taken."""
        someone, address = self.person(person_id), admit_email(email)
        if address == someone.email:
            return someone
        with self._admitting:
            self._untaken("", address)
            self._write(entries.AddressGiven(person=someone.id, email=address), someone.id, author, someone.org)
        return self.person(person_id)

    def name_organisation(self, org_id: str, name: str, *, author: str = "") -> Organisation:
        """Give an organisation another name. Conflict where it is taken by another."""
        change = entries.OrganisationNamed(id=self.organisation(org_id).id, name=admit_name(name, "The name"))
        with self._admitting:
            taken = self.organisation_named(change.name)
            if taken is not None and taken.id != org_id:
                raise Conflict(f"There is an organisation named {change.name!r} already.", hint="Choose another name.")
            self._write(change, org_id, author, org_id, change.name)
        return self.organisation(org_id)

    def add_source(self, name: str, *, author: str = "") -> Organisation:
        """Make the organisation that stands for a source that the hub itself fetches; no listing has it."""
        change = entries.OrganisationAdded(id=new_id(self._randomness), name=admit_name(name, "The name"),
                                           sector=FEED, kind=FEED)
        self._write(change, change.id, author, change.id, change.name)
        return self.organisation(change.id)

    def add_partner(self, name: str, ceiling: Tlp, *, author: str = "") -> Organisation:
        """Admit another hub, which reads here up to ``ceiling``. Conflict where the name is taken."""
        change = entries.OrganisationAdded(id=new_id(self._randomness), name=admit_name(name, "The name"),
                                           sector=HUB, kind=HUB)
        with self._admitting:
            self._untaken(change.name)
            self._write(change, change.id, author, change.id, change.name)
        self.agree(change.id, ceiling, author=author)
        return self.organisation(change.id)

    def agree(self, partner: str, ceiling: Tlp, *, author: str = "") -> None:
        """Say up to which marking another hub reads here from now on."""
        if self.organisation(partner).kind != HUB:
            raise BadInput("That organisation is no other hub.", hint="Make the agreement as a new one.")
        if ceiling is Tlp.RED:
            raise BadInput("TLP:RED is for named people.", hint="Use clear, green, amber or amber+strict.")
        self._write(entries.AgreementMade(org=partner, ceiling=ceiling.value), partner, author, partner, ceiling.value)

    def partners(self) -> list[tuple[Organisation, Tlp]]:
        """Return the other hubs that read here, and up to which marking each does."""
        with self._projections.read() as connection:
            found = store.ceilings(connection)
        return [(one, found.get(one.id, Tlp.CLEAR)) for one in self.organisations() if one.kind == HUB]

    def source_viewer(self, source: str, owner: str) -> Viewer | None:
        """Return as whom a source contributes: itself, in the groups of the organisation that answers for it.

        None where either is suspended or gone.
        """
        own, behind = self.viewer_of(f"org:{source}"), self.viewer_of(f"org:{owner}")
        if own is None or behind is None or self.organisation(source).kind != FEED:
            return None
        groups = frozenset(party for party in behind.parties if party.startswith("group:"))
        return replace(own, parties=own.parties | groups)

    def organisation(self, org_id: str) -> Organisation:
        """Return an organisation by id, or raise NotFound."""
        with self._projections.read() as connection:
            found = store.organisation(connection, org_id)
        if found is None:
            raise NotFound("There is no such organisation.", hint="List them with 'fusioncell org list'.")
        return found

    def organisation_named(self, name: str) -> Organisation | None:
        """Return the organisation of this name (compared without case), if there is one."""
        with self._projections.read() as connection:
            return store.organisation_named(connection, " ".join(name.split()))

    def organisations(self) -> list[Organisation]:
        """Return all organisations in the order of admission."""
        with self._projections.read() as connection:
            return store.organisations(connection)

    def person(self, person_id: str) -> Person:
        """Return a person by id, or raise NotFound."""
        with self._projections.read() as connection:
            found = store.person_of_id(connection, person_id)
        if found is None:
            raise NotFound("There is no such person.", hint="Look at the people of the organisation.")
        return found

    def person_known(self, person_id: str) -> Person | None:
        """Return a person by id; None where there is none, or what was known of them was erased."""
        with self._projections.read() as connection:
            return store.person_of_id(connection, person_id)

    def person_of_email(self, email: str) -> Person | None:
        """Return the person with this address, if there is one."""
        with self._projections.read() as connection:
            return store.person_of_email(connection, email.strip().lower())

    def people_of(self, org_id: str) -> list[Person]:
        """Return the people of an organisation."""
        with self._projections.read() as connection:
            return store.people_of(connection, org_id)

    def is_in_good_standing(self, someone: Person) -> bool:
        """Tell whether neither the person nor their organisation is suspended."""
        return self._standing(None, someone.id) is not None

    # Clients

    def name_client(self, client: str, provider: str, *, active: bool = True, author: str = "") -> None:
        """Say that one organisation is a client of another (then it may read the other's AMBER), or no longer is."""
        if client == provider:
            raise BadInput("An organisation is no client of itself.", hint="Name two organisations.")
        change = entries.ClientNamed(client=self.organisation(client).id, provider=self.organisation(provider).id,
                                     active=active)
        self._write(change, client, author)

    # Suspension

    def suspend(self, party: str, reason: str = "", *, suspended: bool = True, author: str = "") -> None:
        """Suspend an organisation or a person (``org:…``, ``person:…``), or reinstate it.

        While it lasts no key and no session of theirs opens anything; sessions and unused links end for good.
        """
        (party,) = self._parties((party,))
        reason = admit_name(reason, "The reason", 500) if reason else ""
        identifier = party.partition(":")[2]
        standing = self.organisation(identifier) if party.startswith("org:") else self.person(identifier)
        if standing.suspended != suspended:
            change = entries.Suspended(party=party, suspended=suspended, reason=reason)
            concerned = standing.id if isinstance(standing, Organisation) else standing.org
            self._write(change, identifier, author, concerned, reason)
        if not suspended:
            return
        people = [who.id for who in self.people_of(identifier)] if party.startswith("org:") else [identifier]
        with self._vault.write() as connection:
            store.end_sessions_of(connection, people, self._clock.now())
        self._changed()

    # Keys

    def make_key(self, org_id: str, person_id: str | None = None, role: str = "member", label: str = "", *,
                 scopes: Iterable[str] | None = None, expires: Instant | None = None,
                 author: str = "") -> tuple[KeyInfo, Secret]:
        """Make an API key of an organisation, or of a person of it; the secret is shown this once.

        A person's key never permits more than the person may do. ``scopes`` narrow the role's permissions;
        ``expires`` is a year from now unless told.
        """
        now = self._clock.now()
        expires = now + KEY_LIFE if expires is None else expires
        if expires <= now:
            raise BadInput("The key would have expired already.", hint="Give an instant in the future.")
        if person_id is not None and self.person(person_id).org != org_id:
            raise BadInput("The person is not of this organisation.", hint="Make the key in their own organisation.")
        narrowed = None if scopes is None else frozenset(scopes)
        if narrowed is not None and not narrowed <= PERMISSIONS:
            raise BadInput(f"No such scope: {', '.join(sorted(narrowed - PERMISSIONS))[:100]}",
                           hint=f"Use some of: {', '.join(sorted(PERMISSIONS))}.")
        public, secret = mint.mint(self._randomness)
        info = KeyInfo(public, self.organisation(org_id).id, person_id, role_named(role), narrowed,
                       admit_name(label or "key", "The label", 100), now, expires)
        with self._vault.write() as connection:
            if store.count_keys(connection, org_id) >= KEYS_PER_ORGANISATION:
                raise Conflict(f"The organisation has {KEYS_PER_ORGANISATION} keys.", hint="End some that are unused.")
            store.save_key(connection, info, mint.mark_of(self._vault_key, Purpose.KEY, secret.reveal()))
        self._note("key.made", org_id, author or person_id or "", public, f"{info.role}, {info.label}")
        return info, secret

    def list_keys(self, org_id: str | None = None) -> list[KeyInfo]:
        """Return an organisation's keys (None: all), the newest first, ended ones included."""
        with self._vault.read() as connection:
            return store.keys(connection, org_id)

    def end_key(self, key_id: str, org_id: str | None = None, *, author: str = "") -> None:
        """End a key: it is refused from the moment this returns. ``org_id``: only where it is that organisation's."""
        with self._vault.write() as connection:
            found = store.key_of_id(connection, key_id)
            if found is None or (org_id is not None and found[0].org != org_id):
                raise NotFound("There is no such key.", hint="List the keys of the organisation.")
            store.end_key(connection, key_id, self._clock.now())
            store.next_generation(connection)
        self._remembered.forget()
        self._note("key.ended", found[0].org, author, key_id)

    # Links and sessions

    def make_link(self, person_id: str, life: int = LINK_LIFE, *, author: str = "") -> Secret:
        """Make a one-time sign-in link's token, good for ``life`` microseconds."""
        public, secret = mint.mint(self._randomness)
        now = self._clock.now()
        with self._vault.write() as connection:
            store.save_link(connection, public, mint.mark_of(self._vault_key, Purpose.LINK, secret.reveal()),
                            self.person(person_id).id, now, now + life)
        self._note("link.made", self.person(person_id).org, author, person_id)
        return secret

    def use_link(self, token: str) -> Person | None:
        """Use a sign-in link up and return whose it is; None where it is no link, is used or has expired."""
        public = mint.public_id(token) or ""
        mark = mint.mark_of(self._vault_key, Purpose.LINK, token[:mint.LONGEST])
        with self._vault.write() as connection:
            found = store.link_of_id(connection, public)
            if found is None or not mint.same_mark(found[1], mark):
                return None
            if not store.use_link(connection, public, self._clock.now(), _day(self._clock.now())):
                return None
        with self._projections.read() as connection:
            return store.person_of_id(connection, found[0])

    def open_session(self, someone: Person, method: str, previous: str = "") -> SignedIn:
        """Open a session for who has proved who they are; always a new token, and ``previous`` ends (no fixation)."""
        if previous:
            self.sign_out(previous)
        public, secret = mint.mint(self._randomness)
        now, today = self._clock.now(), _day(self._clock.now())
        # The vault knows days alone; when this very session ends is this process's to know (ADR 0008).
        info = SessionInfo(public, someone.id, method, today, today + DAY + self._session_life, today)
        with self._vault.write() as connection:
            store.save_session(connection, info, mint.mark_of(self._vault_key, Purpose.SESSION, secret.reveal()))
        self._used.open(public, now, now + self._session_life)
        return SignedIn(someone, secret, self.csrf_of(secret.reveal()), now + self._session_life)

    def sign_out(self, token: str) -> None:
        """End the session of this token; a token of no session is let pass."""
        mark = mint.mark_of(self._vault_key, Purpose.SESSION, token[:mint.LONGEST])
        public = mint.public_id(token) or ""
        with self._vault.write() as connection:
            found = store.session_of_id(connection, public)
            if found is None or not mint.same_mark(found[1], mark):
                return
            store.end_session(connection, public, _day(self._clock.now()))
            store.next_generation(connection)
        self._remembered.forget()

    def sessions_of(self, person_id: str) -> list[SessionInfo]:
        """Return a person's living sessions, the newest first."""
        now = self._clock.now()
        with self._vault.read() as connection:
            found = store.sessions_of(connection, person_id, now)
        return [session for session in found if not self._used.is_idle(session, now)]

    def is_fresh(self, session_id: str, person_id: str, within: int) -> bool:
        """Tell whether this process opened the person's session at most ``within`` microseconds ago."""
        ends = self._used.end_of(session_id)
        mine = ends is not None and any(one.id == session_id for one in self.sessions_of(person_id))
        return mine and ends is not None and self._clock.now() <= ends - self._session_life + within

    def session_id(self, token: str) -> str:
        """Return the public id of a session's token, "" where it is none."""
        return mint.public_id(token) or ""

    def end_sessions(self, person_id: str, keep: str = "") -> None:
        """End all of a person's sessions and unused links; ``keep``: the public id of a session that goes on."""
        with self._vault.write() as connection:
            store.end_sessions_of(connection, [person_id], _day(self._clock.now()), keep)
        self._changed()

    def end_session(self, session_id: str, person_id: str) -> None:
        """End one of a person's sessions by its public id."""
        with self._vault.write() as connection:
            found = store.session_of_id(connection, session_id)
            if found is None or found[0].person != person_id:
                raise NotFound("There is no such session.", hint="List your sessions.")
            store.end_session(connection, session_id, _day(self._clock.now()))
            store.next_generation(connection)
        self._remembered.forget()

    def csrf_of(self, token: str) -> str:
        """Return the token that the session's forms carry."""
        return mint.csrf_of(self._vault_key, token[:mint.LONGEST])

    def csrf_matches(self, token: str, given: str) -> bool:
        """Tell whether a form carried its session's token; compared in constant time."""
        return hmac.compare_digest(self.csrf_of(token).encode(), given[:mint.LONGEST].encode("utf-8", "replace"))

    def tidy(self) -> None:
        """Delete sessions and links that ended more than a day ago. Call it daily."""
        with self._vault.write() as connection:
            store.forget_ended(connection, self._clock.now() - DAY)

    # Who is asking

    def known_viewer(self, token: str) -> Viewer | None:
        """Return the viewer of a key or session that is remembered; touches no database.

        None: ask :meth:`viewer_for_key` or :meth:`viewer_for_session` in a worker thread.
        """
        now = self._clock.now()
        if len(token) > mint.LONGEST or self._remembered.is_due(now):
            return None
        for purpose in (Purpose.KEY, Purpose.SESSION):
            viewer = self._remembered.get(mint.mark_of(self._vault_key, purpose, token), now)
            if viewer is not None:
                return viewer
        return None

    def viewer_for_key(self, secret: str) -> Viewer | None:
        """Return who holds this API key; None where it is wrong, expired, ended or its holder suspended."""
        return self._viewer(Purpose.KEY, secret, self._load_key)

    def viewer_for_session(self, token: str) -> Viewer | None:
        """Return who is signed in with this token; None where it is wrong, over, idle or its holder suspended."""
        return self._viewer(Purpose.SESSION, token, self._load_session)

    def operator_viewer(self, name: str | None) -> Viewer | None:
        """Return the viewer of a command on the hub's own machine, for one organisation (by name or id), or the first.

        Whoever can read the data folder holds the hub; this gives a command no more than that.
        """
        known = self.organisations()
        chosen = known[0] if known and not name else next((o for o in known if name in (o.id, o.name)), None)
        if chosen is None:
            return None
        standing = self._standing(chosen.id, None)
        return None if standing is None else replace(recognise(standing, ("administrator",)), local=True)

    def viewer_of(self, party: str) -> Viewer | None:
        """Return what ``person:ID`` or ``org:ID`` sees and may do now; None where unknown or suspended.

        An organisation as such sees what is for it and its groups, nothing that is for a person or an office.
        """
        kind, _, identifier = party.partition(":")
        standing = self._standing(None, identifier) if kind == "person" else self._standing(identifier, None)
        if standing is None:
            return None
        return recognise(standing, standing.person.roles if standing.person else ("member",))

    def address_of(self, person_id: str) -> str:
        """Return a person's e-mail address, "" for one who is gone."""
        with self._projections.read() as connection:
            found = store.person_of_id(connection, person_id)
        return found.email if found else ""

    def sector_of(self, org_id: str) -> str:
        """Return an organisation's sector, "" for what is none (the hub, a pseudonym)."""
        with self._projections.read() as connection:
            found = store.organisation(connection, org_id) if org_id else None
        return found.sector if found else ""

    def organisation_called(self, name_or_id: str) -> Organisation:
        """Return an organisation by name or id, or raise NotFound."""
        found = self.organisation_named(name_or_id) if name_or_id else None
        return found if found is not None else self.organisation(name_or_id)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` after each change that may have made a viewer wrong, before it is answered."""
        self._listeners.append(listener)

    def forget(self) -> None:
        """Forget remembered viewers: after a rebuild or a restore."""
        self._remembered.forget()

    def _viewer(self, purpose: Purpose, token: str,
                load: Callable[[str, bytes, Instant], tuple[Viewer, Instant] | None]) -> Viewer | None:
        if len(token) > mint.LONGEST:
            return None
        now = self._clock.now()
        if self._remembered.is_due(now):
            with self._vault.read() as connection:
                self._remembered.look(store.generation(connection), now)
        mark = mint.mark_of(self._vault_key, purpose, token)
        viewer = self._remembered.get(mark, now)
        if viewer is not None:
            return viewer
        generation = self._remembered.generation
        public = mint.public_id(token)
        loaded = load(public, mark, now) if public else None
        if loaded is None:
            return None
        self._remembered.put(mark, Known(loaded[0], generation, now, loaded[1]))
        return loaded[0]

    def _load_key(self, public: str, mark: bytes, now: Instant) -> tuple[Viewer, Instant] | None:
        with self._vault.read() as connection:
            found = store.key_of_id(connection, public)
        if found is None or not mint.same_mark(found[1], mark):
            return None
        info = found[0]
        if info.ended is not None or now >= info.expires:
            return None
        standing = self._standing(info.org, info.person)
        if standing is None:
            return None
        today = format_day(now)
        if info.used_day != today:
            with self._vault.write() as connection:
                store.use_key(connection, public, today)
        # Read again tomorrow, so that each day of use is noted.
        return recognise(standing, (info.role,), info.scopes), min(info.expires, (now // DAY + 1) * DAY)

    def _load_session(self, public: str, mark: bytes, now: Instant) -> tuple[Viewer, Instant] | None:
        with self._vault.read() as connection:
            found = store.session_of_id(connection, public)
        if found is None or not mint.same_mark(found[1], mark):
            return None
        info = found[0]
        if info.ended is not None or now >= info.expires:
            return None
        if self._used.is_idle(info, now):
            with self._vault.write() as connection:
                store.end_session(connection, public, _day(now))
            return None
        standing = self._standing(None, info.person)
        if standing is None or standing.person is None:
            return None
        self._used.note(public, now)
        if info.seen < _day(now):
            with self._vault.write() as connection:
                store.touch_session(connection, public, _day(now))
        until = min(info.expires, now + TOUCH_EVERY, standing.guest_until or info.expires)
        return recognise(standing, standing.person.roles), until

    # Within

    def _standing(self, org_id: str | None, person_id: str | None) -> Standing | None:
        """Return who one is now; None where unknown, suspended, or a guest whose stay is over."""
        with self._projections.read() as connection:
            found = store.standing(connection, org_id, person_id)
        if found is not None and found.guest_until is not None and self._clock.now() >= found.guest_until:
            return None
        return found

    def keep(self, drafts: Sequence[Draft]) -> None:
        """Append entries of the membership, wait until they are projected, forget what they may have made wrong."""
        self._settle(self._record.append("", drafts, new_id(self._randomness)).last_seq)
        self._changed()

    def _write(self, change: entries.Change, subject: str, author: str, org_id: str = "", detail: str = "") -> None:
        """Keep a change. ``author``: a person's id, or ``org:…`` for a key; ``org_id``: whom it concerns."""
        audience = self._record.intern_audience(entries.NOBODY)
        self.keep([entries.draft_of(change, subject, audience, author)])
        self._note(entries.action_of(change), org_id, author, subject, detail)

    def _note(self, action: str, org_id: str, author: str, subject: str, detail: str = "") -> None:
        """Write a line of the audit log; ``author`` as for :meth:`_write`."""
        if self._audit is not None:
            known = not author or author == LOCAL or author.startswith("org:")
            actor = author if known else f"person:{author}"
            self._audit.note(action, org=org_id, actor=actor, subject=subject, detail=detail)

    def _untaken(self, name: str, email: str = "") -> None:
        """Raise Conflict where an organisation's name or a person's address is taken."""
        if name and self.organisation_named(name) is not None:
            raise Conflict(f"There is an organisation named {name!r} already.", hint="Use it, or choose another name.")
        if email and self.person_of_email(email) is not None:
            raise Conflict("A person with this e-mail address was added before.",
                           hint="Give each person an address of their own.")

    def _changed(self) -> None:
        with self._vault.write() as connection:
            store.next_generation(connection)
        self._remembered.forget()
        for listener in self._listeners:
            listener()

    def _parties(self, parties: Iterable[str]) -> tuple[str, ...]:
        """Check that each is an organisation or a person that exists; return them once each, sorted."""
        named = sorted(set(parties))
        if not named or len(named) > store.MOST_ROWS:
            raise BadInput("Name at least one party.", hint="A party is org:ID or person:ID.")
        for party in named:
            kind, _, identifier = party.partition(":")
            if kind == "org":
                self.organisation(identifier)
            elif kind == "person":
                self.person(identifier)
            else:
                raise BadInput(f"{party[:40]!r} is no party", hint="A party is org:ID or person:ID.")
        return tuple(named)


def _day(now: Instant) -> Instant:
    """Return the instant at which the day began: all that the vault tells of a session's last use."""
    return now // DAY * DAY
