"""Officers and anonymous contribution."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/officers": each("/api/officers"),
    "GET /api/reveals": each("/api/reveals"),
    "GET /anonymous": each("/anonymous"),
}
CHANGES = re.compile(r"POST /api/(officers|reveals.*|anonymous.*)$|POST /anonymous$")
