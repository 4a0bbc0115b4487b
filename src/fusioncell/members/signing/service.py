"""The use cases of signing in: by passkey, password and code, recovery code, link; what an account holds; its keys.

Every sign-in gives a new token and ends the session that the browser came with (no fixation). Every new way to sign
in is a line of the audit log, which the person reads on their account's page.

**Blocking**: all methods touch the databases, and those that take a password work for 0.2 CPU-seconds: call them in
a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, Unavailable
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members import mint
from fusioncell.members.admit import admit_name
from fusioncell.members.audit import Audit, author_of
from fusioncell.members.model import (
    PASSKEYS_PER_PERSON,
    KeyInfo,
    Person,
    Secret,
    SignedIn,
    TooManyAttempts,
    TooManyMails,
    permissions_of,
    role_named,
)
from fusioncell.members.service import Members
from fusioncell.members.signing import hash_password, passkeys, recovery, slow_down, store, totp
from fusioncell.members.signing.model import (
    KEY_DAYS,
    KEYS_PER_PERSON,
    SCOPE_WORDS,
    SECOND_STEP_LIFE,
    Methods,
    SecondStep,
    TotpOffer,
)
from fusioncell.members.signing.passkeys import Passkey, Site
from fusioncell.members.signing.seal import seal, seal_fields, unseal, unseal_fields

_REFUSED = "The e-mail address or the password is not right."
_REFUSED_HINT = "Check both, or ask an administrator of your organisation for a sign-in link."
_SECOND_STEP = "second step"
_TOTP = "totp"


class Signing:
    """The front door.

    ``site``: the hub as browsers know it (None: no passkeys). ``cost``: of a password hash. ``vault_key``: as of
    ``Members``.
    """

    def __init__(self, *, members: Members, audit: Audit, vault: Database, clock: Clock, randomness: Randomness,
                 vault_key: bytes, site: Site | None = None,
                 cost: hash_password.Cost = hash_password.Cost()) -> None:  # noqa: B008 - a frozen value
        self._members, self._audit, self._vault = members, audit, vault
        self._clock, self._randomness, self._vault_key = clock, randomness, vault_key
        self._cost = cost
        self.site = site

    # By password, and the code of an app

    def sign_in(self, email: str, password: str, address: str, *, previous: str = "") -> SignedIn | SecondStep:
        """Sign a person in with a password. Blocks for the time of one hash, whether the account exists or not.

        1. Count the attempt for the account and the address; TooManyAttempts where either must wait.
        2. Verify, against nobody's hash where there is no such account or no password.
        3. One answer for unknown, wrong and suspended: NotSignedIn.
        4. Where the person has an app's code set, the code is asked for: :meth:`give_code`.
        """
        email = email.strip().lower()[:400]
        account, source = self._account(email), self._source(address)
        self._count(account, source)
        someone = self._members.person_of_email(email)
        with self._vault.read() as connection:
            stored = store.password_of(connection, someone.id if someone else "")
            code = store.totp_of(connection, someone.id if someone else "")
        right = hash_password.verify_password(stored, password, self._cost)
        if not right or someone is None or stored is None or not self._members.is_in_good_standing(someone):
            raise NotSignedIn(_REFUSED, hint=_REFUSED_HINT)
        with self._vault.write() as connection:
            store.forgive(connection, account, source)
        if hash_password.is_outdated(stored, self._cost):
            self._save_password(someone.id, password)
        if code is not None and code.confirmed:
            until = self._clock.now() + SECOND_STEP_LIFE
            fields = {"person": someone.id}
            return SecondStep(seal_fields(self._vault_key, _SECOND_STEP, fields, until, self._randomness))
        return self._open(someone, "password", previous)

    def give_code(self, state: str, code: str, address: str, *, previous: str = "") -> SignedIn:
        """Finish a sign-in that the password began: with the app's code, or with a recovery code; each works once.

        NotSignedIn where the code is not right or it took too long; TooManyAttempts as for passwords.
        """
        fields = unseal_fields(self._vault_key, _SECOND_STEP, state, self._clock.now())
        if fields is None:
            raise NotSignedIn("It took too long.", hint="Sign in with your password again.")
        someone = self._members.person(fields["person"])
        counted = (mint.blind(self._vault_key, "code", someone.id), self._source(address))
        self._count(*counted)
        by_app = self._use_code(someone.id, code)
        if not (by_app or self._use_recovery(someone, code)) or not self._members.is_in_good_standing(someone):
            raise NotSignedIn("The code is not right, or was used before.",
                              hint="Wait for the next one and try again, or give one of your recovery codes.")
        with self._vault.write() as connection:
            store.forgive(connection, *counted)
        return self._open(someone, "password" if by_app else "recovery", previous)

    def sign_in_with_recovery(self, email: str, code: str, address: str, *, previous: str = "") -> SignedIn:
        """Sign in with one of the person's recovery codes, which is used up. Counted as a password is."""
        email = email.strip().lower()[:400]
        counted = (self._account(email), self._source(address))
        self._count(*counted)
        someone = self._members.person_of_email(email)
        if someone is None or not self._members.is_in_good_standing(someone) or not self._use_recovery(someone, code):
            raise NotSignedIn("The e-mail address or the code is not right.",
                              hint="Each code works once. Check both, or ask an administrator for a sign-in link.")
        with self._vault.write() as connection:
            store.forgive(connection, *counted)
        return self._open(someone, "recovery", previous)

    def set_password(self, person_id: str, password: str) -> None:
        """Set a person's password. Blocks. Their sessions and unused links end."""
        someone = self._members.person(person_id)
        self._save_password(someone.id, password)
        self._members.end_sessions(someone.id)
        self._note("password.set", someone)

    def change_password(self, person_id: str, current: str, password: str, address: str) -> SignedIn:
        """Set one's own password; the current one, where there is one, is asked for. All sessions end, a new opens."""
        someone = self._members.person(person_id)
        with self._vault.read() as connection:
            stored = store.password_of(connection, someone.id)
        if stored is not None:
            counted = (self._account(someone.email), self._source(address))
            self._count(*counted)
            if not hash_password.verify_password(stored, current, self._cost):
                raise NotAllowed("Your current password is not right.", hint="Check it and try again.")
            with self._vault.write() as connection:
                store.forgive(connection, *counted)
        self.set_password(someone.id, password)
        return self._open(someone, "password", "")

    def methods_of(self, person_id: str) -> Methods:
        """Tell by what a person may sign in."""
        with self._vault.read() as connection:
            code = store.totp_of(connection, person_id)
            return Methods(store.password_of(connection, person_id) is not None, code is not None and code.confirmed,
                           store.count_recovery(connection, person_id))

    def offer_totp(self, person_id: str) -> TotpOffer:
        """Make a new secret for a person's authenticator app. It asks for nothing until a code of it was given."""
        someone = self._members.person(person_id)
        secret = totp.make_secret(self._randomness)
        sealed = seal(self._vault_key, _TOTP, someone.id, secret, self._randomness)
        with self._vault.write() as connection:
            if not store.save_totp(connection, someone.id, sealed):
                raise Conflict("An app is set up already.", hint="Remove it first, then set up the new one.")
        name = self.site.name if self.site else "Fusion Cell"
        return TotpOffer(Secret(totp.text_of(secret)), Secret(totp.uri_of(secret, someone.email, name)))

    def offered_totp(self, person_id: str) -> TotpOffer | None:
        """Return the secret that waits for its first code, for the page that asks again; None where none waits."""
        someone = self._members.person(person_id)
        with self._vault.read() as connection:
            known = store.totp_of(connection, someone.id)
        secret = known and unseal(self._vault_key, _TOTP, someone.id, known.sealed)
        if known is None or known.confirmed or not secret:
            return None
        name = self.site.name if self.site else "Fusion Cell"
        return TotpOffer(Secret(totp.text_of(secret)), Secret(totp.uri_of(secret, someone.email, name)))

    def confirm_totp(self, person_id: str, code: str, address: str) -> None:
        """Take the first code of a new secret: from now on the password alone does not sign this person in."""
        someone = self._members.person(person_id)
        counted = (mint.blind(self._vault_key, "code", someone.id), self._source(address))
        self._count(*counted)
        if not self._use_code(someone.id, code, confirmed=False):
            raise BadInput("The code is not right.", hint="Check that your device's clock is right, and give the next.")
        with self._vault.write() as connection:
            store.confirm_totp(connection, someone.id, self._clock.now())
            store.forgive(connection, *counted)
        self._note("totp.set", someone)

    def end_totp(self, person_id: str) -> None:
        """Forget a person's app: the password alone signs in again."""
        someone = self._members.person(person_id)
        with self._vault.write() as connection:
            if not store.end_totp(connection, someone.id):
                raise NotFound("No app is set up.", hint="Set one up on your account's page.")
        self._note("totp.removed", someone)

    def make_recovery_codes(self, person_id: str) -> list[Secret]:
        """Make ten codes, shown this once; all earlier ones end."""
        someone = self._members.person(person_id)
        codes = recovery.make_codes(self._randomness)
        marks = [recovery.mark_of(self._vault_key, someone.id, code.reveal()) for code in codes]
        with self._vault.write() as connection:
            store.save_recovery(connection, someone.id, marks)
        self._note("recovery.made", someone)
        return codes

    # By link

    def open_link(self, token: str, *, previous: str = "") -> SignedIn:
        """Sign in with a one-time link, which is used up by it. Take it by POST: mail scanners follow GETs."""
        someone = self._members.use_link(token)
        if someone is None or not self._members.is_in_good_standing(someone):
            raise NotSignedIn("This sign-in link is not valid any more.",
                              hint="A link works once and for a short time: ask for a new one.")
        return self._open(someone, "link", previous)

    # By passkey

    def offer_passkey(self, person_id: str) -> str:
        """Return the options, as JSON, by which a signed-in person's browser makes a passkey."""
        someone = self._members.person(person_id)
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
        someone = self._members.person(person_id)
        passkey = Passkey(identifier, someone.id, public_key, uses,
                          admit_name(label or "passkey", "The label", 100), now)
        with self._vault.write() as connection:
            if len(store.passkeys_of(connection, person_id)) >= PASSKEYS_PER_PERSON:
                raise Conflict(f"You have {PASSKEYS_PER_PERSON} passkeys.", hint="Delete one that you do not use.")
            if not store.use_challenge(connection, said.challenge, expires):
                raise Conflict("This page was used before.", hint="Load it again.")
            if not store.save_passkey(connection, passkey):
                raise Conflict("This passkey is known already.", hint="Use it to sign in.")
        self._note("passkey.added", someone, passkey.label)
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
        self._note("passkey.removed", self._members.person(person_id))

    def offer_passkey_sign_in(self) -> str:
        """Return the options, as JSON, by which a browser signs in with a passkey; the same for everyone."""
        return passkeys.offer_sign_in(self._site_known(), passkeys.make_challenge(
            self._vault_key, "sign-in", "", self._clock.now(), self._randomness))

    def sign_in_with_passkey(self, answer: bytes, address: str = "", *, previous: str = "") -> SignedIn:
        """Sign in with a browser's answer, which works once. NotSignedIn where it does not hold.

        Failures count against the address alone: a stranger who knows a passkey's id locks nobody out.
        """
        refused = NotSignedIn("The passkey was not accepted.", hint="Try again, or sign in another way.")
        source = self._source(address)
        self._count("", source)
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
            store.take_back(connection, source)
        someone = self._members.person_known(passkey.person)
        if someone is None or not self._members.is_in_good_standing(someone):
            raise refused
        return self._open(someone, "passkey", previous)

    def _site_known(self) -> Site:
        if self.site is None:
            raise Unavailable("This hub has no public address set, which passkeys need.",
                              hint="Set the hub's public URL, or sign in another way.")
        return self.site

    # Sessions and keys of one's own

    def end_session(self, person_id: str, session_id: str) -> None:
        """End one of a person's sessions by its public id."""
        self._members.end_session(session_id, person_id)

    def end_other_sessions(self, person_id: str, keep: str) -> None:
        """End all of a person's sessions but one (its public id)."""
        self._members.end_sessions(person_id, keep)

    def keys_of(self, person_id: str) -> list[KeyInfo]:
        """Return the living keys that are a person's own, the newest first."""
        someone, now = self._members.person(person_id), self._clock.now()
        return [key for key in self._members.list_keys(someone.org)
                if key.person == someone.id and key.ended is None and now < key.expires]

    def make_key(self, viewer: Viewer, label: str, role: str, scopes: Iterable[str] | None, days: int,
                 ) -> tuple[KeyInfo, Secret]:
        """Make a key of one's own: it permits no more than its maker may do now. The secret is shown this once.

        BadInput for unknown scopes and other lives than 1 to 365 days; NotAllowed for more than one's own permissions.
        """
        if viewer.person is None or viewer.org is None:
            raise NotAllowed("A key belongs to a person here.", hint="Sign in, and make it on your account's page.")
        role, chosen = role_named(role), None if scopes is None else frozenset(scopes)
        label = admit_name(label, "The label", 100)
        if not KEY_DAYS[0] <= days <= KEY_DAYS[1]:
            raise BadInput(f"A key lives {KEY_DAYS[0]} to {KEY_DAYS[1]} days.", hint="Make a new one in time.")
        if chosen is not None and not chosen <= SCOPE_WORDS.keys():
            raise BadInput("There is no such scope.", hint=f"Use some of: {', '.join(SCOPE_WORDS)}.")
        wanted = permissions_of((role,)) if chosen is None else permissions_of((role,)) & chosen
        if not wanted or not wanted <= viewer.permissions:
            raise NotAllowed("A key permits something, and no more than you may do.",
                             hint="Choose another role, or fewer scopes.")
        if len(self.keys_of(viewer.person)) >= KEYS_PER_PERSON:
            raise Conflict(f"You have {KEYS_PER_PERSON} keys.", hint="Revoke some that are unused.")
        expires = self._clock.now() + days * DAY
        return self._members.make_key(viewer.org, viewer.person, role, label, scopes=wanted, expires=expires)

    def end_key(self, viewer: Viewer, key_id: str) -> None:
        """End a key: one's own, or one of the organisation where one administers or leads it."""
        over = viewer.may("administer_members") or viewer.may("lead")
        known = next((key for key in self._members.list_keys(viewer.org) if key.id == key_id), None)
        if viewer.org is None or known is None or not (over or (known.person and known.person == viewer.person)):
            raise NotFound("There is no such key.", hint="List your keys.")
        self._members.end_key(key_id, viewer.org, author=author_of(viewer))

    # For ways of signing in that stand beside

    def admit(self, someone: Person, method: str, previous: str) -> SignedIn:
        """Open a session for who has proved who they are elsewhere (a provider). NotSignedIn where suspended."""
        if not self._members.is_in_good_standing(someone):
            raise NotSignedIn("This account is suspended.", hint="Ask an administrator of your organisation.")
        return self._open(someone, method, previous)

    def count_attempt(self, address: str) -> str:
        """Count an attempt of an address, or raise TooManyAttempts; hand the answer to :meth:`was_right`."""
        source = self._source(address)
        self._count("", source)
        return source

    def was_right(self, counted: str) -> None:
        """Give an attempt back."""
        with self._vault.write() as connection:
            store.take_back(connection, counted)

    def use_once(self, mark: bytes, until: int) -> bool:
        """Note something as used (at most 64 bytes); False where it was used before."""
        with self._vault.write() as connection:
            return store.use_challenge(connection, mark, until)

    def tidy(self) -> None:
        """Delete attempts and challenges that ended more than a day ago. Call it daily."""
        with self._vault.write() as connection:
            store.forget_ended(connection, self._clock.now() - DAY)

    # Within

    def _account(self, email: str) -> str:
        return mint.blind(self._vault_key, "account", email)

    def brake(self, kind: str, text: str) -> None:
        """Count an attempt at something of this kind by ``text`` (an address); TooManyAttempts where it must wait."""
        self._count(mint.blind(self._vault_key, kind, slow_down.source_of(text)), "")

    def brake_mail(self, org: str, address: str) -> None:
        """Count a mail that an organisation causes to an address of somebody's; TooManyMails over a day's bounds.

        What was refused is counted for nobody. The address is kept as a keyed hash, for a day.
        """
        now, box = self._clock.now(), slow_down.mailbox_of(address)
        bounds = (
            (mint.blind(self._vault_key, "mailed by", f"{org}\0{box}"), slow_down.MOST_TO_ONE_OF,
             "Your organisation has sent this address enough mail for today."),
            (mint.blind(self._vault_key, "mailed", box), slow_down.MOST_TO_ONE,
             "This address was sent enough mail for today."),
            (mint.blind(self._vault_key, "mails", org), slow_down.MOST_OF_ONE,
             "Your organisation has caused enough mail for today."),
        )  # fmt: skip
        with self._vault.write() as connection:
            for subject, most, said in sorted(bounds):
                counted = slow_down.of_today(store.attempts_of(connection, subject), now)
                if counted.count >= most:
                    raise TooManyMails((DAY - now % DAY) // 1_000_000, said)
                store.save_attempts(connection, subject, slow_down.Attempts(counted.count + 1, now))

    def _source(self, address: str) -> str:
        return mint.blind(self._vault_key, "address", slow_down.source_of(address))

    def _count(self, account: str, source: str) -> None:
        """Count an attempt for both ("" for none), or raise TooManyAttempts and count it for neither."""
        now = self._clock.now()
        with self._vault.write() as connection:
            for subject, free in ((account, slow_down.FREE_FOR_ACCOUNT), (source, slow_down.FREE_FOR_ADDRESS)):
                if not subject:
                    continue
                counted, due = slow_down.attempt(store.attempts_of(connection, subject), free, now)
                if due:
                    raise TooManyAttempts(-(-due // 1_000_000))
                store.save_attempts(connection, subject, counted)

    def _use_code(self, person_id: str, code: str, *, confirmed: bool = True) -> bool:
        """Use an app's code up; False where it is wrong, was used, or there is no such app."""
        with self._vault.write() as connection:
            known = store.totp_of(connection, person_id)
            secret = known and unseal(self._vault_key, _TOTP, person_id, known.sealed)
            if known is None or not secret or known.confirmed != confirmed:
                return False
            step = totp.matching_step(secret, code, known.step, self._clock.now())
            return step is not None and store.use_step(connection, person_id, step)

    def _use_recovery(self, someone: Person, code: str) -> bool:
        if not recovery.canonical(code):
            return False
        mark = recovery.mark_of(self._vault_key, someone.id, code)
        with self._vault.write() as connection:
            used = store.use_recovery(connection, someone.id, mark, self._clock.now())
        if used:
            self._note("recovery.used", someone)
        return used

    def _save_password(self, person_id: str, password: str) -> None:
        stored = hash_password.hash_password(password, self._cost, self._randomness)
        with self._vault.write() as connection:
            store.save_password(connection, person_id, stored, self._clock.now())

    def _open(self, someone: Person, method: str, previous: str) -> SignedIn:
        return self._members.open_session(someone, method, previous)

    def _note(self, action: str, someone: Person, detail: str = "") -> None:
        self._audit.note(action, org=someone.org, actor=f"person:{someone.id}", subject=someone.id, detail=detail)
