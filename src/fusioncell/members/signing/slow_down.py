"""The brake on guessing: how long an account or an address must wait after so many failed attempts.

An attempt is counted before the password is looked at, so parallel guesses are counted too, and given back when it
was right: passwords, an app's codes, recovery codes, passkeys' and providers' answers alike. The wait doubles and is
capped, so that nobody can lock another out for long; a sign-in link (256 random bits, nothing to guess) is never
braked, nor is a passkey's answer counted against an account.
"""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.kernel.clock import HOUR, MINUTE, SECOND, Instant

FREE_FOR_ACCOUNT = 5
FREE_FOR_ADDRESS = 30
"""An office behind one address has many who mistype."""

LONGEST_WAIT = 15 * MINUTE
FORGOTTEN_AFTER = 24 * HOUR


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


def attempt(known: Attempts, free: int, now: Instant) -> tuple[Attempts, int]:
    """Count an attempt: the new count, and the wait still due (µs; then the attempt is refused and not counted)."""
    if now - known.last >= FORGOTTEN_AFTER:
        known = Attempts()
    due = known.last + wait_after(known.count, free) - now
    if due > 0:
        return known, due
    return Attempts(known.count + 1, now), 0
