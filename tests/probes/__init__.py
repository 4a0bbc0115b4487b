"""Probes of every door, one module a part; all are joined here. A door without one fails the tests.

Each module may define

* ``PROBES``: door (``"GET /api/search"``) → what asks it (``model.Probe`` → answers): every door that answers with
  anything that parties contributed, wrote or decided;
* ``NO_DATA``: door → why its answers hold nothing of the kind;
* ``CHANGES``: a compiled pattern of doors that change something, whose answers stand in the tests of each.
"""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module

from probes.model import Ask, Probe

__all__ = ["CHANGES", "NO_DATA", "PROBES", "Ask", "Probe", "changes"]

PROBES: dict[str, Ask] = {}
NO_DATA: dict[str, str] = {}
CHANGES: list[re.Pattern[str]] = []

for _found in pkgutil.iter_modules(__path__):
    _module = import_module(f"{__name__}.{_found.name}")
    PROBES.update(getattr(_module, "PROBES", {}))
    NO_DATA.update(getattr(_module, "NO_DATA", {}))
    CHANGES += [_module.CHANGES] if hasattr(_module, "CHANGES") else []


def changes(door: str) -> bool:
    """Whether a door changes something."""
    return any(pattern.match(door) for pattern in CHANGES)
