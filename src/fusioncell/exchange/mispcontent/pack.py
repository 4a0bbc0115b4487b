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

PASSWORD = b"infected"
MAX_SAMPLE = 5 * 1024 * 1024
"""Bytes of a sample."""


def _crc_table() -> tuple[int, ...]:
    made = []
    for n in range(256):
        value = n
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        made.append(value)
    return tuple(made)


_CRC = _crc_table()


def _encrypt(data: bytes) -> bytes:
    """Encrypt by the traditional cipher: three keys, stirred with each plain byte."""
    key0, key1, key2 = 0x12345678, 0x23456789, 0x34567890
    table = _CRC
    out = bytearray()
    for count, byte in enumerate(PASSWORD + data):
        if count >= len(PASSWORD):
            word = (key2 | 2) & 0xFFFF
            out.append(byte ^ (word * (word ^ 1) >> 8 & 0xFF))
        key0 = key0 >> 8 ^ table[(key0 ^ byte) & 0xFF]
        key1 = (key1 + (key0 & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
        key2 = key2 >> 8 ^ table[(key2 ^ key1 >> 24) & 0xFF]
    return bytes(out)


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
