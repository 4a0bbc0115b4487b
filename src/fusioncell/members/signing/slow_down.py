"""The brake on guessing: how long an account or an address must wait after so many failed attempts.

An attempt is counted before the password is looked at, so parallel guesses are counted too, and given back when it
was right: passwords, an app's codes, recovery codes, passkeys' and providers' answers alike. The wait doubles and is
capped, so that nobody can lock another out for long; a sign-in link (256 random bits, nothing to guess) is never
braked, nor is a passkey's answer counted against an account.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant

FREE_FOR_ACCOUNT = 5
FREE_FOR_ADDRESS = 30
"""An office behind one address has many who mistype."""

LONGEST_WAIT = 15 * MINUTE
FORGOTTEN_AFTER = 24 * HOUR


MOST_TO_ONE_OF = 3
"""Mails in a day to one address that one organisation's invitations and tests cause; all organisations': ten."""
MOST_TO_ONE = 10
MOST_OF_ONE = 100
"""Mails in a day to whomever that one organisation causes."""


def source_of(address: str) -> str:
    """Return as what an address is counted: an IPv6 one as its /64, all of which one line of a customer has."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:200]
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts counted for one account or address, and the instant of the last."""

    count: int = 0
    last: Instant = 0


def wait_after(count: int, free: int) -> int:
    """Return the wait (µs) that follows ``count`` failed attempts, of which ``free`` cost nothing."""
    if count < free:
        return 0
    return min(SECOND << min(count - free, 20), LONGEST_WAIT)


def mailbox_of(address: str) -> str:
    """Return as what a mail address is counted: without case, and without what stands behind a plus."""
    name, _, host = address.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"[:400]


def of_today(known: Attempts, now: Instant) -> Attempts:
    """Return what was counted on this day (UTC)."""
    return known if known.last // DAY == now // DAY else Attempts(0, now)


def attempt(known: Attempts, free: int, now: Instant) -> tuple[Attempts, int]:
    """Count an attempt: the new count, and the wait still due (µs; then the attempt is refused and not counted).

    No wait is longer than it was made: a clock that is set back locks nobody out.
    """
    if now - known.last >= FORGOTTEN_AFTER:
        known = Attempts()
    wait = wait_after(known.count, free)
    due = min(known.last + wait - now, wait)
    if due > 0:
        return known, due
    return Attempts(known.count + 1, now), 0
