"""Tokens: minted, taken apart, and turned into the keyed hash under which the vault knows them.

1. A token is ``fc_<id>_<secret>``: 16 hex digits of public id, then 32 random bytes in base64url.
2. The vault keeps ``HMAC-SHA-256(vault key, purpose ‖ 0 ‖ token)`` and never the token. The secret has 256 bits, so
   a fast keyed hash is right; a slow one (bcrypt, PBKDF2) would cost peers' 64–102 ms a request for nothing.
3. Hashes are compared in constant time.
"""

from __future__ import annotations

import base64
import hmac
import re

from fusioncell.kernel.ids import Randomness
from fusioncell.members.model import Purpose, Secret

_TOKEN = re.compile(r"fc_([0-9a-f]{16})_([A-Za-z0-9_-]{43})\Z")

LONGEST = 80
"""No token is longer; longer text is not hashed at all."""


def mint(randomness: Randomness) -> tuple[str, Secret]:
    """Make a token: its public id, and the whole of it as a secret."""
    public = randomness.bytes(8).hex()
    secret = base64.urlsafe_b64encode(randomness.bytes(32)).rstrip(b"=").decode()
    return public, Secret(f"fc_{public}_{secret}")


def public_id(token: str) -> str | None:
    """Return the public id of a token, None where the text is no token."""
    found = _TOKEN.match(token)
    return found[1] if found else None


def mark_of(vault_key: bytes, purpose: Purpose, token: str) -> bytes:
    """Return the keyed hash under which the vault knows the token (32 bytes)."""
    return hmac.digest(vault_key, purpose.encode() + b"\0" + token.encode("utf-8", "replace"), "sha256")


def same_mark(one: bytes, other: bytes) -> bool:
    """Compare two keyed hashes in constant time."""
    return hmac.compare_digest(one, other)


def csrf_of(vault_key: bytes, session: str) -> str:
    """Derive the token that guards a session's forms: bound to the session, never stored."""
    mark = hmac.digest(vault_key, b"csrf\0" + session.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()


def blind(vault_key: bytes, kind: str, text: str) -> str:
    """Hide an account name or an address behind a keyed hash, so that attempts are counted without storing them."""
    return hmac.digest(vault_key, f"attempt\0{kind}\0{text}".encode("utf-8", "replace"), "sha256").hex()
