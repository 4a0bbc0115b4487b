"""The frozen values of the membership: organisations, people, groups, keys, sessions, and the roles as data.

Rules kept here:

* A role permits actions and never widens sight (DESIGN §3); what a viewer sees follows from its parties alone.
* No value here carries a secret, save :class:`Secret`, which prints as nothing and must be asked by name.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Instant
from fusioncell.kernel.errors import BadInput, FusionCellError


class TooManyAttempts(FusionCellError):
    """Too many failed sign-ins for this account or from this address; ``wait`` is in whole seconds."""

    status = 429
    title = "Too many attempts"

    def __init__(self, wait: int) -> None:
        super().__init__("There were too many failed attempts to sign in.",
                         hint=f"Wait {wait} seconds and try again, or ask an administrator for a sign-in link.")
        self.wait = wait


class TooManyMails(TooManyAttempts):
    """An address, or an organisation, had all the invitations and tests of a day; ``wait`` is in whole seconds."""

    title = "Too many mails"

    def __init__(self, wait: int, said: str) -> None:
        super().__init__(wait)
        self.args = (said,)
        self.detail, self.hint = said, "Try again tomorrow, or reach them by another way."


def no_brake(org: str, address: str) -> None:
    """Count no mail: where nobody but operators causes any."""


class TermsDue(FusionCellError):
    """Known here, but their organisation has not accepted the terms; ``page``: where a browser is led."""

    status = 403
    title = "Accept the terms first"
    page = "/terms"

    def __init__(self) -> None:
        super().__init__("Your organisation has not accepted the terms of the partnership yet.",
                         hint="A person with the role lead reads and accepts them at /terms.")


PERMISSIONS = frozenset({
    "contribute", "read", "search", "stream", "match", "export", "recall", "propose", "approve", "withdraw_block",
    "administer_members", "operate", "audit", "sponsor", "vet", "lead", "edit", "moderate", "answer", "unseal", "hold",
    "federate", "report_hits", "deconflict",
})
"""Every action that a door may ask for.

``sponsor``: stand for an applicant; ``vet``: decide on one; ``lead``: bind the own organisation (terms, its people, its
keys); ``edit``: publish for another organisation, mend what colleagues posted; ``moderate``: open groups and rooms,
close threads; ``answer``: answer as the Fusion Cell; ``unseal``: one of the two officers who may reveal an author;
``hold``: keep personal data from erasure for a case; ``federate``: be another hub, to which the doors of federation
open, and no others; ``report_hits``: tell what the own resolvers blocked, as counts;
``deconflict``: one of two officers who keep a name from being blocked for a case.
"""

_READING = frozenset({"read", "search", "stream", "match"})
_SHARING = _READING | {"contribute", "export", "recall", "sponsor"}

ROLES: dict[str, frozenset[str]] = {
    "administrator": PERMISSIONS - {"unseal", "hold", "federate", "deconflict"},
    "operator": _READING | {"export", "operate", "audit"},
    "analyst": _SHARING | {"propose", "answer"},
    "approver": _READING | {"propose", "approve", "withdraw_block"},
    "member": _SHARING,
    "lead": _SHARING | {"lead"},
    "editor": _SHARING | {"edit"},
    "moderator": _SHARING | {"moderate"},
    "secretary": _READING | {"vet"},
    "police": _SHARING | {"deconflict"},
    "isp": _SHARING | {"report_hits"},
    "officer": _READING | {"unseal", "hold", "deconflict"},
    "auditor": frozenset({"read", "search", "export", "audit"}),
    "reader": _READING,
    "hub": frozenset({"read", "federate"}),
    "guest": frozenset({"read", "search", "stream", "contribute"}),
}
"""Role → what it permits. ``police`` also keeps names from being blocked for a case; ``isp`` also reports
what its resolvers blocked.

``guest``: of those let into one group for some days (``members.circles``); doors that are not made for guests do not
open to them, whatever it permits (``web.access``).
"""

ROLE_SPELLINGS = {
    "read-only": "reader", "admin": "administrator", "fusion analyst": "analyst", "police officer": "police",
}
"""Other names by which partners know a role."""

KINDS = ("government", "industry", "police", "isp", "academia")
"""What an organisation is; its sector is its own word for where it works (energy, finance …)."""

GUEST = "guest"
"""The kind of the organisation that stands for one guest of a group (``members.circles``): it is no member, and no
listing or look-up by name or address finds it."""

FEED = "feed"
"""The kind of the organisation that stands for a source that the hub itself fetches (``exchange.inbound``): an origin
of its own, and no member."""
HUB = "hub"
"""The kind of the organisation that stands for another hub, which reads here what its agreement allows and no more
(``exchange.federation``). It contributes nothing by itself: what it has is pulled, as a source."""
UNLISTED = f"('{GUEST}', '{FEED}')"
"""Both, for SQL."""

SESSION_LIFE = 12 * HOUR
SESSION_IDLE = HOUR
KEY_LIFE = 365 * DAY
LINK_LIFE = 7 * DAY
TOUCH_EVERY = MINUTE
"""A session is looked at again, and its use noted in memory, at most this often."""

KEYS_PER_ORGANISATION = 1000
PASSKEYS_PER_PERSON = 20
PASSWORD_LENGTHS = (12, 1024)
"""NIST SP 800-63B §3.1.1.2: length is what counts; no rules of composition."""


class Purpose(StrEnum):
    """What a token is for; a token made for one purpose is nothing for another."""

    KEY = "key"
    SESSION = "session"
    LINK = "link"


class Secret:
    """A secret, shown once. It prints as nothing; :meth:`reveal` is the only way to its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself: for the one answer that shows it, never for a log."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        raise TypeError("a secret is no key of a dict")


@dataclass(frozen=True, slots=True)
class Organisation:
    """A member of the partnership. ``created`` is the instant of its entry. ``bound``: it has accepted the terms."""

    id: str
    name: str
    sector: str
    kind: str
    created: Instant
    suspended: bool = False
    bound: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works for a member. Name and address stand in erasable payloads only (DESIGN rule 13)."""

    id: str
    org: str
    name: str
    email: str
    roles: tuple[str, ...]
    created: Instant
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """An API key without its secret. ``scopes`` None: all that the role permits. ``used_day``: ``2026-11-21``."""

    id: str
    org: str
    person: str | None
    role: str
    scopes: frozenset[str] | None
    label: str
    created: Instant
    expires: Instant
    used_day: str | None = None
    ended: Instant | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A signed-in browser, by its public id. ``method``: passkey, password, link, recovery or provider.

    ``seen``: the beginning of the day on which it was last used; the vault knows no better (see ``LastUsed``).
    """

    id: str
    person: str
    method: str
    created: Instant
    expires: Instant
    seen: Instant
    ended: Instant | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What signing in gives: the new session's token for the cookie, and the token that guards its forms."""

    person: Person
    session: Secret
    csrf: str
    expires: Instant


def role_named(text: str) -> str:
    """Return the role of this name or spelling; BadInput lists those that exist."""
    name = text.strip().lower()
    name = ROLE_SPELLINGS.get(name, name)
    if name not in ROLES:
        raise BadInput(f"{text[:40]!r} is no role", hint=f"Use one of: {', '.join(ROLES)}.")
    return name


def roles_named(names: Iterable[str]) -> tuple[str, ...]:
    """Return the roles of these names, once each; BadInput where there is none."""
    roles = tuple(dict.fromkeys(role_named(name) for name in names))
    if not roles:
        raise BadInput("A person has at least one role.", hint="Use reader for someone who only reads.")
    return roles


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Return all that the roles permit together; a role that is unknown permits nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
