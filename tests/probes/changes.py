"""The doors of what changes."""

from __future__ import annotations

from probes.model import Ask, each

PROBES: dict[str, Ask] = {"GET /changes": each("/changes"), "GET /api/changes": each("/api/changes")}
