"""Use cases of the audit log: note, read."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members.audit import store
from fusioncell.members.audit.model import LOCAL, LONGEST, Line

END = 1 << 62
KEEP = 730 * DAY
"""Lines are kept for two years."""


def actor_of(viewer: Viewer) -> str:
    """Name who acts as the log does: the person, else ``local`` for a command on the hub's own machine, else the
    organisation whose key it is, else "" for the hub.
    """
    if viewer.person:
        return f"person:{viewer.person}"
    if viewer.local:
        return LOCAL
    return f"org:{viewer.org}" if viewer.org else ""


def author_of(viewer: Viewer) -> str:
    """Name who acts as the membership's methods take it: a person's id, or ``org:…`` for a key of an organisation."""
    return viewer.person or actor_of(viewer)


def check_decider(viewer: Viewer) -> None:
    """Raise NotAllowed where a key without a person would decide what trust rests on.

    Who is let in, suspended or given an office, and whose asset it is, somebody answers for by name; a command on the
    hub's own data folder is its operators', and stands in the log as such.
    """
    if viewer.person is None and not viewer.local:
        raise NotAllowed("A person decides this, by name: this key belongs to nobody.",
                         hint="Sign in, or use a key of your own; operators may use a command on the hub itself.")


class Audit:
    """The front door of the log."""

    def __init__(self, vault: Database, clock: Clock) -> None:
        self._vault, self._clock = vault, clock

    def note(self, action: str, *, org: str = "", actor: str = "", subject: str = "", detail: str = "") -> None:
        """Write a line, durably. Never call it on the route of anonymous contribution."""
        line = Line(0, self._clock.now(), org, actor[:80], action[:64], subject[:LONGEST], detail[:LONGEST])
        with self._vault.write() as connection:
            store.add(connection, line)

    def lines(self, org: str | None, *, before: int = END, limit: int = 50, action: str = "") -> list[Line]:
        """Return lines, the newest first: of one organisation, or all (None)."""
        with self._vault.read() as connection:
            return store.lines(connection, org, before, min(limit, 1000), action)

    def lines_of(self, actor: str, limit: int = 1000) -> list[Line]:
        """Return the newest lines of what a party did (``person:…``)."""
        with self._vault.read() as connection:
            return store.lines_of(connection, actor, limit)

    def forget(self, person: str) -> None:
        """Take an erased person out of the log; the lines stay."""
        with self._vault.write() as connection:
            store.forget_actor(connection, f"person:{person}", person)

    def tidy(self) -> None:
        """Delete what is older than two years. Call it daily."""
        with self._vault.write() as connection:
            store.forget_before(connection, self._clock.now() - KEEP)
