"""Prepares a hub for the demonstration: the partnership, the days before, and what was missed while it was off."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.bootstrap import Hub
from fusioncell.demo import history
from fusioncell.demo.cast import assemble_cast
from fusioncell.demo.clock import StoryClock
from fusioncell.demo.director import Director, Notebook
from fusioncell.demo.foresight import past_foresight
from fusioncell.demo.furnish import find_guests, furnish
from fusioncell.demo.plot import Say
from fusioncell.demo.protection import past_protection, protect
from fusioncell.demo.talks import past_talks
from fusioncell.kernel.clock import HOUR, Instant

PAST = history.HOURS * HOUR
"""How far back the story begins; also the most of an interruption that is filled in."""


def prepare(hub: Hub, clock: StoryClock, now: Instant, notebook: Notebook, officers: Sequence[bytes]) -> Director:
    """Tell what has passed until ``now`` and return the director of what follows.

    ``clock``: the hub's, held at ``now - PAST``. ``officers``: the two officers' public keys. A folder without notes is
    told from the beginning; otherwise the hours since the last entry are filled with the stream beside the story, and
    the story goes on where it was.
    """
    hub.settle()
    begun = notebook.load() is not None
    if begun:
        clock.move_to(hub.record.head()[1])
    director = Director(hub, assemble_cast(hub), notebook, hub.settle)
    if not director.place.furnished:
        furnish(director.cast, officers)
        protect(director.cast, now)
        director.place.furnished = True
    find_guests(director.cast)
    hours = min(history.HOURS, (now - clock.now()) // HOUR)
    beats = history.past_beats((now // HOUR - hours) % 24, hours, director.place.line)
    director.place.line += sum(isinstance(beat.act, Say) for beat in beats)
    if not begun:
        told = [*history.old_campaigns(), *past_talks(), *past_foresight(), *past_protection()]
        beats = sorted([*beats, *told], key=lambda beat: beat.at)
    director.replay(beats, now, clock.move_to)
    notebook.save(director.place.notes())
    return director
