"""The doors of vulnerabilities: counts by sector and vectors are where hidden things leak."""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe

CVES = ("CVE-2024-3400", "CVE-2021-44228", "CVE-2026-0001")


def lists(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        yield await p.get(path)
        for asked in ({"days": 3660}, {"days": 3660, "sector": "energy"}, {"start": 1, "days": 3660}):
            yield await p.get(path, **asked)

    return ask


def each(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        for cve in CVES:
            yield await p.get(f"{path}/{cve}")
            yield await p.get(f"{path}/{cve}", exposure="S", impact="L")

    return ask


PROBES: dict[str, Ask] = {
    "GET /api/vulnerabilities": lists("/api/vulnerabilities"),
    "GET /vulnerabilities": lists("/vulnerabilities"),
    "GET /api/vulnerabilities/{cve:str}": each("/api/vulnerabilities"),
    "GET /vulnerabilities/{cve:str}": each("/vulnerabilities"),
}
CHANGES = re.compile(r"POST /api/vulnerabilities/tables\Z")
