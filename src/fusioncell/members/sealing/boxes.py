"""The boxes: X25519, HKDF-SHA-256 and ChaCha20-Poly1305 (RFC 7748, 5869, 8439); two officers open one together. Pure.

1. The identity is padded to one length and enciphered under a fresh key K; its SHA-256 stands beside it.
2. For every two officers A and B a fresh random share R is drawn: A gets R, B gets K xor R. One share tells nothing.
3. Each share is sealed to its holder: a fresh X25519 key pair, HKDF over the agreement, one message under that key.
4. To reveal, A opens its share and seals it again to B; B opens both, has K, and reads the identity. Neither key nor
   opened share is ever at the hub.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import Randomness
from fusioncell.members.sealing.model import Box, Officer

PADDED = 256
"""Bytes of every identity before it is enciphered: its length tells nothing."""
_NONCE = bytes(12)
"""Each key enciphers one message only."""


class Identity(msgspec.Struct, frozen=True):
    """What a box holds. ``salt``: random, so that the mark cannot be guessed from a list of the members."""

    person: str
    org: str
    salt: bytes


def make_key(randomness: Randomness) -> tuple[bytes, bytes]:
    """Make an officer's key pair: (private, public), 32 bytes each. The private one stays with the officer."""
    private = X25519PrivateKey.from_private_bytes(randomness.bytes(32))
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def seal_identity(officers: Iterable[Officer], person: str, org: str, randomness: Randomness) -> Box:
    """Seal who a person is to all pairs of the officers."""
    known = sorted(officers, key=lambda officer: officer.person)
    opened = msgspec.json.encode(Identity(person, org, randomness.bytes(16)))
    if len(opened) > PADDED:
        raise BadInput("this identity is too long to be sealed")
    key = randomness.bytes(32)
    shares: dict[str, bytes] = {}
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            share = randomness.bytes(32)
            shares[f"{one.person} {other.person}"] = _seal(one.public_key, share, randomness)
            shares[f"{other.person} {one.person}"] = _seal(other.public_key, _xor(key, share), randomness)
    hidden = ChaCha20Poly1305(key).encrypt(_NONCE, opened.ljust(PADDED), None)
    return Box(shares, hidden, hashlib.sha256(opened).digest())


def open_share(box: Box, me: str, other: str, private_key: bytes) -> bytes:
    """Open the share that an officer holds towards another. BadInput where the key is not theirs."""
    sealed = box.shares.get(f"{me} {other}")
    if sealed is None:
        raise BadInput("this box holds no share of yours", hint="It was sealed before you became an officer.")
    return _open(private_key, sealed)


def reseal(share: bytes, other: Officer, randomness: Randomness) -> bytes:
    """Seal an opened share to the other officer, so that the hub can carry it."""
    return _seal(other.public_key, share, randomness)


def open_identity(box: Box, mine: bytes, handed: bytes, private_key: bytes) -> tuple[Identity, bytes]:
    """Join one's own share with the one handed over: who it is, and the bytes that prove it to the hub."""
    key = _xor(mine, _open(private_key, handed))
    try:
        opened = ChaCha20Poly1305(key).decrypt(_NONCE, box.identity, None).rstrip(b" ")
    except InvalidTag:
        raise BadInput("the two shares do not open this box", hint="Ask the other officer for theirs again.") from None
    return msgspec.json.decode(opened, type=Identity), opened


def is_of(box: Box, opened: bytes) -> bool:
    """Tell whether these bytes are what the box holds."""
    return hmac.compare_digest(hashlib.sha256(opened).digest(), box.mark)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _derive(agreed: bytes, public: bytes, to: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, None, b"fusioncell sealed identity" + public + to).derive(agreed))


def _seal(to: bytes, text: bytes, randomness: Randomness) -> bytes:
    once = X25519PrivateKey.from_private_bytes(randomness.bytes(32))
    public = once.public_key().public_bytes_raw()
    agreed = once.exchange(X25519PublicKey.from_public_bytes(to))
    return public + _derive(agreed, public, to).encrypt(_NONCE, text, None)


def _open(private_key: bytes, sealed: bytes) -> bytes:
    mine = X25519PrivateKey.from_private_bytes(private_key)
    public, text = sealed[:32], sealed[32:]
    try:
        agreed = mine.exchange(X25519PublicKey.from_public_bytes(public))
        return _derive(agreed, public, mine.public_key().public_bytes_raw()).decrypt(_NONCE, text, None)
    except (InvalidTag, ValueError):
        raise BadInput("this key does not open it", hint="Use the key that you registered as an officer.") from None
