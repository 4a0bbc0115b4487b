"""What the MISP door does with content: add, edit, delete, publish, tag, sight, propose, report, annotate, delegate.

The front door of the package. Each use case loads what stands, decides by pure steps what the new versions are
(:mod:`take`, :mod:`check`), and writes them through ``exchange.misp``.
"""

from __future__ import annotations

from fusioncell.exchange.misp.content.check import Types
from fusioncell.exchange.misp.content.service import Content

__all__ = ["Content", "Types"]
