"""The values of signing in by a provider."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.kernel.clock import HOUR, MINUTE, SECOND, Instant
from fusioncell.members.model import SignedIn

BEGUN_LIFE = 10 * MINUTE
"""How long a person may take at the provider."""

KNOWN_FOR = HOUR
"""How long what the provider publishes of itself is kept; a key that is not known is asked for at once."""

DOWN_FOR = 10 * SECOND
"""A provider that does not answer is not asked again sooner: who waits for it must not hold up all others."""

ASK_AGAIN = MINUTE
"""Keys are not asked for again sooner than this, however many tokens name a key that is not known."""

SCOPES = "openid email"
LONGEST = 262_144
"""No answer of a provider is longer (bytes)."""

ACCOUNTS_PER_PERSON = 10


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider, as the settings name it. ``match_email``: a verified address of a member suffices to link."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    match_email: bool = False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the provider publishes of itself (OpenID Connect Discovery 1.0 §3)."""

    authorization: str
    token: str
    jwks: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked ID token says. ``email`` is "" unless the provider has verified it."""

    subject: str
    email: str
    label: str


@dataclass(frozen=True, slots=True)
class Identity:
    """An account at a provider that is linked with a person. ``label``: how the person knows it."""

    issuer: str
    subject: str
    person: str
    label: str
    created: Instant


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the sealed state that it carries back in a cookie."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of it: a session, or (``signed`` None) an account linked with who is signed in. ``then``: a path."""

    signed: SignedIn | None
    then: str
