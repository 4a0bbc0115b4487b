"""Values of webhooks, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Instant
from fusioncell.kernel.errors import BadInput

MAX_TRIES = 8
PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""After the first, second … try that failed."""
OFF_AFTER = 5 * DAY
"""A webhook whose address has failed for so long is switched off."""
LEASE = 5 * MINUTE
KEEP = 30 * DAY
BATCH = 100
HOOKS_PER_ORGANISATION = 20
WATCHES_PER_HOOK = 50
VALUES_PER_ITEM = 20
LONGEST_URL = 500


class State(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of an organisation. ``watches``: (kind, value) as in ``exchange.notify``.

    ``failing``: since when its address does not answer, None while it does. ``off``: switched off for that.
    """

    id: str
    org: str
    url: str
    watches: tuple[tuple[str, str], ...]
    author: str
    created: Instant
    failing: Instant | None = None
    off: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to be told to one webhook. ``kind``: ``entry``, or ``tombstone`` of what was delivered before.

    ``seq``: of its first entry (of a tombstone: of the recall), which makes its public id. ``code``: the last answer's
    status, 0 for none; ``words`` what went wrong.
    """

    hook: str
    seq: int
    kind: str
    contribution: str
    audience: int
    org: str
    at: Instant
    seqs: tuple[int, ...]
    count: int
    whys: tuple[tuple[str, str], ...]
    state: State
    due: Instant
    tries: int
    code: int
    words: str


class Caller(Protocol):
    """Posts to an address of the public Internet (the edge guards against being led inside)."""

    def check(self, url: str) -> None:
        """Raise BadInput or NotAllowed where an address can never be called. Looks up no name."""
        ...

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Post once; return (status, ""), or (0, why there is no answer). Blocks for some seconds; raises nothing."""
        ...


def admit_url(text: str) -> str:
    """Return a webhook's address. BadInput for what is none."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadInput(f"{url[:100]!r} is no address", place="url") from None
    if len(url) > LONGEST_URL or not url.isprintable() or not url.isascii() or " " in url:
        raise BadInput("a webhook's address is plain ASCII", hint=f"At most {LONGEST_URL} characters.", place="url")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise BadInput(f"{url[:100]!r} is no web address", hint="Write it as https://host.example/path.", place="url")
    return url
