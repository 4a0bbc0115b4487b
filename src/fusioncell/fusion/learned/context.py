"""What a claim is about, in a few classes: half-lives are learned for each. Pure.

Classes are read from the labels that a claim gives (malware family, tags, RSIT), as given: the first that fits counts.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache


class Context(IntEnum):
    """Classes of what claims are about. The number stands in the index of claims."""

    ANY = 0
    """Nothing that tells, or any: what was learned of a type alone."""
    PHISHING = 1
    CONTROL = 2
    """Command and control, botnets."""
    SCANNING = 3
    """Scanning and brute force."""
    MALWARE = 4
    """Delivers malware, or is malware."""
    SPAM = 5


_HINTS = (
    (Context.PHISHING, ("phish", "credential", "scam", "smish", "fraud")),
    (Context.CONTROL, ("c2", "c&c", "command and control", "command-and-control", "cnc", "beacon", "botnet")),
    (Context.SCANNING, ("scan", "brute", "honeypot", "probing")),
    (Context.SPAM, ("spam",)),
    (Context.MALWARE, ("malware", "ransom", "trojan", "stealer", "loader", "dropper", "payload", "exploit")),
)


@lru_cache(maxsize=20_000)
def context_of(labels: tuple[str, ...]) -> int:
    """Return the number of the class that labels tell of."""
    said = " ".join(labels).lower()
    for context, words in _HINTS:
        if any(word in said for word in words):
            return int(context)
    return int(Context.ANY)
