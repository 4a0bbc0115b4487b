"""The doors of files."""

from __future__ import annotations

import re
from hashlib import sha256

from probes.model import Answers, Ask, Probe
from probes.talk import _targets

DIGESTS = [sha256(f"file {number}".encode()).hexdigest() for number in range(3)]
"""Files that posts of the world may have; asked for at every post."""


def of_posts(base: str) -> Ask:
    """Make a probe that asks each post for each file."""

    async def ask(p: Probe) -> Answers:
        for one in _targets(p):
            for digest in DIGESTS:
                yield await p.get(f"{base}/{one}/files/{digest}")

    return ask


PROBES: dict[str, Ask] = {
    "GET /api/posts/{which:str}/files/{digest:str}": of_posts("/api/posts"),
    "GET /exchange/posts/{which:str}/files/{digest:str}": of_posts("/exchange/posts"),
}
CHANGES = re.compile(r"POST /api/files$")
