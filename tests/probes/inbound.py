"""The doors of inbound feeds: operators alone see them."""

from __future__ import annotations

import re

NO_DATA = {
    "GET /api/inbound/feeds": "for operators alone, who see lag and errors",
    "GET /api/inbound/feeds/{feed:str}": "for operators alone, who see lag and errors",
    "GET /ops/feeds": "for operators alone, who see lag and errors",
}

CHANGES = re.compile(r"POST /api/inbound/feeds.*$")
"""Doors that change something; their answers stand in ``tests/flow/test_inbound_doors.py``."""
