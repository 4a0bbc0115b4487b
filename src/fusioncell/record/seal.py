"""Sealed positions: public ids and cursors that tell nothing about how much one was not shown (DESIGN rule 5).

A position is enciphered with the hub's key as one AES block, so that it can be read back by the hub without a table,
and by no one else. A check value makes a made-up token fail.
"""

from __future__ import annotations

import hmac
import struct
import uuid

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = struct.Struct(">QIHH")
_ENTRY, _CURSOR = 0x0E17, 0xC0C5


class Seal:
    """Makes and opens tokens with the hub's key (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - one block, a permutation, not a mode

    def _seal(self, number: int, extra: int, epoch: int, kind: int) -> str:
        encryptor = self._cipher.encryptor()
        return str(uuid.UUID(bytes=encryptor.update(_BLOCK.pack(number, extra, epoch & 0xFFFF, kind))))

    def _open(self, token: str, kind: int) -> tuple[int, int, int] | None:
        try:
            sealed = uuid.UUID(token).bytes
        except (ValueError, AttributeError, TypeError):
            return None
        number, extra, epoch, found = _BLOCK.unpack(self._cipher.decryptor().update(sealed))
        return (number, extra, epoch) if found == kind else None

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose; from it nobody learns the hub's key, nor another purpose's."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def entry_id(self, seq: int) -> str:
        """Return the public id of the entry at a position."""
        return self._seal(seq, 0, 0, _ENTRY)

    def entry_seq(self, token: str) -> int | None:
        """Return the position that a public entry id stands for, None where it is not one of ours."""
        opened = self._open(token, _ENTRY)
        return None if opened is None or opened[1] or opened[2] else opened[0]

    def cursor(self, seq: int, audience_set: int, epoch: int) -> str:
        """Return a cursor: a position within the log of one audience set, in one epoch."""
        return self._seal(seq, audience_set, epoch, _CURSOR)

    def open_cursor(self, token: str) -> tuple[int, int, int] | None:
        """Return (position, audience set, epoch) of a cursor, None where it is not one of ours."""
        return self._open(token, _CURSOR)
