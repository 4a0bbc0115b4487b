"""Subscribers: which ISP takes what with which resolver, and the zones that are rendered for each choice.

Two subscribers with the same choice share one rendering. Not here: what is blocked (``shield``), how it is sent
(``edges.dns_server``), what a resolver must be told (``shield.resolvers``).
"""

from __future__ import annotations

from fusioncell.shield.subscribers.layout import heartbeat
from fusioncell.shield.subscribers.model import Action, Choice, Step, Subscriber

__all__ = ["Action", "Choice", "Step", "Subscriber", "heartbeat"]
