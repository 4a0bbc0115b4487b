"""MISP's sharing groups at the MISP door: lists of organisations with whom a thing is shared. The front door.

What is shared with one is AMBER+STRICT for its organisations (``misp``); it is visible to them and its maker alone.
When its organisations change, what was shared with it moves along.
"""

from __future__ import annotations

from fusioncell.exchange.misp.groups.service import Groups

__all__ = ["Groups"]
