"""The doors of federation: other hubs alone, and operators for the agreements."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/federation/about": each("/api/federation/about?root=partnership&collection=partnership"),
    "GET /api/federation/withdrawn": each("/api/federation/withdrawn"),
}
"""Refused to all but hubs, whatever there is; what hubs get stands in ``tests/flow/test_federation.py``."""

NO_DATA = {"GET /api/federation/partners": "for operators alone: agreements"}

CHANGES = re.compile(r"POST /api/federation/partners.*$")
