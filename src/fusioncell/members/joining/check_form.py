"""Checks on what an applicant, a sponsor or a vetter types in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from fusioncell.kernel.errors import BadInput
from fusioncell.members.admit import admit_email, admit_kind, admit_name
from fusioncell.members.joining.model import LONGEST_WORDS, Filled


def admit_words(text: str, what: str, *, shortest: int = 1) -> str:
    """Return a text of several lines in NFC; BadInput where it is too short or long or holds control characters."""
    if len(text) > 4 * LONGEST_WORDS:
        raise BadInput(f"{what} is too long.", hint=f"Use at most {LONGEST_WORDS} characters.")
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()]
    words = "\n".join(lines).strip()
    if len(words) < shortest:
        raise BadInput(f"{what} is too short.", hint="Say it in a sentence or two.")
    if len(words) > LONGEST_WORDS:
        raise BadInput(f"{what} is too long.", hint=f"Use at most {LONGEST_WORDS} characters.")
    if not words.replace("\n", "").isprintable():
        raise BadInput(f"{what} holds control characters.", hint="Use letters, digits and punctuation.")
    return words


FIELDS = ("name", "sector", "kind", "applicant", "email", "why", "sponsor")


def fill_in(given: dict[str, str]) -> Filled:
    """Check an application. BadInput names the field in ``place``."""
    checks: dict[str, Callable[[str], str]] = {
        "name": lambda text: admit_name(text, "The organisation's name"),
        "sector": lambda text: admit_name(text, "The sector", 80),
        "kind": admit_kind,
        "applicant": lambda text: admit_name(text, "Your name"),
        "email": admit_email,
        "why": lambda text: admit_words(text, "Why you want to join", shortest=10),
        "sponsor": lambda text: admit_name(text, "The sponsor"),
    }
    checked = {}
    for name in FIELDS:
        try:
            checked[name] = checks[name](given.get(name, ""))
        except BadInput as fault:
            raise BadInput(fault.detail, hint=fault.hint, place=name) from None
    return Filled(**checked)
