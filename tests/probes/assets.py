"""The doors of network assets: an organisation's own, and of others what overlaps it, as the hub promises."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/assets": each("/api/assets"),
    "GET /account/assets": each("/account/assets"),
}

NO_DATA = {
    "GET /api/assets/all": "for operators: all claims and disputes, no contributions",
    "GET /admin/assets": "for operators: all claims and disputes, no contributions",
}

CHANGES = re.compile(
    r"POST /api/assets(/.*/(check|approve|settle))?$|DELETE /api/assets/.*$|POST /account/assets(/.*)?$"
)
"""Doors that change something; what they answer stands in ``tests/flow/test_assets.py``."""
