"""Which action answers which request, and who the caller is to MISP. Wired in ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fusioncell.exchange.misp import Action, Caller
from fusioncell.kernel.marking import Viewer


@dataclass(frozen=True, slots=True)
class MispDoor:
    """All actions of the door, by (controller, action)."""

    actions: Mapping[tuple[str, str], Action]
    whoami: Callable[[Viewer], Caller]
