"""The doors of personal data and of holds."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/account/data": each("/api/account/data"),
    "GET /account/data": each("/account/data"),
}

NO_DATA = {
    "GET /api/people/{which:str}/data": "for administrators: their own sight filters it, as it does a person's own",
    "GET /admin/people/{which:str}": "for administrators: their own sight filters it, as it does a person's own",
    "GET /api/holds": "for officers and auditors, who see all of it",
    "GET /admin/holds": "for officers and auditors, who see all of it",
}

CHANGES = re.compile(
    r"POST /api/(people/.*/erase|applications/.*/erase|holds)$|DELETE /api/holds/.*$|POST /account/data/erase$"
)
"""Doors that change something; what they answer stands in ``tests/flow/test_privacy.py``."""
