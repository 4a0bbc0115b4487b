"""The use cases of the membership: admit, group, suspend; sign in and out; keys; and who is asking.

What a party is stands in the record (entries of the hub, readable by nobody); credentials stand in the vault. A use
case that changes the record returns when its entry is kept *and* projected (``settle``), so that the next call sees
it. Nothing here asks what the caller may do: doors declare their permission (DESIGN rule 10).

**Blocking**: all methods may touch the databases, and those that take a password work for 0.2 CPU-seconds. On an
event loop call :meth:`Members.known_viewer` first, which touches nothing, and everything else in a worker thread.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable

from fusioncell.kernel.clock import DAY, Clock, Instant, format_day
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, NotSignedIn, Unavailable
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer, group, org, person
from fusioncell.kernel.ports import Database
from fusioncell.members import entries, hash_password, mint, passkeys, slow_down, store
from fusioncell.members.admit import admit_email, admit_kind, admit_name
from fusioncell.members.model import (
    KEY_LIFE,
    KEYS_PER_ORGANISATION,
    LINK_LIFE,
    PASSKEYS_PER_PERSON,
    PERMISSIONS,
    SESSION_IDLE,
    SESSION_LIFE,
    TOUCH_EVERY,
    Choice,
    Group,
    KeyInfo,
    Organisation,
    Person,
    Purpose,
    Secret,
    SessionInfo,
    SignedIn,
    TooManyAttempts,
    role_named,
    roles_named,
)
from fusioncell.members.passkeys import Passkey, Site
from fusioncell.members.recognise import recognise
from fusioncell.members.remember import Known, Remembered
from fusioncell.members.store import vault_metadata

__all__ = ["Members", "vault_metadata"]

_REFUSED = "The e-mail address or the password is not right."
_REFUSED_HINT = "Check both, or ask an administrator of your organisation for a sign-in link."


class Members:
    """The front door of the room.

    ``vault_key``: at least 32 random bytes, kept beside the vault and not in it. ``settle(seq)`` returns when the
    projections hold all entries up to ``seq``. ``site``: the hub as browsers know it (without it no passkeys).
    ``cost``: of a password hash. ``session_life``: µs after which a session ends, however busy it is.
    """

    def __init__(self, *, record: entries.Log, vault: Database, projections: Database, clock: Clock,
                 randomness: Randomness, vault_key: bytes, settle: Callable[[int], None], site: Site | None = None,
                 cost: hash_password.Cost = hash_password.Cost(),  # noqa: B008 - a frozen value
                 session_life: int = SESSION_LIFE) -> None:
        if len(vault_key) < 32:
            raise ValueError("the vault key has at least 32 bytes")
        self._record, self._vault, self._projections = record, vault, projections
        self._clock, self._randomness, self._settle = clock, randomness, settle
        self._vault_key, self._site, self._cost, self._session_life = vault_key, site, cost, session_life
        self._remembered = Remembered()
        self._admitting = threading.Lock()

    # Organisations and people

    def add_organisation(self, name: str, sector: str, kind: str, *, author: str = "") -> Organisation:
        """Admit an organisation. Conflict where the name is taken (compared without case)."""
        change = entries.OrganisationAdded(id=new_id(self._randomness), name=admit_name(name, "The name"),
                                           sector=admit_name(sector, "The sector", 80), kind=admit_kind(kind))
        with self._admitting:
            if self.organisation_named(change.name) is not None:
                raise Conflict(f"There is an organisation named {change.name!r} already.",
                               hint="Use it, or choose another name.")
            self._write(change, change.id, author)
        return self.organisation(change.id)

    def add_person(self, org_id: str, name: str, email: str, roles: Iterable[str], password: str | None = None, *,
                   author: str = "") -> Person:
        """Add a person to an organisation. Blocks where a password is given. Conflict where the address is taken."""
        stored = None
        if password is not None:
            stored = hash_password.hash_password(password, self._cost, self._randomness)
        change = entries.PersonAdded(id=new_id(self._randomness), org=self.organisation(org_id).id,
                                     name=admit_name(name, "The name"), email=admit_email(email),
                                     roles=roles_named(roles))
        with self._admitting:
            if self.person_of_email(change.email) is not None:
                raise Conflict("A person with this e-mail address was added before.",
                               hint="Give each person an address of their own.")
            self._write(change, change.id, author)
        if stored is not None:
            with self._vault.write() as connection:
                store.save_password(connection, change.id, stored, self._clock.now())
        return self.person(change.id)

    def give_roles(self, person_id: str, roles: Iterable[str], *, author: str = "") -> Person:
        """Set a person's roles; what they lose, their sessions and keys lose at once."""
        change = entries.RolesGiven(person=self.person(person_id).id, roles=roles_named(roles))
        self._write(change, person_id, author)
        return self.person(person_id)

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

    def person_of_email(self, email: str) -> Person | None:
        """Return the person with this address, if there is one."""
        with self._projections.read() as connection:
            return store.person_of_email(connection, email.strip().lower())

    def people_of(self, org_id: str) -> list[Person]:
        """Return the people of an organisation."""
        with self._projections.read() as connection:
            return store.people_of(connection, org_id)

    # Groups and clients

    def make_group(self, name: str, parties: Iterable[str], *, author: str = "") -> Group:
        """Make a group of parties (``org:…``, ``person:…``: see ``kernel.marking``)."""
        change = entries.GroupMade(id=new_id(self._randomness), name=admit_name(name, "The name"),
                                   members=self._parties(parties))
        self._write(change, change.id, author)
        return self.group(change.id)

    def join_group(self, group_id: str, parties: Iterable[str], *, author: str = "") -> Group:
        """Admit parties to a group: they hold what is posted from now on, and nothing of before."""
        held = {party for party, _ in self.group(group_id).members}
        newcomers = tuple(party for party in self._parties(parties) if party not in held)
        if newcomers:
            self._write(entries.Joined(group=group_id, parties=newcomers), group_id, author)
        return self.group(group_id)

    def leave_group(self, group_id: str, party: str, *, author: str = "") -> Group:
        """Take a party out of a group, and with it the sight of all that was posted there."""
        if party not in {held for held, _ in self.group(group_id).members}:
            raise NotFound("This party is not in the group.", hint="Look at the group's members.")
        self._write(entries.Left(group=group_id, party=party), group_id, author)
        return self.group(group_id)

    def group(self, group_id: str) -> Group:
        """Return a group with its members, or raise NotFound."""
        with self._projections.read() as connection:
            found = store.group_of_id(connection, group_id)
        if found is None:
            raise NotFound("There is no such group.", hint="Look at the groups that you are in.")
        return found

    def name_client(self, client: str, provider: str, *, active: bool = True, author: str = "") -> None:
        """Say that one organisation is a client of another (then it may read the other's AMBER), or no longer is."""
        if client == provider:
            raise BadInput("An organisation is no client of itself.", hint="Name two organisations.")
        change = entries.ClientNamed(client=self.organisation(client).id, provider=self.organisation(provider).id,
                                     active=active)
        self._write(change, client, author)

    def audience_choices(self, viewer: Viewer) -> list[Choice]:
        """Return the groups that the viewer may post to, each as the party of its current generation.

        Take them when posting, not from a page drawn earlier: admissions move the generation.
        """
        mine = [party for party in (viewer.org and org(viewer.org), viewer.person and person(viewer.person)) if party]
        if not mine:
            return []
        with self._projections.read() as connection:
            return [Choice(group(found.id, found.generation), found.name)
                    for found in store.groups_of(connection, mine)]

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
            self._write(entries.Suspended(party=party, suspended=suspended, reason=reason), identifier, author)
        if not suspended:
            return
        people = [who.id for who in self.people_of(identifier)] if party.startswith("org:") else [identifier]
        with self._vault.write() as connection:
            store.end_sessions_of(connection, people, self._clock.now())
        self._changed()

    # Keys

    def make_key(self, org_id: str, person_id: str | None = None, role: str = "member", label: str = "", *,
                 scopes: Iterable[str] | None = None, expires: Instant | None = None) -> tuple[KeyInfo, Secret]:
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
        return info, secret

    def list_keys(self, org_id: str | None = None) -> list[KeyInfo]:
        """Return an organisation's keys (None: all), the newest first, ended ones included."""
        with self._vault.read() as connection:
            return store.keys(connection, org_id)

    def end_key(self, key_id: str, org_id: str | None = None) -> None:
        """End a key: it is refused from the moment this returns. ``org_id``: only where it is that organisation's."""
        with self._vault.write() as connection:
            found = store.key_of_id(connection, key_id)
            if found is None or (org_id is not None and found[0].org != org_id):
                raise NotFound("There is no such key.", hint="List the keys of the organisation.")
            store.end_key(connection, key_id, self._clock.now())
            store.next_generation(connection)
        self._remembered.forget()

    # Signing in and out

    def sign_in(self, email: str, password: str, address: str, *, previous: str = "") -> SignedIn:
        """Sign a person in with a password. Blocks for the time of one hash, whether the account exists or not.

        1. Count the attempt for the account and the address; TooManyAttempts where either must wait.
        2. Verify, against nobody's hash where there is no such account or no password.
        3. One answer for unknown, wrong and suspended: NotSignedIn.
        4. Give a new token always and end ``previous``, the session that the browser came with (no fixation).
        """
        email = email.strip().lower()[:400]
        account = mint.blind(self._vault_key, "account", email)
        source = mint.blind(self._vault_key, "address", address[:200])
        self._count_attempt(account, source)
        with self._projections.read() as connection:
            someone = store.person_of_email(connection, email)
        with self._vault.read() as connection:
            stored = store.password_of(connection, someone.id if someone else "")
        right = hash_password.verify_password(stored, password, self._cost)
        if not right or someone is None or stored is None or not self._is_in_good_standing(someone):
            raise NotSignedIn(_REFUSED, hint=_REFUSED_HINT)
        with self._vault.write() as connection:
            store.forgive(connection, account, source)
        if hash_password.is_outdated(stored, self._cost):
            self._save_password(someone.id, password)
        return self._open_session(someone, "password", previous)

    def set_password(self, person_id: str, password: str) -> None:
        """Set a person's password. Blocks. Their sessions and unused links end."""
        self._save_password(self.person(person_id).id, password)
        with self._vault.write() as connection:
            store.end_sessions_of(connection, [person_id], self._clock.now())
        self._changed()

    def make_link(self, person_id: str, life: int = LINK_LIFE) -> Secret:
        """Make a one-time sign-in link's token, good for ``life`` microseconds."""
        public, secret = mint.mint(self._randomness)
        now = self._clock.now()
        with self._vault.write() as connection:
            store.save_link(connection, public, mint.mark_of(self._vault_key, Purpose.LINK, secret.reveal()),
                            self.person(person_id).id, now, now + life)
        return secret

    def open_link(self, token: str, *, previous: str = "") -> SignedIn:
        """Sign in with a link, which is used up by it. Take it by POST: mail scanners follow GETs."""
        refused = NotSignedIn("This sign-in link is not valid any more.",
                              hint="A link works once and for a short time: ask for a new one.")
        public = mint.public_id(token) or ""
        mark = mint.mark_of(self._vault_key, Purpose.LINK, token[:mint.LONGEST])
        with self._vault.write() as connection:
            found = store.link_of_id(connection, public)
            if found is None or not mint.same_mark(found[1], mark):
                raise refused
            if not store.use_link(connection, public, self._clock.now()):
                raise refused
        with self._projections.read() as connection:
            someone = store.person_of_id(connection, found[0])
        if someone is None or not self._is_in_good_standing(someone):
            raise refused
        return self._open_session(someone, "link", previous)

    # Passkeys

    def offer_passkey(self, person_id: str) -> str:
        """Return the options, as JSON, by which a signed-in person's browser makes a passkey."""
        someone = self.person(person_id)
        with self._vault.read() as connection:
            held = [passkey.id for passkey in store.passkeys_of(connection, person_id)]
        challenge = passkeys.make_challenge(self._vault_key, "register", person_id, self._clock.now(),
                                            self._randomness)
        return passkeys.offer_registration(self._site_known(), person_id, someone.email, held, challenge)

    def add_passkey(self, person_id: str, answer: bytes, label: str = "") -> Passkey:
        """Keep the passkey that the browser made. NotSignedIn where its answer does not hold."""
        now = self._clock.now()
        said = passkeys.read_answer(answer)
        expires = passkeys.check_challenge(self._vault_key, "register", person_id, said.challenge, now)
        identifier, public_key, uses = passkeys.accept_registration(self._site_known(), answer, said.challenge)
        passkey = Passkey(identifier, self.person(person_id).id, public_key, uses,
                          admit_name(label or "passkey", "The label", 100), now)
        with self._vault.write() as connection:
            if len(store.passkeys_of(connection, person_id)) >= PASSKEYS_PER_PERSON:
                raise Conflict(f"You have {PASSKEYS_PER_PERSON} passkeys.", hint="Delete one that you do not use.")
            if not store.use_challenge(connection, said.challenge, expires):
                raise Conflict("This page was used before.", hint="Load it again.")
            if not store.save_passkey(connection, passkey):
                raise Conflict("This passkey is known already.", hint="Use it to sign in.")
        return passkey

    def passkeys_of(self, person_id: str) -> list[Passkey]:
        """Return a person's passkeys, the oldest first."""
        with self._vault.read() as connection:
            return store.passkeys_of(connection, person_id)

    def end_passkey(self, passkey_id: str, person_id: str) -> None:
        """Delete one of a person's passkeys."""
        with self._vault.write() as connection:
            if not store.end_passkey(connection, passkey_id, person_id):
                raise NotFound("There is no such passkey.", hint="List your passkeys.")

    def offer_passkey_sign_in(self) -> str:
        """Return the options, as JSON, by which a browser signs in with a passkey; the same for everyone."""
        return passkeys.offer_sign_in(self._site_known(), passkeys.make_challenge(
            self._vault_key, "sign-in", "", self._clock.now(), self._randomness))

    def sign_in_with_passkey(self, answer: bytes, *, previous: str = "") -> SignedIn:
        """Sign in with a browser's answer, which works once. NotSignedIn where it does not hold."""
        refused = NotSignedIn("The passkey was not accepted.", hint="Try again, or sign in another way.")
        said = passkeys.read_answer(answer)
        expires = passkeys.check_challenge(self._vault_key, "sign-in", "", said.challenge, self._clock.now())
        with self._vault.read() as connection:
            passkey = store.passkey_of_id(connection, said.credential)
        if passkey is None:
            raise refused
        uses = passkeys.accept_sign_in(self._site_known(), answer, said.challenge, passkey)
        with self._vault.write() as connection:
            if not store.use_challenge(connection, said.challenge, expires):
                raise refused
            store.use_passkey(connection, passkey.id, uses)
        with self._projections.read() as connection:
            someone = store.person_of_id(connection, passkey.person)
        if someone is None or not self._is_in_good_standing(someone):
            raise refused
        return self._open_session(someone, "passkey", previous)

    def _site_known(self) -> Site:
        if self._site is None:
            raise Unavailable("This hub has no public address set, which passkeys need.",
                              hint="Set the hub's public URL, or sign in another way.")
        return self._site

    # Sessions

    def sign_out(self, token: str) -> None:
        """End the session of this token; a token of no session is let pass."""
        mark = mint.mark_of(self._vault_key, Purpose.SESSION, token[:mint.LONGEST])
        public = mint.public_id(token) or ""
        with self._vault.write() as connection:
            found = store.session_of_id(connection, public)
            if found is None or not mint.same_mark(found[1], mark):
                return
            store.end_session(connection, public, self._clock.now())
            store.next_generation(connection)
        self._remembered.forget()

    def sessions_of(self, person_id: str) -> list[SessionInfo]:
        """Return a person's living sessions, the newest first."""
        now = self._clock.now()
        with self._vault.read() as connection:
            found = store.sessions_of(connection, person_id, now)
        return [session for session in found if now < session.seen + SESSION_IDLE]

    def end_session(self, session_id: str, person_id: str) -> None:
        """End one of a person's sessions by its public id."""
        with self._vault.write() as connection:
            found = store.session_of_id(connection, session_id)
            if found is None or found[0].person != person_id:
                raise NotFound("There is no such session.", hint="List your sessions.")
            store.end_session(connection, session_id, self._clock.now())
            store.next_generation(connection)
        self._remembered.forget()

    def csrf_of(self, token: str) -> str:
        """Return the token that the session's forms carry."""
        return mint.csrf_of(self._vault_key, token[:mint.LONGEST])

    def csrf_matches(self, token: str, given: str) -> bool:
        """Tell whether a form carried its session's token; compared in constant time."""
        return hmac.compare_digest(self.csrf_of(token).encode(), given[:mint.LONGEST].encode("utf-8", "replace"))

    def tidy(self) -> None:
        """Delete sessions, links and attempts that ended more than a day ago. Call it daily."""
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
        with self._projections.read() as connection:
            standing = store.standing(connection, chosen.id, None)
        return None if standing is None else recognise(standing, ("administrator",))

    def organisation_called(self, name_or_id: str) -> Organisation:
        """Return an organisation by name or id, or raise NotFound."""
        found = self.organisation_named(name_or_id) if name_or_id else None
        return found if found is not None else self.organisation(name_or_id)

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
        with self._projections.read() as connection:
            standing = store.standing(connection, info.org, info.person)
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
        if info.ended is not None or now >= min(info.expires, info.seen + SESSION_IDLE):
            return None
        with self._projections.read() as connection:
            standing = store.standing(connection, None, info.person)
        if standing is None or standing.person is None:
            return None
        if now >= info.seen + TOUCH_EVERY:
            with self._vault.write() as connection:
                store.touch_session(connection, public, now)
        return recognise(standing, standing.person.roles), min(info.expires, now + TOUCH_EVERY)

    # Within

    def _write(self, change: entries.Change, subject: str, author: str) -> None:
        """Append a change to the record, wait until it is projected, and forget what it may have made wrong."""
        audience = self._record.intern_audience(entries.NOBODY)
        draft = entries.draft_of(change, subject, audience, author)
        self._settle(self._record.append("", [draft], new_id(self._randomness)).last_seq)
        self._changed()

    def _changed(self) -> None:
        with self._vault.write() as connection:
            store.next_generation(connection)
        self._remembered.forget()

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

    def _is_in_good_standing(self, someone: Person) -> bool:
        with self._projections.read() as connection:
            return store.standing(connection, None, someone.id) is not None

    def _count_attempt(self, account: str, address: str) -> None:
        """Count an attempt for both, or raise TooManyAttempts and count it for neither."""
        now = self._clock.now()
        with self._vault.write() as connection:
            for subject, free in ((account, slow_down.FREE_FOR_ACCOUNT), (address, slow_down.FREE_FOR_ADDRESS)):
                counted, due = slow_down.attempt(store.attempts_of(connection, subject), free, now)
                if due:
                    raise TooManyAttempts(-(-due // 1_000_000))
                store.save_attempts(connection, subject, counted)

    def _save_password(self, person_id: str, password: str) -> None:
        stored = hash_password.hash_password(password, self._cost, self._randomness)
        with self._vault.write() as connection:
            store.save_password(connection, person_id, stored, self._clock.now())

    def _open_session(self, someone: Person, method: str, previous: str) -> SignedIn:
        if previous:
            self.sign_out(previous)
        public, secret = mint.mint(self._randomness)
        now = self._clock.now()
        info = SessionInfo(public, someone.id, method, now, now + self._session_life, now)
        with self._vault.write() as connection:
            store.save_session(connection, info, mint.mark_of(self._vault_key, Purpose.SESSION, secret.reveal()))
        return SignedIn(someone, secret, self.csrf_of(secret.reveal()), info.expires)
