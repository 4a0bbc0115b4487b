"""The doors of joining, of accounts and of the audit log."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe, each


async def code(p: Probe) -> Answers:
    for door in ("/api/applications/code", "/apply"):
        yield await p.get(f"{door}/{UNKNOWN}")


async def log(p: Probe) -> Answers:
    yield await p.get("/api/account/audit", limit=200)


PROBES: dict[str, Ask] = {
    "GET /api/applications/code/{code:str}": code,
    "GET /apply/{code:str}": code,
    "GET /api/sponsoring": each("/api/sponsoring"),
    "GET /sponsoring": each("/sponsoring"),
    "GET /api/terms": each("/api/terms"),
    "GET /terms": each("/terms"),
    "GET /api/organisation/people": each("/api/organisation/people"),
    "GET /people": each("/people"),
    "GET /api/account/audit": log,
    "GET /account/audit": each("/account/audit"),
    "GET /admin": each("/admin"),
}

NO_DATA = {
    "GET /apply": "a form",
    "GET /api/applications": "for those who vet: applications, no contributions",
    "GET /admin/applications/{which:str}": "for those who vet: an application, no contributions",
    "GET /admin/organisations/{which:str}": "for administrators: a member and its people, no contributions",
    "GET /api/suspensions": "for administrators: who is suspended",
    "GET /admin/suspended": "for administrators: who is suspended",
    "GET /api/admin/idle": "for administrators: days of last use",
    "GET /admin/idle": "for administrators: days of last use",
    "GET /api/audit": "for auditors, operators and administrators, who see all of it",
    "GET /admin/audit": "for auditors, operators and administrators, who see all of it",
}

CHANGES = re.compile(
    r"POST /api/(applications|applications/.*/(accept|refuse)|sponsoring/.*|terms|organisation/people.*|suspensions"
    r"|admin/idle)$|POST /(apply|sponsoring/.*|terms|people.*|admin/.*)$"
)
"""Doors that change something; what they answer stands in ``tests/flow/test_joining.py``."""
