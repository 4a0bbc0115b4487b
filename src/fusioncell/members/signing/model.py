"""The values of signing in: what is asked of a person next, what is shown once, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.kernel.clock import MINUTE
from fusioncell.members.model import Secret

SECOND_STEP_LIFE = 5 * MINUTE
"""How long after the password the code may come."""

FRESH_SESSION = 15 * MINUTE
"""How long after a sign-in the ways to sign in may be changed without signing in again."""

RECOVERY_CODES = 10
KEYS_PER_PERSON = 50
KEY_DAYS = (1, 365)
"""The shortest and the longest life of a key that a person makes, in days."""

SCOPE_WORDS = {
    "read": "read what may be read",
    "search": "search",
    "match": "match lists of values",
    "stream": "listen to the live stream",
    "export": "export",
    "contribute": "contribute",
    "recall": "recall what was contributed",
    "propose": "propose blocks",
    "approve": "approve blocks",
    "withdraw_block": "withdraw blocks",
    "answer": "answer as the Fusion Cell",
    "sponsor": "sponsor applicants",
    "vet": "decide on applicants",
    "lead": "act for the organisation",
    "edit": "publish for others",
    "moderate": "moderate",
    "operate": "read the hub's figures",
    "audit": "read the audit log",
    "administer_members": "administer members",
}
"""What a key may be allowed to do, in words. What needs a person at a screen (``unseal``, ``hold``) is not here."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right, and a code is asked for. ``state``: sealed, short-lived; it goes through the form."""

    state: str


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A new secret for a person's authenticator app. ``uri``: ``otpauth://totp/…`` (it holds the secret too)."""

    secret: Secret
    uri: Secret


@dataclass(frozen=True, slots=True)
class Methods:
    """By what a person may sign in, beside passkeys and a provider's accounts."""

    password: bool
    totp: bool
    recovery_left: int


@dataclass(frozen=True, slots=True)
class Totp:
    """A person's secret as the vault keeps it. ``confirmed``: a code of it was given; ``step``: of the last code."""

    sealed: bytes
    confirmed: bool
    step: int

