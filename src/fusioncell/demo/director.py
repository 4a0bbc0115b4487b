"""Plays the story on a hub: the written beats, the stream beside them, the approver's rounds; remembers where it is.

1. Time of the story is counted in its own seconds, which pass only while it runs; they are kept in a notebook.
2. Whatever a visitor did first wins: a block that was approved or withdrawn, a partner that was suspended.
3. It does not grow for ever: after :data:`QUIET_AFTER` seconds no new campaign begins and the stream becomes a trickle.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from fusioncell.bootstrap import Hub
from fusioncell.demo import campaigns, history, story, talks
from fusioncell.demo.cast import FINANCE, PARTNERS, Cast
from fusioncell.demo.conversation import act_out
from fusioncell.demo.dice import Dice
from fusioncell.demo.plot import Act, Approve, Beat, Count, Protective, Recall, Round, Say
from fusioncell.demo.protection import act_protectively, count
from fusioncell.demo.voices import write
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import HOUR, Instant
from fusioncell.kernel.errors import FusionCellError
from fusioncell.shield.model import State

QUIET_AFTER = 6 * 3600
"""Seconds of the story after which it slows to a trickle."""
GAPS = (3, 8)
"""Seconds between two contributions of the stream."""
QUIET_FACTOR = 40
ROUND_EVERY = 75
LEFT_TO_VISITORS = 3
"""Proposals that the approver's rounds leave waiting."""
NAMES = {partner.key: partner.name for partner in PARTNERS}

_log = logging.getLogger("fusioncell.demo")


class Notebook(Protocol):
    """Keeps where the story is, from one run to the next."""

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last, None where nothing was."""
        ...

    def save(self, notes: dict[str, Any]) -> None:
        """Keep the notes."""
        ...


@dataclass(slots=True)
class Place:
    """Where the story is: seconds gone, written beats told, the stream's next line and when, the next round."""

    elapsed: int = 0
    told: int = 0
    line: int = 0
    line_at: int = 6
    round_at: int = ROUND_EVERY
    said: dict[str, str] = field(default_factory=dict)
    """Ids of what a later act refers to: contributions and posts, by name."""
    counted: int = 0
    """The last hour (µs, its beginning) of which the resolvers have reported."""
    furnished: bool = False
    """The groups, the directory and the like stand."""

    def notes(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"elapsed": self.elapsed, "told": self.told, "line": self.line, "line_at": self.line_at,
                "round_at": self.round_at, "said": self.said, "counted": self.counted, "furnished": self.furnished}


def script() -> list[Beat]:
    """Return all written beats in order: the first campaign, then one after the other until the story goes quiet."""
    beats = [*story.STORY, *talks.STORY_TALKS]
    start, number = story.LENGTH, 0
    while start < QUIET_AFTER:
        beats += campaigns.beats_of(number, start) + talks.talks_of(number, start)
        start, number = start + campaigns.LENGTH, number + 1
    return sorted(beats, key=lambda beat: beat.at)


class Director:
    """Plays beats on a hub, one at a time; :meth:`run` waits between them.

    ``settle``: called before a decision is made; brings the projections up to date where nothing else does.
    """

    def __init__(self, hub: Hub, cast: Cast, notebook: Notebook, settle: Callable[[], None]) -> None:
        self._hub = hub
        self.cast = cast
        self._notebook = notebook
        self.settle = settle
        self.place = Place(**(notebook.load() or {}))
        self._script = script()

    # -- what is next ------------------------------------------------------------------------------------------------

    def due(self) -> int:
        """Return how many seconds of the story pass until the next beat."""
        return max(0, self._next()[0] - self.place.elapsed)

    def _next(self) -> tuple[int, int]:
        place = self.place
        written = self._script[place.told].at if place.told < len(self._script) else 1 << 60
        return min((written, 0), (place.round_at, 1), (place.line_at, 2))

    def step(self) -> Act:
        """Play the next beat, note it, and return it."""
        place = self.place
        at, which = self._next()
        act: Act
        if which == 0:
            act = self._script[place.told].act
            self.play(act, f"written/{place.told}")
            place.told += 1
        elif which == 1:
            act = Round()
            self.play(act, "")
            place.round_at += ROUND_EVERY
        else:
            act = history.line_of(place.line)
            self.play(act, f"line/{place.line}")
            gap = Dice("gap", place.line).between(*GAPS)
            place.line, place.line_at = place.line + 1, at + gap * (QUIET_FACTOR if at >= QUIET_AFTER else 1)
        place.elapsed = at
        self._notebook.save(place.notes())
        return act

    def run(self, stop: threading.Event, pace: float = 1.0) -> None:
        """Play until told to stop. ``pace``: seconds of the story in one second."""
        while not stop.wait(self.due() / pace):
            try:
                self.step()
            except Exception:  # noqa: BLE001 - a beat that fails costs that beat; a hub that serves goes on serving
                if stop.is_set():
                    return
                _log.exception("the story stumbled at second %s; it goes on in a minute", self.place.elapsed)
                stop.wait(60)

    # -- the past ----------------------------------------------------------------------------------------------------

    def replay(self, beats: list[Beat], end: Instant, move_to: Callable[[Instant], None]) -> None:
        """Play beats that have passed: each at its own instant, ``end`` being second 0."""
        for index, beat in enumerate(beats):
            move_to(end + beat.at * 1_000_000)
            self.play(beat.act, f"past/{self.place.line}/{index}")
        move_to(end)
        self.settle()

    # -- acts --------------------------------------------------------------------------------------------------------

    def play(self, act: Act, key: str) -> None:
        """Do one act; what the hub refuses (a visitor was faster) is passed over."""
        try:
            match act:
                case Say():
                    self._say(act, key)
                case Approve():
                    self.settle()
                    for name in act.names:
                        self._approve(name, act.reason)
                case Recall():
                    self._recall(act)
                case Round():
                    self.settle()
                    self._round()
                    self._count()
                case Count():
                    self.settle()
                    self._count()
                case _ if isinstance(act, Protective):
                    self.settle()
                    act_protectively(self.cast, act, self.place.said)
                case _:
                    self.settle()
                    act_out(self.cast, act, self.place.said)
        except FusionCellError as refused:
            _log.debug("passed over: %s", refused.detail)

    def _say(self, act: Say, key: str) -> None:
        viewer = self.cast.viewer(act.by)
        if viewer is None:
            return
        groups: tuple[str, ...] = ()
        if act.closed:
            party = self.cast.group_party(viewer, FINANCE)
            if party is None:
                return
            groups = (party,)
        who = (self.cast.partners[act.by], NAMES[act.by])
        body, media_type, filename = write(act.piece, who, key, self._hub.clock.now(), act.tlp)
        accepted = self._hub.intake.accept(viewer, body, media_type, Terms(act.tlp, groups, filename=filename))
        if act.name:
            self.place.said[act.name] = accepted.contribution

    def _approve(self, name: str, reason: str) -> None:
        viewer = self.cast.viewer("department")
        newest = self._hub.shield.newest(name)
        if viewer is not None and newest is not None and newest.state is State.PROPOSED and not newest.guards:
            self._hub.shield.approve(viewer, newest.id, reason=reason)

    def _recall(self, act: Recall) -> None:
        viewer = self.cast.viewer(act.by)
        contribution = self.place.said.get(act.said)
        if viewer is not None and contribution is not None:
            self._hub.intake.recall(viewer, contribution, act.reason)

    def _count(self) -> None:
        """Let the resolvers report the hour that closed last, once."""
        hour = (self._hub.clock.now() // HOUR - 1) * HOUR
        if hour > self.place.counted:
            self.place.counted = hour
            count(self.cast, hour)

    def _round(self) -> None:
        viewer = self.cast.viewer("department")
        if viewer is None:
            return
        written = {name for beat in self._script[self.place.told:] if isinstance(beat.act, Approve)
                   for name in beat.act.names}
        waiting = self._hub.shield.decisions(viewer, [State.PROPOSED], limit=100)
        ours = [item for item in waiting if item.name not in written and not item.guards]
        for item in ours[LEFT_TO_VISITORS:][-2:]:
            self._hub.shield.approve(viewer, item.id, reason="Two independent partners; checked by hand.")
