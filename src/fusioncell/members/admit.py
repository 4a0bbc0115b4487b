"""Checks on what is typed in: names, addresses, sectors, labels. Each returns the canonical form or raises BadInput."""

from __future__ import annotations

import re
import unicodedata

from fusioncell.kernel.errors import BadInput
from fusioncell.members.model import KINDS

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\]{1,190}\Z")


def admit_name(text: str, what: str, longest: int = 200) -> str:
    """Return a name or label in NFC, its white space joined; ``what`` says in the error what it was to name."""
    if len(text) > 4 * longest:
        raise BadInput(f"{what} is too long.", hint=f"Use at most {longest} characters.")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise BadInput(f"{what} is empty.", hint="Give it a name.")
    if len(name) > longest:
        raise BadInput(f"{what} is too long.", hint=f"Use at most {longest} characters.")
    if not name.isprintable():
        raise BadInput(f"{what} holds control characters.", hint="Use letters, digits and punctuation.")
    return name


def admit_email(text: str) -> str:
    """Return an e-mail address as the hub compares it: lower case, no white space around."""
    address = unicodedata.normalize("NFC", text[:400]).strip().lower()
    if len(text) > 400 or not _EMAIL.match(address) or not address.isprintable():
        raise BadInput(f"{text[:60]!r} is no e-mail address", hint="Write it as name@example.org.")
    return address


def admit_kind(text: str) -> str:
    """Return what kind of organisation it is; BadInput lists the kinds."""
    kind = text.strip().lower()
    if kind not in KINDS:
        raise BadInput(f"{text[:40]!r} is no kind of organisation", hint=f"Use one of: {', '.join(KINDS)}.")
    return kind
