"""Read the TLP labels that a text says in its words. Pure."""

from __future__ import annotations

import re

from fusioncell.intake.mailtext import is_mail, words_of
from fusioncell.kernel.marking import Tlp, parse_tlp

_SAID = re.compile(rb"\bTLP\s?[:=]\s?(CLEAR|WHITE|GREEN|AMBER ?\+ ?STRICT|AMBER|RED)(?![A-Za-z])", re.IGNORECASE)
_HEADING = re.compile(rb"(?:[#;][^\n]*\n?|\s*\n)*")
_LOOK_AT = 8192


def said_in(name: str, body: bytes) -> list[Tlp]:
    """Return the TLP labels that a text says, or the heading comments of a list or table. Other formats mark items."""
    start = body[:_LOOK_AT].removeprefix(b"\xef\xbb\xbf")
    if name in ("list", "csv"):
        heading = _HEADING.match(start)
        start = heading[0] if heading else b""
    elif name != "text":
        return []
    elif is_mail(body):
        start += words_of(body)[:_LOOK_AT].encode("utf-8", "replace")
    return [parse_tlp(label.decode()) for label in _SAID.findall(start)]
