"""The frozen values of the MISP door: what a client asks, who it is to MISP, and what it is answered.

The door imitates MISP (DESIGN rule 9): controllers, actions, named parameters, envelopes and messages are MISP's own
(MISP/MISP 2.5, PyMISP 2.5). One :class:`Action` answers one ``controller/action``; ``exchange.mispdoor`` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer


class MispRefused(FusionCellError):
    """A refusal in MISP's own words: status, message and, where MISP gives them, the errors field by field."""

    title = "Refused"

    def __init__(self, status: int, message: str, errors: object = None, *, name: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.name = name or message


@dataclass(frozen=True, slots=True)
class MispRole:
    """A role as MISP knows it. ``permissions``: those of its ``perm_…`` flags that are set, with the prefix."""

    id: int
    name: str
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Tell whether a flag, ``perm_add`` say, is set."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, in MISP's terms. ``viewer`` alone decides what is seen; the role only permits actions.

    ``user``: the caller's number as a user. ``org``: the organisation's id in the hub. ``site_admin``: sees all through
    this door; only in compatibility mode (``FUSIONCELL_MISP_SITE_ADMIN``), and audited.
    """

    viewer: Viewer
    user: int
    org: str
    role: MispRole
    site_admin: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart.

    ``arguments``: what follows controller and action in the path, without named parameters and without ``.json``.
    ``named``: ``name:value`` parts of the path and the query's parameters; ``name[]:x`` gives a list. ``body``: the
    decoded JSON (None for none), with TheHive's ``{"request": …}`` taken off. ``raw``: its bytes as they came.
    """

    caller: Caller
    method: str
    controller: str
    action: str
    arguments: tuple[str, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    raw: bytes = b""
    accept: str = ""
    path: str = ""

    @property
    def viewer(self) -> Viewer:
        """Who is asking."""
        return self.caller.viewer

    def argument(self, index: int, default: str = "") -> str:
        """Return a positional argument, or the default."""
        return self.arguments[index] if index < len(self.arguments) else default

    def fields(self, *envelope: str) -> dict[str, Any]:
        """Return the body's fields, taken out of ``{"Model": {…}}`` where it is so wrapped; {} where there are none."""
        body = self.body
        for name in envelope:
            if isinstance(body, dict) and isinstance(body.get(name), dict):
                body = body[name]
                break
        return dict(body) if isinstance(body, dict) else {}

    def given(self, name: str, default: Any = None) -> Any:
        """Return a parameter: of the body where it is there, else of the path or query."""
        if isinstance(self.body, dict) and name in self.body:
            return self.body[name]
        return self.named.get(name, default)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: ``body`` is JSON-encoded where it is not bytes already."""

    body: Any
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What answers one ``controller/action``.

    ``permission``: of ``members.model.PERMISSIONS``, what opens it at all. ``changes``: it writes, so that a method
    that only reads (GET, HEAD) is refused. ``flag``: the ``perm_…`` flag that the caller's role must have, "" for none.
    """

    run: Callable[[Call], Reply]
    permission: str = "read"
    changes: bool = False
    flag: str = ""


Actions = dict[tuple[str, str], Action]
"""(controller in snake case, action as MISP spells it) → what answers it."""
