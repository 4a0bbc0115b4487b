"""Bodies made of lines: decoded line by line, so that one bad byte costs one line and not the file."""

from __future__ import annotations

import codecs
import hashlib
import re

from fusioncell.intake.model import Fault, Limits
from fusioncell.kernel.errors import BadInput, TooLarge

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([A-Za-z0-9_-]{1,20})', re.IGNORECASE)
_CODE_PAGES = {"iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252",
               "iso-8859-15": "iso-8859-15", "windows-1250": "cp1250", "windows-1251": "cp1251"}
"""As the WHATWG's Encoding standard has it, ISO 8859-1 means Windows' code page 1252."""


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


def as_utf8(media_type: str, body: bytes) -> bytes:
    """Return a text in UTF-8: one that says by its byte order mark that it is UTF-16 (a table that Excel saved as
    "Unicode text"), or whose ``charset`` names one of Europe's old code pages. What is neither stays as it came.
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    else:
        named = _CHARSET.search(media_type)
        charset = _CODE_PAGES.get(named[1].lower(), "") if named and not _is_utf8(body) else ""
    try:
        return body.decode(charset).encode() if charset else body
    except UnicodeError:
        return body


def with_line_feeds(body: bytes) -> bytes:
    """Return a text whose lines end in carriage returns alone (a table saved as "CSV (Macintosh)") with line feeds."""
    return body if b"\n" in body else body.replace(b"\r", b"\n")


def _is_utf8(body: bytes) -> bool:
    """Tell whether it is UTF-8 all the same, as what many programs send is, whatever they name."""
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


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
