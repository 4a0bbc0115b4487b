"""The doors of the frame: the palette, the language, the shortcuts."""

from __future__ import annotations

import re

from partnership import NAMES, WORDS
from probes.model import Answers, Ask, Probe


async def palette(p: Probe) -> Answers:
    for query in ("", *p.names[:3], NAMES[0].replace(".", "[.]"), WORDS[0], "e", "group"):
        yield await p.get("/palette", q=query)


PROBES: dict[str, Ask] = {"GET /palette": palette}

CHANGES = re.compile(r"POST /language$")
