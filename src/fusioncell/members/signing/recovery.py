"""Recovery codes: ten, shown once, each good for one sign-in when nothing else is at hand. Pure.

A code has 80 random bits in four groups of four (``k7q2-9xbd-m4tw-c3ha``), without letters that look alike. The vault
keeps keyed hashes, as of tokens (``members.mint``): there is nothing to guess, and nothing to read.
"""

from __future__ import annotations

import hmac

from fusioncell.kernel.ids import Randomness
from fusioncell.members.model import Secret
from fusioncell.members.signing.model import RECOVERY_CODES

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u."""
_LENGTH = 16


def make_codes(randomness: Randomness) -> list[Secret]:
    """Make the codes."""
    codes = []
    for _ in range(RECOVERY_CODES):
        letters = "".join(_LETTERS[byte & 31] for byte in randomness.bytes(_LENGTH))
        codes.append(Secret("-".join(letters[start:start + 4] for start in range(0, _LENGTH, 4))))
    return codes


def canonical(code: str) -> str:
    """Return a code as it was made, whatever its letters' case and its spaces; "" where it is none."""
    letters = code[:100].lower().replace("-", "").replace(" ", "").translate(str.maketrans("ilo", "110"))
    return letters if len(letters) == _LENGTH and all(letter in _LETTERS for letter in letters) else ""


def mark_of(vault_key: bytes, person: str, code: str) -> bytes:
    """Return the keyed hash under which the vault knows a person's code (32 bytes)."""
    return hmac.digest(vault_key, f"recovery\0{person}\0{canonical(code)}".encode(), "sha256")
