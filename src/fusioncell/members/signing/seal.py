"""Sealing: AES-256-GCM under a key derived from the vault's, one for each purpose (RFC 5869, NIST SP 800-38D).

What is sealed for one purpose, or for one person (``about``), opens for no other. Pure: the nonce is handed in.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ids import Randomness

_NONCE = 12
LONGEST = 4000
"""No sealed text of ours is longer; longer text is not looked at."""


def seal(vault_key: bytes, purpose: str, about: str, plain: bytes, randomness: Randomness) -> bytes:
    """Seal bytes for a purpose and what they are about: nonce (12 bytes), ciphertext, tag (16 bytes)."""
    nonce = randomness.bytes(_NONCE)
    return nonce + AESGCM(_key(vault_key, purpose)).encrypt(nonce, plain, about.encode())


def unseal(vault_key: bytes, purpose: str, about: str, sealed: bytes) -> bytes | None:
    """Open what was sealed for this purpose and about this; None where it was not, or was changed."""
    try:
        return AESGCM(_key(vault_key, purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
    except (InvalidTag, ValueError):
        return None


class _Timed(msgspec.Struct):
    until: int
    fields: dict[str, str]


def seal_fields(vault_key: bytes, purpose: str, fields: dict[str, str], until: Instant, randomness: Randomness) -> str:
    """Seal some fields into text that a browser carries for us until an instant: a form's state, a cookie."""
    plain = msgspec.json.encode(_Timed(until, fields))
    return base64.urlsafe_b64encode(seal(vault_key, purpose, "", plain, randomness)).decode()


def unseal_fields(vault_key: bytes, purpose: str, text: str, now: Instant) -> dict[str, str] | None:
    """Return the fields that we sealed for this purpose; None where we did not, or their time is over."""
    if len(text) > LONGEST:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return None
    plain = unseal(vault_key, purpose, "", sealed)
    if plain is None:
        return None
    timed = msgspec.json.decode(plain, type=_Timed)
    return timed.fields if now < timed.until else None


def _key(vault_key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, f"fusioncell {purpose}".encode()).derive(vault_key)
