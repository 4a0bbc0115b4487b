"""A line of the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.kernel.clock import Instant

LOCAL = "local"
"""The actor of a line that a command on the hub's own data folder wrote: its operators alone can read that folder."""
LONGEST = 500
"""No text of a line is longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done.

    ``number``: its place in the log, for paging. ``org``: the organisation that it concerns, "" for the hub.
    ``actor``: ``person:…``, ``key:…``, ``org:…``, ``local`` for a command on the hub's own machine, or "" for the hub
    itself. ``action``: ``key.made`` …
    ``subject``: what it was done to, by its id. ``detail``: a few words; no secret, no address of a machine.
    """

    number: int
    at: Instant
    org: str
    actor: str
    action: str
    subject: str
    detail: str
