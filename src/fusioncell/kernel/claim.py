"""A claim: one party's statement about one observable (DESIGN §3).

*Mentioned is not guilty*: the role says what part the value plays; only an attacker's value that is called
malicious or suspicious becomes evidence. The rest is context: searchable, never scored, exported or proposed.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fusioncell.kernel.observable import Observable


class Role(IntEnum):
    """What part a value plays in what was reported."""

    CONTEXT = 0
    ATTACKER = 1
    COMPROMISED = 2
    ABUSED = 3
    VICTIM = 4
    SINKHOLE = 5


class Stance(IntEnum):
    """What the party says of the value. ``END`` ends the party's own earlier claims (a MISP expiration sighting)."""

    NONE = 0
    MALICIOUS = 1
    SUSPICIOUS = 2
    BENIGN = 3
    END = 4


class Claim(msgspec.Struct, frozen=True, gc=False):
    """One statement about one observable, as extracted from one entry.

    ``stated``: the instant that the claim's age runs from as its source gives it (µs), None where undated (then
    arrival counts). ``until``: end of validity, if stated. ``credibility``: Admiralty information credibility
    1 (confirmed) to 6 (cannot be judged). ``creator``: the source that the contribution itself names ("" for
    none): relays of one creator count once. ``keys``: ids and reference URLs by which a repeat is known.
    ``context``: labels (malware family, technique, RSIT type, tags), as given.
    """

    observable: Observable
    role: Role
    stance: Stance
    stated: int | None = None
    until: int | None = None
    credibility: int = 6
    creator: str = ""
    keys: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
