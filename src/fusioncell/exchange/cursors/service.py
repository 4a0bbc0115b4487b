"""Use cases of named cursors: find, keep, list, forget."""

from __future__ import annotations

import re

from fusioncell.exchange.cursors import store
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, NotSignedIn
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record import Seal

MOST = 50
"""Names that a holder may have."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)


class Cursors:
    """The front door of named cursors."""

    def __init__(self, vault: Database, clock: Clock, seal: Seal) -> None:
        self._vault = vault
        self._clock = clock
        self._seal = seal

    def find(self, viewer: Viewer, name: str) -> str | None:
        """Return the cursor that is kept under a name, None for a new name."""
        holder = _holder(viewer, name)
        with self._vault.read() as connection:
            return store.find(connection, holder, name)

    def keep(self, viewer: Viewer, name: str, token: str) -> None:
        """Keep a cursor under a name: all before it has arrived. BadInput where it is none of ours."""
        holder = _holder(viewer, name)
        if self._seal.open_cursor(token) is None:
            raise BadInput("that is no cursor of this hub", hint="Acknowledge with the id of an event of the stream.")
        with self._vault.write() as connection:
            held = [row[0] for row in store.all_of(connection, holder, MOST + 1)]
            if name not in held and len(held) >= MOST:
                raise Conflict(f"you have {MOST} named cursors", hint="Forget one that you do not need.")
            store.keep(connection, holder, name, token, self._clock.now())

    def names(self, viewer: Viewer) -> list[tuple[str, Instant]]:
        """Return (name, when it was moved last) of all that the viewer has."""
        with self._vault.read() as connection:
            return [(row[0], row[1]) for row in store.all_of(connection, _holder(viewer, "x"), MOST)]

    def forget(self, viewer: Viewer, name: str) -> None:
        """Forget a name. NotFound where there is none."""
        with self._vault.write() as connection:
            if not store.drop(connection, _holder(viewer, name), name):
                raise NotFound(f"you have no cursor {name!r}")


def _holder(viewer: Viewer, name: str) -> str:
    if viewer.person is None and viewer.org is None:
        raise NotSignedIn("a named cursor belongs to someone", hint="Use an API key.")
    if not _NAME.match(name):
        raise BadInput(f"{name[:80]!r} is no name of a cursor", hint="Use letters, digits, dot, hyphen; at most 64.")
    return f"person:{viewer.person}" if viewer.person is not None else f"org:{viewer.org}"
