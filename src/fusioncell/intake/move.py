"""Narrow and widen: decide which items of a contribution go on for which readers. Pure.

1. To *narrow* is to name members who certainly all belong to those of before (the guests of a group that is named are
   that group's own affair); what has as few already stays as it is. Uses may be taken away, never added.
2. To *widen* is to name readers among whom all of before are. Of a whole contribution only that is widened which came
   under its general marking: an item that says TLP:RED of itself is widened by itself or not at all.
3. Neither is done by halves: one item that cannot go where the rest goes refuses the whole, and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, default_uses, org, person, within

BEHALF = "behalf"
"""The word in an item's meta that says to its readers that it is published on behalf of a partner, and no more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where items are to go: the new readers, the uses (None: as they were, as far as the marking proposes them)."""

    audience: Audience
    uses: Uses | None
    wider: bool
    whole: bool
    """Whether a whole contribution is meant, and not one entry of it."""
    general: Tlp | None = None
    """The marking that a contribution was given for what carries none; None where all may be widened together."""


def decide(viewer: Viewer, standing: Mapping[int, Audience], wanted: Wanted) -> dict[int, Audience]:
    """Return, for the audiences (by number) whose items go on elsewhere, where to. Raises BadInput, Conflict."""
    made = {number: _decide_one(viewer, old, wanted) for number, old in standing.items()}
    moves = {number: new for number, new in made.items() if new is not None}
    if not moves:
        raise Conflict(
            "it is shared with no more than these" if not wanted.wider else "it is shared with all of them already",
            hint="Its page says who can see it now.",
        )
    return moves


def _decide_one(viewer: Viewer, old: Audience, wanted: Wanted) -> Audience | None:
    new = wanted.audience
    if wanted.wider:
        uses = old.uses if wanted.uses is None else wanted.uses
        return _widened(old, Audience(new.tlp, new.parties, uses), wanted)
    uses = old.uses & default_uses(new.tlp) if wanted.uses is None else wanted.uses
    return _narrowed(viewer, old, Audience(new.tlp, new.parties, uses), wanted)


def _narrowed(viewer: Viewer, old: Audience, new: Audience, wanted: Wanted) -> Audience | None:
    if new == old:
        return None
    if within(_without_self(viewer, new), old, guests=False):
        if new.uses & ~old.uses:
            raise BadInput("to narrow allows no new uses", hint="Leave the uses out: they stay as they are, or fewer.")
        return new
    kept = within(_without_self(viewer, old), new, guests=False)
    if wanted.whole and (kept or old.tlp.strictness > new.tlp.strictness):
        return None
    raise BadInput(
        "some of these readers cannot see it now: that is no narrowing",
        hint="Name fewer of those who see it now, or widen it.",
    )


def _widened(old: Audience, new: Audience, wanted: Wanted) -> Audience | None:
    if new == old:
        return None
    if within(old, new, guests=False):
        if wanted.whole and wanted.general is not None and old.tlp is not wanted.general:
            return None
        return new
    if wanted.whole and (within(new, old, guests=False) or old.tlp.strictness > new.tlp.strictness):
        return None
    raise BadInput(
        "some who see it now are not among these readers: that is no widening",
        hint="Name all who see it now and more, or narrow it.",
    )


def _without_self(viewer: Viewer, audience: Audience) -> Audience:
    """Leave out who asks, beside their own organisation: they read what it reads."""
    if viewer.person is None or viewer.org is None or org(viewer.org) not in audience.parties:
        return audience
    return Audience(audience.tlp, audience.parties - {person(viewer.person)}, audience.uses)


def is_on_behalf(entries: Iterable[Entry]) -> bool:
    """Tell whether items were published on behalf of a partner (``exchange.proxy``): who publishes does not widen."""
    return any(entry.payload is not None and bool(entry.payload.meta.get(BEHALF)) for entry in entries)
