"""Which entries besides the zone's steps the log tells of: a table of data. Adding a row is adding it to the log."""

from __future__ import annotations

from fusioncell.shield.translog.model import Kind

EVENTS: dict[str, Kind] = {
    "appeal.lodged": Kind.APPEAL,
    "appeal.upheld": Kind.UPHELD,
    "appeal.refused": Kind.DISMISSED,
    "appeal.withdrawn": Kind.WITHDRAWN,
    "policy.adopted": Kind.POLICY,
    "deconfliction.placed": Kind.HOLD,
}
"""Kind of entry → kind of leaf."""
