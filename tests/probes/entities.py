"""The doors of entities and of the ATT&CK matrix: counts, names, links and suggestions are where hidden things leak."""

from __future__ import annotations

import json
import re

from probes.model import UNKNOWN, Answers, Ask, Probe

APT29, MITRE = "b2056ff0-00b9-482e-b11c-c771daa5f28a", "899ce53f-13a0-479b-a0e4-67d46e241542"
ENTITIES = (APT29, MITRE, "T1566", "T1566.001", "T1059", "CVE-2024-3400", "CVE-2026-0001", "threat-actor=unheard of",
            UNKNOWN)  # fmt: skip
LAYER = json.dumps({"name": "own", "domain": "enterprise-attack", "versions": {"layer": "4.5"},
                    "techniques": [{"techniqueID": "T1566", "score": 1}]})  # fmt: skip


def lists(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        yield await p.get(path)
        for asked in ({"days": 0}, {"days": 3660, "kind": "technique"}, {"kind": "actor", "days": 0}, {"q": "storm"},
                      {"q": "apt29"}, {"q": "T1566"}, {"start": 1, "days": 0}):  # fmt: skip
            yield await p.get(path, **asked)

    return ask


def each(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        for one in (*ENTITIES, *(uuid for uuid in getattr(p.world, "entities", ()))):
            yield await p.get(f"{path}/{one}")

    return ask


def windows(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        for asked in ({}, {"days": 3660}, {"days": 3660, "sector": "energy"}, {"domain": "ics", "days": 365}):
            yield await p.get(path, **asked)

    return ask


async def compared(p: Probe) -> Answers:
    for days in (30, 3660):
        yield await p.ask("POST", f"/api/matrix/compare?days={days}", content=LAYER,
                          headers={"content-type": "application/json"})  # fmt: skip


PROBES: dict[str, Ask] = {
    "GET /api/entities": lists("/api/entities"),
    "GET /entities": lists("/entities"),
    "GET /api/entities/{which:str}": each("/api/entities"),
    "GET /entities/{which:str}": each("/entities"),
    "GET /api/matrix/layer": windows("/api/matrix/layer"),
    "GET /matrix": windows("/matrix"),
    "POST /api/matrix/compare": compared,
}
CHANGES = re.compile(r"POST /(api/entities/[^/]+/links|api/entity-links/[^/]+/undo|entities/[^/]+/link"
                     r"|entities/links/[^/]+/undo|matrix)\Z")  # fmt: skip
