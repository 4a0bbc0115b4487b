"""Signed notes, checkpoints and cosignatures: reading, checking, cosigning (C2SP)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fusioncell_verify.faults import Failed, Unreadable

NOTE, COSIGNATURE = 1, 4
DASH = "\u2014"
MAX_SIGNATURES = 64


@dataclass(frozen=True)
class Verifier:
    """A key that is trusted: its name, its type (1: signs notes, 4: cosigns), 32 bytes of Ed25519."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's id: SHA-256(name ‖ 0x0A ‖ type ‖ key), its first four bytes."""
        return hashlib.sha256(self.name.encode() + bytes([10, self.type]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as it is given to others."""
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"


@dataclass(frozen=True)
class Checkpoint:
    """A tree head whose signature was checked. ``seen``: witness → second at which it cosigned."""

    origin: str
    size: int
    root: bytes
    text: str
    seen: dict[str, int]


def read_key(text: str) -> Verifier:
    """Read a verifier key, ``name+id+base64``. Raises Unreadable."""
    parts = text.strip().split("+", 2)
    raw = decoded(parts[2]) if len(parts) == 3 else None
    if raw is None or len(raw) != 33 or raw[0] not in (NOTE, COSIGNATURE):
        raise Unreadable(f"{text[:80]!r} is no Ed25519 verifier key")
    key = Verifier(parts[0], raw[0], raw[1:])
    if key.id.hex() != parts[1]:
        raise Unreadable(f"the id in {text[:80]!r} is not that of its key")
    return key


def decoded(text: str) -> bytes | None:
    """Return what a text in base64 stands for, None where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_checkpoint(note: bytes, key: Verifier, witnesses: Sequence[Verifier] = (), quorum: int = 0) -> Checkpoint:
    """Check a checkpoint: the log's signature, the origin, and that enough witnesses cosigned. Raises Failed."""
    text, lines = _parts(note)
    signed, seen = False, {}
    for name, raw in lines:
        if key.type == NOTE and (name, raw[:4]) == (key.name, key.id):
            _check(key.public, raw[4:], text.encode(), f"the signature of {name}")
            signed = True
        for witness in witnesses:
            if witness.type == COSIGNATURE and (name, raw[:4]) == (witness.name, witness.id):
                seen[name] = _check_cosignature(witness, raw, text)
    if not signed:
        raise Failed("key", f"the checkpoint is not signed by {key.name} with the key {key.id.hex()}")
    checkpoint = _head(text, seen)
    if checkpoint.origin != key.name:
        raise Failed("origin", f"the checkpoint is of {checkpoint.origin!r}, not of {key.name!r}")
    if len(seen) < quorum:
        raise Failed("witnesses", f"{len(seen)} of the known witnesses cosigned, {quorum} are asked for")
    return checkpoint


def _parts(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise Failed("note", "the checkpoint is not UTF-8") from None
    body, gap, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES or any(ord(c) < 32 and c != "\n" for c in whole):
        raise Failed("note", "the checkpoint is no signed note")
    found = []
    for line in lines:
        words = line.split(" ")
        raw = decoded(words[2]) if len(words) == 3 and words[0] == DASH else None
        if raw is None or len(raw) < 5 or not words[1] or "+" in words[1]:
            raise Failed("note", "the checkpoint has a signature line that is none")
        found.append((words[1], raw))
    return body + "\n", found


def _head(text: str, seen: dict[str, int]) -> Checkpoint:
    lines = text.split("\n")
    root = decoded(lines[2]) if len(lines) >= 4 else None
    size = lines[1] if len(lines) >= 4 else ""
    plain = size.isascii() and size.isdecimal() and len(size) < 19 and str(int(size)) == size
    if not plain or root is None or len(root) != 32 or not lines[0] or "" in lines[:-1]:
        raise Failed("note", "the signed text is no checkpoint: origin, size, root")
    return Checkpoint(lines[0], int(size), root, text, seen)


def _check(public: bytes, signature: bytes, message: bytes, what: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Failed("signature", f"{what} does not verify") from None


def _check_cosignature(witness: Verifier, raw: bytes, text: str) -> int:
    time = int.from_bytes(raw[4:12], "big")
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    if len(raw) != 76 or time >= 1 << 63:
        raise Failed("signature", f"the cosignature of {witness.name} is malformed")
    _check(witness.public, raw[12:], message, f"the cosignature of {witness.name}")
    return time


def cosign(private: Ed25519PrivateKey, name: str, text: str, time: int) -> str:
    """Return the cosignature line of a witness over a checkpoint's text."""
    key = Verifier(name, COSIGNATURE, private.public_key().public_bytes_raw())
    signature = private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    raw = key.id + time.to_bytes(8, "big") + signature
    return f"{DASH} {name} {base64.b64encode(raw).decode()}"
