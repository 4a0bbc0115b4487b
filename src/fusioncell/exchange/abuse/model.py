"""The frozen values of abuse notices, and the kinds of abuse that they tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable, ObservableType

MOST = 1000
"""Notices of one page."""
USUAL = 500
"""Notices of a page of which nothing else was said."""
TYPES = (ObservableType.IPV4, ObservableType.IPV6, ObservableType.CIDR, ObservableType.URL)
"""Observables that can lie in a network: a URL by its host."""

KINDS: dict[str, str] = {
    "infected-system": "malicious-code", "c2-server": "malicious-code", "malware-distribution": "malicious-code",
    "malware-configuration": "malicious-code", "spam": "abusive-content", "phishing": "fraud", "masquerade": "fraud",
    "unauthorised-use-of-resources": "fraud", "scanner": "information-gathering", "sniffing": "information-gathering",
    "social-engineering": "information-gathering", "brute-force": "intrusion-attempts",
    "exploit": "intrusion-attempts", "ids-alert": "intrusion-attempts", "system-compromise": "intrusions",
    "application-compromise": "intrusions", "privileged-account-compromise": "intrusions",
    "unprivileged-account-compromise": "intrusions", "dos": "availability", "ddos": "availability",
    "ddos-amplifier": "vulnerable", "potentially-unwanted-accessible": "vulnerable", "weak-crypto": "vulnerable",
    "information-disclosure": "vulnerable", "vulnerable-system": "vulnerable", "undetermined": "other",
}  # fmt: skip
"""Type of the Reference Security Incident Taxonomy → its class: those that an address can be the cause of. A test holds
them against ``pytaxonomies``."""


class Statement(NamedTuple):
    """A statement about an observable, as fusion's index has it: where it stands, and what it says."""

    seq: int
    observable: int
    audience: int
    role: int
    stance: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Notice:
    """One statement about one address of an organisation.

    ``value``: the address, network or URL as it is known here, for look-ups; never written out. ``address``: the
    address or network. ``network``: the own network that it lies in. ``kind``: of :data:`KINDS`. ``role``, ``says``:
    the role's and stance's names. ``observed``: when, as its source says; ``received``: when the hub took it.
    ``port``: 0 for not known, as is ``protocol`` "" and ``url`` "". ``count``: such statements about it.
    ``malicious``, ``active``: probabilities by all that the organisation may see.
    """

    id: str
    value: Observable
    address: str
    network: str
    kind: str
    role: str
    says: str
    observed: Instant
    received: Instant
    port: int
    protocol: str
    url: str
    tlp: str
    count: int
    malicious: float
    active: float
    contribution: str


class By(NamedTuple):
    """Who sends notices: the hub's address, for links, and the address that its mail comes from."""

    base: str
    contact: str


@dataclass(frozen=True, slots=True)
class Notices:
    """A page of notices. ``cursor``: from where to go on; ``more``: some wait now; ``again``: it began anew, since the
    organisation sees more, or has other networks, than when its cursor was given."""

    found: tuple[Notice, ...]
    cursor: str
    more: bool
    again: bool
    networks: tuple[str, ...]
