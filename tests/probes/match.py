"""Doors that match without showing the value: ranges of hashes, the filter."""

from __future__ import annotations

import re
from hashlib import sha256

from partnership import NAMES
from probes.model import Answers, Ask, Probe


async def ranges(p: Probe) -> Answers:
    for name in (*NAMES, *p.names, "never-named.example"):
        yield await p.get(f"/api/match/range/{sha256(f'domain-name:{name}'.encode()).hexdigest()[:3]}")


async def filtered(p: Probe) -> Answers:
    """The body and its tag; the cursor is a sealed token."""
    answer = await p.client.get("/api/match/filter")
    assert answer.status_code in (200, 401, 403), answer.text
    yield "GET /api/match/filter", f"{answer.status_code} {answer.headers.get('etag')}\n{answer.content.hex()}"


async def cursors(p: Probe) -> Answers:
    yield await p.get("/api/stream/cursors")


PROBES: dict[str, Ask] = {
    "GET /api/match/range/{prefix:str}": ranges,
    "GET /api/match/filter": filtered,
    "GET /api/stream/cursors": cursors,
}

CHANGES = re.compile(r"POST /api/stream/cursors/")
"""``DELETE`` stands with all of its kind."""
