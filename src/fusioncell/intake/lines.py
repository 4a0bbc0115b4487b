"""Bodies made of lines: decoded line by line, so that one bad byte costs one line and not the file."""

from __future__ import annotations

import codecs
import hashlib

from fusioncell.intake.model import Fault, Limits
from fusioncell.kernel.errors import BadInput, TooLarge


def checked_text(body: bytes, limits: Limits) -> bytes:
    """Return the body without a byte order mark. Raises TooLarge over its bound, BadInput for UTF-16 and binary."""
    if len(body) > limits.max_body:
        raise TooLarge(f"the body has {len(body):,} bytes; {limits.max_body:,} are taken", hint="Send it in parts.")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput("the text is UTF-16", hint="Save it as UTF-8 and send it again.", place="byte 0")
    place = body.find(b"\0")
    if place >= 0:
        raise BadInput("a NUL byte: this is no text", hint="Send the file with its own media type.",
                       place=f"line {body.count(bytes([10]), 0, place) + 1} (byte {place})")
    return body.removeprefix(codecs.BOM_UTF8)


def decoded(line: bytes, number: int, faults: list[Fault]) -> str:
    """Decode one line; bytes that are no UTF-8 are replaced, and the line (counted from 1) is a fault."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(Fault(f"line {number}", f"byte {error.start} of the line is not UTF-8; it was replaced", line))
        return line.decode("utf-8", "replace")


def digest_of(*parts: bytes) -> str:
    """Name content that has no id of its own: 128 bits of SHA-256, in hexadecimal."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
