"""One zone at the agent: taken from the hub, kept as a file, served while the hub is away, up to its expiry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from fusioncell.edges.edge_report import write_whole
from fusioncell.edges.edge_transfer import Exchange, Primary
from fusioncell.kernel.clock import HOUR, SECOND, Clock
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.shield.agent.fuse import held_back
from fusioncell.shield.agent.keeping import read_zone, zone_lines
from fusioncell.shield.agent.records import BadTransfer, read_message
from fusioncell.shield.agent.taking import Taken, Taking, WholeZoneNeeded
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import EXPIRE, Rule, ZoneImage


def accepted(folder: Path, origin: str) -> Path:
    """Return the file whose presence lets the next transfer through the fuse."""
    return folder / "zones" / f"{origin}.accept"


class Mirror:
    """Holds one zone. :meth:`refresh` is called by one thread at a time; reading is for any."""

    def __init__(self, origin: str, primary: Primary, folder: Path, clock: Clock, shrink: float) -> None:
        self.origin = origin
        self._primary, self._clock, self._shrink = primary, clock, shrink
        self._file = folder / "zones" / f"{origin}.zone"
        self._accept = accepted(folder, origin)
        self._saved = (-1, 0)
        self._saving = threading.Lock()
        self.live: LiveZone | None = None
        self.heard = 0
        """When the hub last confirmed what is held (instant, µs)."""
        self.expire = EXPIRE
        self.fault = ""
        self.unknown = 0
        self.stands_elsewhere: Callable[[str], bool] = lambda _: False
        """Tells whether a name stands in another zone that the agent holds."""
        if self._file.exists():
            try:
                image, self.heard = read_zone(self._file.read_bytes(), origin)
                self.live, self._saved = LiveZone(image), (image.serial, self.heard)
            except BadInput as fault:
                self.fault = fault.detail

    def served(self) -> LiveZone | None:
        """Return the zone while it may be used: a zone that the hub has not confirmed for so long is not served, and
        the resolver's own expiry then lets names go (fail open).
        """
        return self.live if self._clock.now() - self.heard < self.expire * SECOND else None

    def refresh(self) -> list[Rule] | None:
        """Ask the hub. Returns the rules that came by steps (none: nothing new), None where the whole zone is new.

        Whatever goes wrong leaves the zone as it was, and stands in ``fault``.
        """
        held = self.live.image() if self.live is not None else None
        try:
            try:
                taken = self._take(held)
            except WholeZoneNeeded:
                taken = self._take(None)
            came = self._apply(taken)
        except FusionCellError as fault:
            self.fault = fault.detail
            return []
        except BadTransfer as refused:
            self.fault = str(refused)
            return []
        self.heard, self.expire = self._clock.now(), taken.expire or EXPIRE
        self.fault, self.unknown = "", taken.unknown
        return came

    def _take(self, held: ZoneImage | None) -> Taken:
        taking = Taking(self.origin, held)
        with Exchange(self._primary, self.origin, held.serial if held is not None else None) as exchange:
            for number, wire in enumerate(exchange.messages()):
                message = read_message(wire)
                if message.query_id != exchange.query_id:
                    raise BadTransfer("an answer to another question")
                taking.take(message.records)
                taking.message_ended(number == 0)
                exchange.verify(wire, message.tsig_at, message.tsig_rdata, last=taking.done)
                if taking.done:
                    break
        return taking.result()

    def _apply(self, taken: Taken) -> list[Rule] | None:
        live = self.live
        image = taken.image
        if image is None:
            assert live is not None
            image = live.image()
            for step in taken.steps:
                image = image.change(step.serial, step.added, step.removed)
        elif live is not None and image.serial == live.serial:
            return []  # the hub sent all of what is held
        if live is not None and image.serial != live.serial:
            why = held_back(live.image(), image, self._shrink, self.stands_elsewhere, whole=taken.image is not None)
            if why and not self._accept.exists():
                raise BadTransfer(f"the fuse holds serial {image.serial}: {why}")
            self._accept.unlink(missing_ok=True)
        if live is None or taken.image is not None:
            # Another LiveZone: a restored hub's serial may lie anywhere, and no step leads to it.
            self.live = LiveZone(image)
            return None
        for step in taken.steps:
            live.change(step.added, step.removed, serial=step.serial)
        return [rule for step in taken.steps for rule in step.added]

    def save(self) -> None:
        """Write the zone to its file where it moved since, or was confirmed an hour later. Raises OSError."""
        with self._saving:  # what follows the hub and what keeps time save from threads of their own
            live, (serial, heard) = self.live, self._saved
            if live is not None and (live.serial != serial or self.heard - heard > HOUR):
                image, heard = live.image(), self.heard
                write_whole(self._file, zone_lines(image, heard))
                self._saved = (image.serial, heard)
