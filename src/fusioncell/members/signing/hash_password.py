"""Passwords: argon2id (RFC 9106 §4, the second recommended choice: 64 MiB, three passes, four lanes).

Every function here **blocks** for some 0.2 CPU-seconds: call it in a worker thread, never on the event loop.
A guess at an unknown account costs the same as one at a known account.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import Randomness
from fusioncell.members.model import PASSWORD_LENGTHS


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, lanes. The default is for real hubs; tests take less."""

    memory: int = 65536
    passes: int = 3
    lanes: int = 4


_AT_ONCE = threading.BoundedSemaphore(2)
"""Memory stays bounded (2 x 64 MiB) however many sign in at once; the others wait."""


def check_password(password: str) -> None:
    """Raise BadInput where a new password is too short or too long."""
    shortest, longest = PASSWORD_LENGTHS
    if not shortest <= len(password) <= longest:
        raise BadInput(f"A password has {shortest} to {longest} characters.",
                       hint="Three random words make a good one.")


def hash_password(password: str, cost: Cost, randomness: Randomness) -> str:
    """Hash a new password to the PHC string that the vault keeps. Blocks."""
    check_password(password)
    with _AT_ONCE:
        return _hasher(cost).hash(password, salt=randomness.bytes(16))


def verify_password(stored: str | None, password: str, cost: Cost) -> bool:
    """Tell whether the password is the stored one. Blocks, and as long for an unknown account (``stored`` None)."""
    if len(password) > PASSWORD_LENGTHS[1]:
        password = ""
    with _AT_ONCE:
        try:
            matches = _hasher(cost).verify(stored or _nobodys(cost), password)
        except (VerificationError, InvalidHashError):
            return False
    return matches and stored is not None


def is_outdated(stored: str, cost: Cost) -> bool:
    """Tell whether the stored hash was made at another cost and should be made anew at the next sign-in."""
    return _hasher(cost).check_needs_rehash(stored)


def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes)


def _nobodys(cost: Cost) -> str:
    """A hash that no password has, of the same cost."""
    def text(raw: bytes) -> str:
        return base64.b64encode(raw).rstrip(b"=").decode()
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${text(bytes(16))}${text(bytes(32))}"
