"""Links by which a contact confirms a test: sealed by the hub's key, without a table.

A token is ``CONTACT.INSTANT.MARK``: the mark is a keyed hash over the contact's id, when the test was asked, and the
details that were tested, so that a link to an earlier number or address confirms nothing.
"""

from __future__ import annotations

import hmac
import re

from fusioncell.kernel.clock import Instant
from fusioncell.members.directory.model import LINK_LIFE, Contact

_TOKEN = re.compile(r"([\w-]{1,64})\.([0-9]{1,18})\.([0-9a-f]{40})\Z", re.ASCII)


def make_token(key: bytes, contact: Contact, asked: Instant) -> str:
    """Make the token of a test that is asked at an instant (µs)."""
    return f"{contact.id}.{asked}.{_mark(key, contact, asked)}"


def contact_of(token: str) -> str:
    """Return the contact's id that a token names, "" where it is none; nothing is proved by it."""
    found = _TOKEN.match(token[:200])
    return found[1] if found else ""


def is_good(key: bytes, contact: Contact, token: str, now: Instant) -> bool:
    """Tell whether a token is this contact's, of its present details, and not older than seven days."""
    found = _TOKEN.match(token[:200])
    if found is None or found[1] != contact.id:
        return False
    asked = int(found[2])
    return hmac.compare_digest(found[3], _mark(key, contact, asked)) and asked <= now < asked + LINK_LIFE


def _mark(key: bytes, contact: Contact, asked: Instant) -> str:
    said = "\0".join(("contact", contact.id, str(asked), contact.email, contact.phone))
    return hmac.digest(key, said.encode("utf-8", "replace"), "sha256").hex()[:40]
