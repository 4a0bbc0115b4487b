"""What is known of a file, and the headers under which one is given out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fusioncell.intake import Attached

MAX_FILE = 10 << 20
"""Bytes of one file."""
NOTICES = {
    "executable": "A program: it runs when it is opened. Open it only where it can do no harm.",
    "macros": "It holds macros or scripts. Open it only where it can do no harm.",
    "active": "A page with scripts, perhaps: a browser would run it.",
    "archive": "Packed: nobody has looked at what is in it.",
    "cleaned": "What named its makers and their places was taken out.",
    "whole": "Kept as it is: names of its makers may still be in it.",
}
"""What is said of a file, by its mark."""
DANGERS = frozenset({"executable", "macros", "active", "archive"})
"""Marks that warn."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the bytes are: media type, usual ending of the name, what it is called, marks of :data:`NOTICES`."""

    media: str
    ending: str
    word: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file as it is kept."""

    data: bytes
    kind: Kind
    marks: tuple[str, ...]


def notice_of(file: Attached) -> str:
    """Return what is said of a file, in sentences; "" where there is nothing to say."""
    return " ".join(NOTICES[mark] for mark in file.marks if mark in NOTICES)


def inert_headers(name: str) -> dict[str, str]:
    """Return headers that make a browser save a file and do nothing else with it (RFC 6266, RFC 8187).

    The type is said to be unknown, and is not to be guessed; were it shown all the same, it would run nothing.
    """
    plain = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name) or "file"
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "none",
    }
