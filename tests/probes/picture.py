"""The doors of a member's own page, of coverage and of the situation."""

from __future__ import annotations

from probes.model import Ask, each

PROBES: dict[str, Ask] = {"GET /mine": each("/mine")}
