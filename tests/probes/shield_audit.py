"""The doors of the auditor: how blocks were decided."""

from __future__ import annotations

from probes.model import Answers, Ask, Probe


async def report(p: Probe) -> Answers:
    for path in ("/api/shield/audit", "/api/shield/audit/csv", "/shield/audit"):
        yield await p.get(path)
        yield await p.get(path, since="2020-01-01", until="2022-12-31")
        yield await p.get(path, category="phishing")


PROBES: dict[str, Ask] = {
    "GET /api/shield/audit": report,
    "GET /api/shield/audit/csv": report,
    "GET /shield/audit": report,
}
