"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Pure.

Only Ed25519 is made and read: type 0x01 signs a note, type 0x04 cosigns a checkpoint with a time.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fusioncell.kernel.errors import BadInput

SIGNS = 1
"""Signature type of a note's own Ed25519 signature."""
COSIGNS = 4
"""Signature type of a timestamped Ed25519 cosignature."""
MAX_LINES = 16
"""Signature lines that one note is read to have."""
_NAME = re.compile(r"[^\s+]{1,200}")
_LINE = re.compile("\u2014 ([^\\s+]{1,200}) ([A-Za-z0-9+/]{1,400}={0,2})")


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: whose, of which signature type, the 32 bytes of Ed25519."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as others are given it: ``name+id+base64(type ‖ key)``."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.type]) + self.public).decode()}"


def key_named(text: str) -> Key:
    """Read a verifier key. Raises BadInput."""
    name, _, rest = text.strip().partition("+")
    written, _, material = rest.partition("+")
    try:
        raw = b64decode(material, validate=True)
    except (NotBase64, ValueError):
        raw = b""
    key = Key(name, raw[0] if raw else 0, raw[1:])
    if not _NAME.fullmatch(name) or len(raw) != 33 or key.type not in (SIGNS, COSIGNS) or key.id.hex() != written:
        raise BadInput(f"{text[:80]!r} is no verifier key", hint="It reads name+id+key, as `fusioncell-verify` prints.")
    return key


def public_of(private: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key."""
    return private.public_key().public_bytes_raw()


def head(origin: str, size: int, root: bytes) -> str:
    """Return a checkpoint's text (tlog-checkpoint): origin, size, root, a line each."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def signature_line(key: Key, signature: bytes) -> str:
    """Return a note's signature line, without its newline."""
    return f"\u2014 {key.name} {b64encode(key.id + signature).decode()}"


def signed(text: str, name: str, private: Ed25519PrivateKey, more: Iterable[str] = ()) -> str:
    """Return the note: the text, an empty line, our signature, the further lines."""
    ours = signature_line(Key(name, SIGNS, public_of(private)), private.sign(text.encode()))
    return f"{text}\n" + "".join(f"{line}\n" for line in (ours, *more))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified: by which witness, when (seconds since 1970), the line as it came."""

    witness: str
    time: int
    line: str


def cosignature_of(line: str, text: str, witnesses: Iterable[Key]) -> Cosignature | None:
    """Verify a cosignature line over a checkpoint's text (tlog-cosignature, Ed25519).

    None where the line is of no witness that we know. Raises BadInput where it is, and its signature is wrong: the
    specification lets nobody ignore that.
    """
    found = _LINE.fullmatch(line)
    if not found:
        return None
    try:
        raw = b64decode(found[2], validate=True)
    except (NotBase64, ValueError):
        return None
    for key in witnesses:
        if key.type == COSIGNS and key.name == found[1] and key.id == raw[:4]:
            break
    else:
        return None
    time = int.from_bytes(raw[4:12])
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    try:
        if len(raw) != 76 or time >= 1 << 63:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[12:], message)
    except InvalidSignature:
        raise BadInput(f"the cosignature of {key.name} does not verify", hint="Is it of another checkpoint?") from None
    return Cosignature(key.name, time, line)


def lines_of(text: str) -> tuple[str, list[str]]:
    """Split a note into its text and its signature lines. Raises BadInput."""
    body, gap, signatures = text.rpartition("\n\n")
    lines = signatures.split("\n")
    if not gap or lines[-1] or not 1 < len(lines) <= MAX_LINES + 1:
        raise BadInput("this is no signed note", hint=f"A text, an empty line, then 1 to {MAX_LINES} signature lines.")
    return body + "\n", lines[:-1]
