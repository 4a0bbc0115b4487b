"""Values of subscribers: who takes what, how far it has adopted it, with which keys.

Each entry (:data:`KINDS`) carries the subscriber as it stands from then on; its audience is the subscriber's
organisation, the one that runs the hub, and the approvers, who must see whether a lift has arrived.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgspec

from fusioncell.kernel.clock import DAY, HOUR, Instant
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.shield.model import SEVERITIES
from fusioncell.shield.resolvers import Kind

ADDED, CHANGED, ENDED = "subscriber.added", "subscriber.changed", "subscriber.ended"
KINDS = frozenset({ADDED, CHANGED, ENDED})
MARKED = "zone.marked"
"""Kind of the entry that merges what changed lately into the main zones, and ends what need not pass any more."""
FIRST = 1 << 30
"""The serial of a zone before the first step and mark; those follow the clock, and are newer until the year 2072."""
MOST = 1000
"""Subscribers of a hub."""
MOST_ADDRESSES = 50
MOST_CERTIFICATES = 5
BY_CERTIFICATE = "cert-sha256:"
"""What the DNS server puts before the fingerprint of a client's certificate where it says who asks."""
MOST_FRESH = 9_500
"""Names that changed lately beyond which they are merged before the quiet hours."""
QUIET = 3 * HOUR
"""Since midnight (UTC): when most people sleep where this hub's resolvers stand."""
OVERLAP = 7 * DAY
"""How long the old key goes on after a rotation."""
_LABEL = re.compile(r"[^\x00-\x1f\x7f-\x9f<>]{1,80}\Z")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_HOST = re.compile(r"(?=.{4,200}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+\Z", re.ASCII)


class Action(StrEnum):
    """What a resolver answers for a blocked name."""

    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    GARDEN = "garden"
    """A CNAME to the ISP's walled garden."""
    PASSTHRU = "passthru"
    """As if nothing stood there: to measure, not to protect."""


class Step(StrEnum):
    """How far a subscriber has adopted the zones."""

    REHEARSE = "rehearse"
    """Nothing is served: the ISP reads its own logs against the list."""
    SHADOW = "shadow"
    """Served; hits are logged and nothing is answered differently. Never counted as protection."""
    CANARY = "canary"
    """Enforced on one resolver."""
    ENFORCE = "enforce"


STEPS = tuple(Step)


class Choice(msgspec.Struct, frozen=True):
    """What decides a subscriber's zones. No categories or severities: all."""

    kind: Kind
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    action: Action = Action.NXDOMAIN
    garden: str = ""

    def takes(self, category: str, severity: str) -> bool:
        """Tell whether a name of this category and severity stands in the zones."""
        return (not self.categories or category in self.categories) and (
            not self.severities or severity in self.severities
        )


class Key(msgspec.Struct, frozen=True):
    """A TSIG key: its name, and the instant after which it is no more (0: it stays). Its secret is derived of the name
    and the hub's key, and stands nowhere.
    """

    name: str
    until: int = 0


class Body(msgspec.Struct, frozen=True):
    """The body of a subscriber's entries: all of it, as it stands from then on.

    ``certificates``: SHA-256 fingerprints (hex) of those that it shows by TLS; who has any is known by a key or one of
    them, never by its address alone.
    ``addresses``: networks from which it may come; without a key it must come from one of them. ``notify``: where it
    hears of changes (``address`` or ``address@port``). ``reference``: the ISP's own change that brought the step.
    """

    subscriber: str
    org: str
    label: str
    choice: Choice
    addresses: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    step: Step = Step.REHEARSE
    reference: str = ""
    reason: str = ""
    certificates: tuple[str, ...] = ()


class Mark(msgspec.Struct, frozen=True):
    """The body of a :data:`MARKED` entry. ``merge``: the main zones take what came since the last merge. ``held``: the
    zone's serial up to which every live subscriber has the lifts: their names need not pass any more.
    """

    merge: bool
    held: int


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber as it stands. ``audience``: of its entries. ``ended_at``: 0 while it is one."""

    id: str
    org: str
    label: str
    choice: Choice
    addresses: tuple[str, ...]
    notify: tuple[str, ...]
    keys: tuple[Key, ...]
    step: Step
    reference: str
    audience: int
    added_at: Instant
    changed_at: Instant
    ended_at: Instant
    certificates: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Tell whether it may have its zones."""
        return not self.ended_at and self.step is not Step.REHEARSE


class Taken(NamedTuple):
    """What one subscriber holds of one zone. ``holds``: None where it has not come since the hub started."""

    origin: str
    label: str
    serial: int
    holds: int | None
    seen: Instant
    names: int


def check_choice(choice: Choice, categories: frozenset[str]) -> Choice:
    """Return the choice, sorted, without what is said twice. Raises BadInput for what no zone can be made of."""
    unknown = sorted(set(choice.categories) - categories)
    if unknown:
        raise BadInput("that is not a category of the blocking policy", place="categories",
                       hint=f"The policy knows: {', '.join(sorted(categories))}.")  # fmt: skip
    if set(choice.severities) - set(SEVERITIES):
        raise BadInput("that is no severity", hint=f"There are {', '.join(SEVERITIES)}.", place="severities")
    garden = choice.garden.strip().lower().rstrip(".")
    if choice.action is Action.GARDEN and not _HOST.match(garden):
        raise BadInput("name the host of your walled garden", hint="As in garden.isp.example.", place="garden")
    if choice.action is Action.GARDEN and choice.kind is Kind.KNOT:
        raise BadInput("Knot Resolver 5 leads to no walled garden", hint="Choose nxdomain or nodata.", place="action")
    return Choice(choice.kind, tuple(sorted(set(choice.categories))), tuple(sorted(set(choice.severities))),
                  choice.action, garden if choice.action is Action.GARDEN else "")  # fmt: skip


def check_label(text: str) -> str:
    """Return a label of one line. Raises BadInput."""
    label = " ".join(text.split())
    if not _LABEL.match(label):
        raise BadInput("give the resolver a name of at most 80 characters", hint="As in: Leeds, pair 2.",
                       place="label")  # fmt: skip
    return label


def check_addresses(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return networks in their usual form. Raises BadInput."""
    try:
        found = {str(ipaddress.ip_network(one.strip(), strict=False)) for one in given if one.strip()}
    except ValueError:
        found = {"/0"}
    if len(found) > MOST_ADDRESSES or any(one.endswith("/0") for one in found):
        raise BadInput("give addresses or networks of your own resolvers", hint="As in 192.0.2.53 or 2001:db8::/64.",
                       place="addresses")  # fmt: skip
    return tuple(sorted(found))


def check_notify(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the places that hear of changes, as ``address@port``. Raises BadInput."""
    found = set()
    for one in given:
        address, _, port = one.strip().partition("@")
        try:
            number = int(port or "53") if (port or "53").isascii() else 0
            if not 0 < number < 65_536:
                raise ValueError(port)
            found.add(f"{ipaddress.ip_address(address)}@{number}")
        except ValueError:
            raise BadInput("that is no address that could be told of changes", place="notify",
                           hint="As in 192.0.2.53 or 192.0.2.53@5301.") from None  # fmt: skip
    if len(found) > MOST_ADDRESSES:
        raise BadInput(f"at most {MOST_ADDRESSES} addresses are told", place="notify")
    return tuple(sorted(found))


def check_certificates(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return SHA-256 fingerprints as 64 hex digits; they may come as openssl prints them. Raises BadInput."""
    found = {one.rpartition("=")[2].strip().lower().replace(":", "") for one in given if one.strip()}
    if not all(map(_FINGERPRINT.match, found)):
        raise BadInput("that is no SHA-256 fingerprint of a certificate", place="certificates",
                       hint="It is what `openssl x509 -noout -fingerprint -sha256 -in FILE` prints.")  # fmt: skip
    if len(found) > MOST_CERTIFICATES:
        raise BadInput(f"a resolver has at most {MOST_CERTIFICATES} certificates", place="certificates",
                       hint="Leave out those that it shows no more.")  # fmt: skip
    return tuple(sorted(found))


def check_step(now: Step, then: Step, reference: str) -> str:
    """Return the change's reference. Raises Conflict where a step is left out, BadInput without a reference."""
    if then is now:
        raise Conflict(f"this resolver is at {now.value} already")
    if STEPS.index(then) > STEPS.index(now) + 1:
        raise Conflict("a resolver takes one step after the other", place="step",
                       hint=f"The next one is {STEPS[STEPS.index(now) + 1].value}.")  # fmt: skip
    said = " ".join(reference.split())
    if not said or not _LABEL.match(said):
        raise BadInput("give the reference of your change", hint="As it stands in your change record: CHG0012345.",
                       place="reference")  # fmt: skip
    return said
