"""The use cases of signing in by a provider: begin, finish, link, unlink.

1. ``begin`` draws state, nonce and PKCE verifier, seals them into a cookie, and says where the browser goes.
2. The provider sends the browser back with a code and the state.
3. ``finish`` opens the cookie, which is good once and for ten minutes, and compares the state (RFC 6749 §10.12) and
   the issuer where it is given (RFC 9207).
4. It exchanges the code for an ID token and checks it (``check_token``).
5. The account signs in the person with whom it is linked, or is linked with who is signed in and asked for that.

**Blocking**: all methods touch databases, and two ask the provider: call them in a worker thread.
"""

from __future__ import annotations

import base64
import hmac
import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.errors import Conflict, NotFound, NotSignedIn, Unavailable
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.ports import Database, WebService
from fusioncell.members.audit import Audit
from fusioncell.members.model import Person
from fusioncell.members.oidc import store
from fusioncell.members.oidc.check_token import (
    REFUSED,
    REFUSED_HINT,
    check_id_token,
    key_named,
    read_description,
    read_object,
)
from fusioncell.members.oidc.model import (
    ACCOUNTS_PER_PERSON,
    ASK_AGAIN,
    BEGUN_LIFE,
    DOWN_FOR,
    KNOWN_FOR,
    SCOPES,
    Begun,
    Claims,
    Endpoints,
    Finished,
    Identity,
    Provider,
)
from fusioncell.members.service import Members
from fusioncell.members.signing import Signing
from fusioncell.members.signing.seal import seal_fields, unseal_fields

BACK = "/sign-in/oidc/back"
"""The path to which the provider sends the browser; registered there with the hub's public URL before it."""

_PURPOSE = "oidc"


class Providers:
    """The front door. ``provider`` None: none is set up, and nothing here is offered."""

    def __init__(self, *, provider: Provider | None, web: WebService, members: Members, signing: Signing, audit: Audit,
                 vault: Database, clock: Clock, randomness: Randomness, vault_key: bytes) -> None:
        self.provider = provider if signing.site is not None else None
        self._web, self._members, self._signing, self._audit = web, members, signing, audit
        self._vault, self._clock, self._randomness, self._vault_key = vault, clock, randomness, vault_key
        self._endpoints: tuple[Endpoints, Instant] | None = None
        self._keys: tuple[dict[str, Any], Instant] | None = None
        self._down_until: Instant = 0
        self._lock = threading.Lock()

    def begin(self, then: str, link_to: str = "") -> Begun:
        """Say where the browser goes. ``link_to``: the signed-in person who asked to link an account, else ""."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        provider = self._known()
        state, nonce, verifier = (self._draw() for _ in range(3))
        url = prepare_grant_uri(
            self._described().authorization, provider.client_id, "code", self._redirect(), SCOPES, state, nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256")
        fields = {"state": state, "nonce": nonce, "verifier": verifier, "then": then, "person": link_to}
        cookie = seal_fields(self._vault_key, _PURPOSE, fields, self._clock.now() + BEGUN_LIFE, self._randomness)
        return Begun(url, cookie)

    def finish(self, cookie: str, answer: Mapping[str, str], address: str, *, signed_in: str = "", previous: str = "",
               ) -> Finished:
        """Take the browser that comes back. ``signed_in``: who is signed in there now, "" for nobody.

        NotSignedIn where the answer is not to what this browser began, was used, is over, or its token does not hold;
        Unavailable where the provider does not answer; TooManyAttempts for an address that failed often.
        """
        provider, counted = self._known(), self._signing.count_attempt(address)
        refused = NotSignedIn(REFUSED, hint=REFUSED_HINT)
        begun = unseal_fields(self._vault_key, _PURPOSE, cookie, self._clock.now())
        state = answer.get("state", "")[:200]
        if begun is None or not hmac.compare_digest(begun["state"].encode(), state.encode("utf-8", "replace")):
            raise refused
        if answer.get("iss", provider.issuer) != provider.issuer or begun["person"] not in ("", signed_in):
            raise refused
        mark = sha256(begun["state"].encode()).digest()
        if not answer.get("code") or not self._signing.use_once(mark, self._clock.now() + BEGUN_LIFE):
            raise refused
        claims = self._exchange(provider, answer["code"][:4000], begun)
        self._signing.was_right(counted)
        if begun["person"]:
            self._link(self._members.person(begun["person"]), claims, "by the person")
            return Finished(None, begun["then"])
        someone = self._person_of(claims)
        return Finished(self._signing.admit(someone, "provider", previous), begun["then"])

    def accounts_of(self, person_id: str) -> list[Identity]:
        """Return the accounts that are linked with a person."""
        with self._vault.read() as connection:
            return store.of_person(connection, person_id)

    def unlink(self, person_id: str, issuer: str, subject: str) -> None:
        """Unlink an account; it signs nobody in any more."""
        someone = self._members.person(person_id)
        with self._vault.write() as connection:
            if not store.end(connection, issuer, subject, person_id):
                raise NotFound("There is no such account.", hint="Load your account's page again.")
        self._note("identity.removed", someone, "")

    # Within

    def _known(self) -> Provider:
        if self.provider is None:
            raise NotFound("No identity provider is set up here.", hint="Sign in another way.")
        return self.provider

    def _redirect(self) -> str:
        return f"{self._signing.site.origin}{BACK}" if self._signing.site else BACK

    def _draw(self) -> str:
        return base64.urlsafe_b64encode(self._randomness.bytes(32)).rstrip(b"=").decode()

    def _described(self) -> Endpoints:
        """Return where the provider is asked, from memory for an hour."""
        from authlib.oidc.discovery import get_well_known_url

        now, provider = self._clock.now(), self._known()
        with self._lock:
            if self._endpoints is None or not 0 <= now - self._endpoints[1] < KNOWN_FOR:
                body = self._ask(get_well_known_url(provider.issuer, external=True), now)
                self._endpoints = (read_description(body, provider.issuer), now)
            return self._endpoints[0]

    def _ask(self, address: str, now: Instant) -> bytes:
        """Ask the provider, under the lock. One that has just failed is not asked: those who wait are told at once."""
        if now < self._down_until <= now + DOWN_FOR:
            raise Unavailable("The identity provider does not answer.", hint="Sign in another way, or try again soon.")
        try:
            return self._web.get(address)
        except Unavailable:
            self._down_until = self._clock.now() + DOWN_FOR
            raise

    def _keys_for(self, token: str) -> dict[str, Any]:
        """Return the provider's keys, asked for anew where the token names one that is not among them."""
        now, wanted, address = self._clock.now(), key_named(token), self._described().jwks
        with self._lock:
            known = self._keys
            held = known is not None and any(
                isinstance(key, dict) and key.get("kid", "") == wanted for key in known[0].get("keys", ()))
            age = now - known[1] if known else KNOWN_FOR
            if known is None or not 0 <= age < KNOWN_FOR or (not held and age >= ASK_AGAIN):
                known = self._keys = (read_object(self._ask(address, now)), now)
            return known[0]

    def _exchange(self, provider: Provider, code: str, begun: dict[str, str]) -> Claims:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect(),
                  "code_verifier": begun["verifier"], "client_id": provider.client_id}
        said = read_object(self._web.post(self._described().token, fields, provider.client_id,
                                          provider.client_secret))
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise NotSignedIn(REFUSED, hint=REFUSED_HINT)
        return check_id_token(token, self._keys_for(token), provider, begun["nonce"],
                              access if isinstance(access, str) else "", self._clock.now())

    def _person_of(self, claims: Claims) -> Person:
        provider = self._known()
        with self._vault.read() as connection:
            known = store.find(connection, provider.issuer, claims.subject)
        someone = self._members.person_known(known.person) if known else None
        if someone is None and known is None and provider.match_email and claims.email:
            someone = self._members.person_of_email(claims.email)
            if someone is not None:
                self._link(someone, claims, "by the verified e-mail address")
        if someone is None:
            raise NotSignedIn("No member is linked with this account.",
                              hint="Sign in another way, and link the account on your account's page.")
        return someone

    def _link(self, someone: Person, claims: Claims, how: str) -> None:
        identity = Identity(self._known().issuer, claims.subject, someone.id, claims.label, self._clock.now())
        with self._vault.write() as connection:
            if len(store.of_person(connection, someone.id)) >= ACCOUNTS_PER_PERSON:
                raise Conflict(f"You have {ACCOUNTS_PER_PERSON} accounts linked.", hint="Unlink one.")
            if not store.save(connection, identity):
                raise Conflict("This account is linked already.", hint="Unlink it where it is linked.")
        self._note("identity.linked", someone, how)

    def _note(self, action: str, someone: Person, detail: str) -> None:
        self._audit.note(action, org=someone.org, actor=f"person:{someone.id}", subject=someone.id, detail=detail)


__all__ = ["BACK", "Providers"]
