"""The doors of sources."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /sources": each("/sources"),
    "GET /api/sources": each("/api/sources"),
    "GET /api/sources/joins": each("/api/sources/joins"),
}

CHANGES = re.compile(r"(POST|DELETE) /(api/)?sources/")
"""Doors that change something; their answers stand in ``tests/flow/test_sources.py``."""
