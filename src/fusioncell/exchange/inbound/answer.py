"""Read an answer: its encoding undone within bounds, an error turned into what operators can do about it. Pure."""

from __future__ import annotations

from fusioncell.exchange.inbound.model import Refused
from fusioncell.intake import gunzip_bounded
from fusioncell.kernel.clock import DAY, SECOND
from fusioncell.kernel.ports import WebAnswer

UNCHANGED = 304
_HINTS = {
    401: "Its credentials are missing or wrong: give them anew.",
    403: "It refuses this hub: are the credentials right, and does it know this address?",
    404: "Nothing is there: check the address; the homepage may name a new one.",
    406: "It does not speak this version of the protocol.",
    410: "It was given up: look for a successor on its homepage, or disable it.",
    429: "It was asked too often: pull it more rarely.",
}


def body_of(answer: WebAnswer, limit: int) -> bytes:
    """Return what an answer of 200 holds, at most ``limit`` bytes. Raises Refused, TooLarge, BadInput."""
    if answer.status != 200:
        raise refusal(answer)
    body = answer.body
    if answer.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip"):
        body = gunzip_bounded(body, limit)
    return gunzip_bounded(body, limit) if body[:2] == b"\x1f\x8b" else body


def refusal(answer: WebAnswer) -> Refused:
    """Make the error out of an answer (RFC 9110 §10.2.3: ``Retry-After`` in seconds; a date is not read)."""
    said = answer.headers.get("retry-after", "").strip()
    wait = min(int(said) * SECOND, DAY) if said.isascii() and said.isdigit() and len(said) < 9 else 0
    hint = _HINTS.get(answer.status, "It may be down: it is asked again by itself.")
    return Refused(f"{answer.url[:200]} answered {answer.status}", hint=hint, wait=wait)
