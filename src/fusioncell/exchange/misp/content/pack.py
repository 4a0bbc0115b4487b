"""Lock a malware sample away as MISP does: a zip encrypted with the password ``infected``. Pure.

The encryption is the zip format's own (PKWARE APPNOTE 6.3.10 §6.1), which every tool of the field opens: it keeps
scanners and careless clicks away, it protects nothing. The randomness of its header comes from the content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fusioncell.kernel.errors import TooLarge

PASSWORD = b"infected"
MAX_SAMPLE = 5 * 1024 * 1024
"""Bytes of a sample."""
MAX_SAMPLES = 20 * 1024 * 1024
"""Bytes of all samples of one request: 2 CPU-seconds of locking."""


def _crc_table() -> np.ndarray[Any, np.dtype[np.uint32]]:
    value = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        value = np.where(value & 1, value >> 1 ^ 0xEDB88320, value >> 1)
    return value.astype(np.uint32)


_CRC = _crc_table()
_COLUMNS = 1024
"""Bytes that are stirred one after the other; as many lines as that makes, all at once."""
_TOP = 0xFFFFFFFF
Words = np.ndarray[Any, np.dtype[np.uint32]]


def _crc_after_each(start: int, data: bytes) -> Words:
    """Return the CRC-32 register after each byte of the data, that begins as ``start``."""
    lines = -(-len(data) // _COLUMNS)
    cells = np.zeros((lines, _COLUMNS), dtype=np.uint8)
    cells.reshape(-1)[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    state, states = np.empty(lines, dtype=np.uint32), np.empty((lines, _COLUMNS), dtype=np.uint32)
    for line in range(lines):  # how each line begins: zlib does the walk, whose register is turned over
        state[line] = start
        start = zlib.crc32(data[line * _COLUMNS : (line + 1) * _COLUMNS], start ^ _TOP) ^ _TOP
    for column in range(_COLUMNS):
        state = state >> 8 ^ _CRC[(state ^ cells[:, column]) & 0xFF]
        states[:, column] = state
    return states.reshape(-1)[: len(data)]


def _encrypt(data: bytes) -> bytes:
    """Encrypt by the traditional cipher: three keys, stirred with each plain byte.

    Each key follows from the one before alone, so each is made for all bytes at once (a tenth of the time of a loop).
    """
    plain = PASSWORD + data
    key0 = _crc_after_each(0x12345678, plain)
    # key1 = (key1 + low byte of key0) * f + 1: summed up in powers of f, which has an inverse among 32-bit words.
    factor, inverse = np.uint32(134775813), np.uint32(pow(134775813, -1, 1 << 32))
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(len(plain), factor), dtype=np.uint32)
        inverses = np.cumprod(np.full(len(plain), inverse), dtype=np.uint32)
        sums = np.cumsum((key0 & 0xFF) * inverses * factor + inverses, dtype=np.uint32)
        key1 = powers * (np.uint32(0x23456789) + sums)
    key2 = _crc_after_each(0x34567890, (key1 >> 24).astype(np.uint8).tobytes())
    word = (key2[len(PASSWORD) - 1 : -1] | 2) & 0xFFFF
    stream = (word * (word ^ 1) >> 8).astype(np.uint8)
    return (np.frombuffer(data, dtype=np.uint8) ^ stream).tobytes()


def locked_zip(files: list[tuple[str, bytes]]) -> bytes:
    """Return a zip of these files, each encrypted."""
    body, directory = b"", b""
    for name, data in files:
        crc = zlib.crc32(data)
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflate.compress(data) + deflate.flush()
        head = hashlib.sha256(data + name.encode()).digest()[:11] + bytes([crc >> 24])
        stored = _encrypt(head + packed)
        label = name.encode()
        fields = struct.pack("<HHHHHIIIHH", 20, 1, 8, 0, 0x21, crc, len(stored), len(data), len(label), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + label
        body += b"PK\3\4" + fields + label + stored
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def check_samples(given: object) -> None:
    """Refuse a request that brings more to lock than one may. Raises TooLarge."""
    if sum(map(len, _samples(given))) // 4 * 3 > MAX_SAMPLES:
        raise TooLarge(f"One request brings at most {MAX_SAMPLES >> 20} MB of samples.", hint="Send them one by one.")


def _samples(given: object) -> Iterator[str]:
    """Yield the data of malware samples, wherever in events, objects and lists they stand."""
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += [one[name] for name in ("Event", "Object", "Attribute", "request") if name in one]
            if one.get("type") == "malware-sample" and isinstance(one.get("data"), str):
                yield one["data"]


def lock_sample(name: str, data: str) -> tuple[str, str] | None:
    """Return (``name|md5``, base64 of the locked zip) of a sample given in base64; None for what is none."""
    try:
        sample = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return None
    if len(sample) > MAX_SAMPLE:
        return None
    digest = hashlib.md5(sample, usedforsecurity=False).hexdigest()
    name = name.partition("|")[0] or digest
    made = locked_zip([(digest, sample), (f"{digest}.filename.txt", name.encode())])
    return f"{name}|{digest}", base64.b64encode(made).decode()
