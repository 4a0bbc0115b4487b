"""Samples of every template's context, one module a part; all are joined here.

Each module may define ``PAGES`` (name → (template, context)) and ``FRAGMENTS`` (likewise, sent without the frame).
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

PAGES: dict[str, tuple[str, dict[str, Any]]] = {}
FRAGMENTS: dict[str, tuple[str, dict[str, Any]]] = {}

for _found in pkgutil.iter_modules(__path__):
    _module = import_module(f"{__name__}.{_found.name}")
    PAGES.update(getattr(_module, "PAGES", {}))
    FRAGMENTS.update(getattr(_module, "FRAGMENTS", {}))
