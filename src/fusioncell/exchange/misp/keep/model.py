"""The frozen value of what the MISP door keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept thing. ``number``: 1, 2, 3 … per model, never given twice; ``key``: its own name, unique per model."""

    number: int
    key: str
    org: str
    body: Mapping[str, Any]
