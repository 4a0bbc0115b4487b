"""The doors of the transparency log.

The log is a release by design: of each decision event its kind, time, category, severity, policy, serial and a
commitment to the name, to everyone; names later (docs/transparency.md). So a visitor, who may see no decision, is shown
what decisions released; the visitor's world holds none of them, and is not compared. Members see decisions: for them
each byte must be the same whatever hidden evidence stood behind them.
"""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe

TILES = ("0/000.p/1", "0/000.p/3", "entries/000.p/1", "entries/000.p/2", "0/000", "1/000.p/1", "entries/000")


def released(*paths: str) -> Ask:
    """Ask paths as a member; to a visitor the log is a release (see above)."""

    async def ask(p: Probe) -> Answers:
        for path in paths if p.name != "visitor" else ():
            yield await p.get(path)

    return ask


PROBES: dict[str, Ask] = {
    "GET /log/checkpoint": released("/log/checkpoint"),
    "GET /log/checkpoint/{size:str}": released("/log/checkpoint/1", "/log/checkpoint/2", "/log/checkpoint/9999"),
    "GET /log/tile/{tile:path}": released(*(f"/log/tile/{tile}" for tile in TILES)),
    "GET /log/{generation:str}/checkpoint": released("/log/g1-00000000/checkpoint"),
    "GET /log/{generation:str}/tile/{tile:path}": released("/log/g1-00000000/tile/0/000.p/1"),
    "GET /api/shield/log": released("/api/shield/log"),
    "GET /api/shield/log/proof/{index:str}": released("/api/shield/log/proof/0", "/api/shield/log/proof/99"),
    "GET /api/shield/openings": released("/api/shield/openings", "/api/shield/openings?after=0&limit=2"),
    "GET /transparency": released("/transparency"),
    "GET /log": released("/log"),
}
NO_DATA = {
    "GET /api/appeals/{code:str}/openings": "of one name, to whoever proved by DNS to hold it; "
    "tests/contract/test_translog.py",
}
CHANGES = re.compile(r"POST /log/cosignatures$")
"""Answered in tests/flow/test_translog_doors.py and tests/contract/test_translog.py."""
