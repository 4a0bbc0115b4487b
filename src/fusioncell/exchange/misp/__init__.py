"""The core of the MISP door: calls and replies, numeric ids, what stands in events. The front door of the package."""

from __future__ import annotations

from fusioncell.exchange.misp.ids import Numbers
from fusioncell.exchange.misp.model import Action, Actions, Call, Caller, MispRefused, MispRole, Reply

__all__ = ["Action", "Actions", "Call", "Caller", "MispRefused", "MispRole", "Numbers", "Reply"]
