"""Write the fragments of one resolver: file name → text. Pure.

Each line that looks needless is there for a trap that was measured (docs/shield-resolvers.md lists them).
"""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.shield.resolvers import bind, knot, powerdns, unbound
from fusioncell.shield.resolvers.model import Kind, Plan

_WRITERS: dict[Kind, Callable[[Plan], dict[str, str]]] = {
    Kind.UNBOUND: unbound.write, Kind.BIND: bind.write, Kind.POWERDNS: powerdns.write, Kind.KNOT: knot.write,
}  # fmt: skip


def fragments(kind: Kind, plan: Plan) -> dict[str, str]:
    """Return the files that a resolver of this kind includes, by name."""
    return _WRITERS[kind](plan)
