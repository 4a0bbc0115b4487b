"""Values of the outbox, and its bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import storable

MAX_TRIES = 8
PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""After the first, second … refusal that may pass (4yz)."""
UNREACHED_PAUSE = MINUTE
"""While no server answers, each mail is tried as soon as one does."""
GIVE_UP_AFTER = 5 * DAY
"""RFC 5321 §4.5.4.1: give up after four to five days."""
LEASE = 10 * MINUTE
"""A mail that was taken for sending and never came back (the hub was killed) is due again after this."""
KEEP = 30 * DAY
"""What was sent, without its text, and dead letters are kept for so long."""
BATCH = 50
LONGEST_SUBJECT = 200
LONGEST_TEXT = 100_000
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,253}\Z")


@dataclass(frozen=True, slots=True)
class Bounce:
    """An address that the mail server refused, when, and in its words."""

    address: str
    at: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the outbox stands, for operators: mails that wait, dead letters, and what the last attempt failed with."""

    waiting: int
    dead: int
    fault: str


def admit_address(text: str) -> str:
    """Return one plain address. BadInput for a list, a name with it, or anything that could begin another header."""
    if not _ADDRESS.match(text) or not text.isprintable():
        raise BadInput(f"{text[:60]!r} is no e-mail address", hint="Write it as name@example.org.")
    return text


def one_line(text: str, longest: int) -> str:
    """Return a text as one line: no character of it can end a header (RFC 5322 §2.2)."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:longest]


def body_text(text: str) -> str:
    """Return a mail's text within its bound, with plain line ends."""
    return storable(text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_TEXT]
