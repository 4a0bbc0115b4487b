"""Probes of the MISP door. Its actions are enumerated by ``tests/flow/test_misp_doors.py``, each with a probe below."""

from __future__ import annotations

import re

NO_DATA = {
    "GET /misp": "no action of this path answers",
    "GET /misp/{path:path}": "the entrance: each action behind it has a probe of its own",
}
CHANGES = re.compile(r"(POST|PUT|DELETE) /misp")
