"""The actions of content."""

from __future__ import annotations

from fusioncell.exchange.misp import Actions
from fusioncell.exchange.mispcontent.service import Content


def actions(content: Content) -> Actions:
    """Return the package's actions."""
    return {}
