"""Rules out of the records of a transfer: the whole zone (RFC 5936) or the steps to it (RFC 1995 §4).

A rule is ``name.ORIGIN CNAME target`` and, where it covers what is under the name, ``*.name.ORIGIN`` with the same
target. Targets: ``.`` block, ``*.`` no data, ``rpz-passthru.`` pass, and one other: the walled garden. A TXT record is
the heartbeat. What else a zone may hold (addresses, triggers by address) has no rule here and is counted as unknown.

Nothing is applied before the last record came: what breaks off in the middle changes nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from fusioncell.shield.agent.logs import name_of
from fusioncell.shield.agent.records import CNAME, NS, SOA, TXT, BadTransfer, Record
from fusioncell.shield.zone import Action, Rule, ZoneImage, fits, newer, wire_name

MAX_NAMES = 8_000_000
_TARGETS = {b"\0": Action.BLOCK, b"\x01*\0": Action.NODATA, b"\x0crpz-passthru\0": Action.PASSTHRU}


class WholeZoneNeeded(BadTransfer):
    """The steps lead to what a step cannot say (another walled garden): ask for the whole zone."""


class Step(NamedTuple):
    """One step: the serial it leads to, what comes (in place of a rule of the same name), what goes."""

    serial: int
    added: tuple[Rule, ...]
    removed: tuple[str, ...]


class Taken(NamedTuple):
    """What a transfer brought: a whole zone, or steps to follow the one that is held; neither: nothing new.

    ``expire``: seconds after which, unheard of the hub, the zone should no longer be used. ``unknown``: records that
    no rule can say.
    """

    image: ZoneImage | None
    steps: tuple[Step, ...]
    serial: int
    expire: int
    unknown: int


class Taking:
    """Takes one transfer, record by record. ``held``: the zone that the request named the serial of."""

    def __init__(self, origin: str, held: ZoneImage | None) -> None:
        self._apex = wire_name(origin)
        self._origin, self._held = origin, held
        self._serial = self._expire = -1
        self._mode = ""
        self._current = held.serial if held is not None else 0
        self._garden = held.garden if held is not None else ""
        self._heartbeat = held.heartbeat if held is not None else ""
        self._bits: dict[bytes, tuple[int, int]] = {}
        self._touched: dict[bytes, None] = {}
        self._steps: list[Step] = []
        self._unknown = 0
        self.done = False

    def take(self, records: Iterable[Record]) -> None:
        """Take the records of one message. Raises BadTransfer."""
        for record in records:
            if self.done:
                raise BadTransfer("records come behind the transfer's end")
            if record.rdtype == SOA and record.owner == self._apex:
                self._on_soa(record.data)
            elif self._serial < 0:
                raise BadTransfer("a transfer begins with its SOA record")
            else:
                self._on_record(record)

    def message_ended(self, first: bool) -> None:
        """Learn that a message ended: a first one that holds the SOA alone says that there is nothing new."""
        if first and not self._mode and self._held is not None and not newer(self._serial, self._held.serial):
            self.done = True

    def _on_soa(self, data: bytes) -> None:
        serial, _, _, expire, _ = struct.unpack(">5I", data)
        if self._serial < 0:
            self._serial, self._expire = serial, expire
        elif not self._mode and self._held is not None and serial == self._held.serial:
            self._mode = "remove"
        elif not self._mode or self._mode == "whole":
            if serial != self._serial:
                raise BadTransfer("the zone changed while it was sent")
            self._mode, self.done = "whole", True
        elif self._mode == "remove":
            self._mode, self._current = "add", serial
        else:
            self._end_step()
            if serial != self._current:
                raise BadTransfer("a step is missing")
            self._mode = "remove"
            self.done = serial == self._serial

    def _on_record(self, record: Record) -> None:
        if not self._mode:
            self._mode = "whole"
            self._garden = self._heartbeat = ""
        if record.owner == self._apex and record.rdtype == NS:
            return
        if not record.owner.endswith(self._apex) or record.owner == self._apex:
            self._unknown += 1
            return
        labels = record.owner[: -len(self._apex)]
        if record.rdtype == TXT:
            self._on_heartbeat(labels)
        elif record.rdtype == CNAME:
            self._on_rule(labels, record.data)
        else:
            self._unknown += 1

    def _on_heartbeat(self, labels: bytes) -> None:
        name = name_of(labels)
        if self._mode == "whole" and not self._heartbeat:
            self._heartbeat = name
        elif name != self._heartbeat:
            raise WholeZoneNeeded("the heartbeat's name changed")

    def _on_rule(self, labels: bytes, target: bytes) -> None:
        wild = labels.startswith(b"\x01*")
        if wild:
            labels = labels[2:]
        action = _TARGETS.get(target)
        if action is None:
            host = name_of(target[:-1])
            if self._mode == "whole" and not self._garden:
                self._garden = host
            elif host != self._garden:
                if self._mode != "whole":
                    raise WholeZoneNeeded("the walled garden changed")
                self._unknown += 1
                return
            action = Action.GARDEN
        bits = self._bits.get(labels)
        if bits is None:
            if not labels or not fits(name_of(labels), origin=self._origin):
                self._unknown += 1
                return
            if len(self._bits) >= MAX_NAMES:
                raise BadTransfer(f"a zone of more than {MAX_NAMES:,} names")
            bits = self._before(labels) if self._mode != "whole" else (0, 0)
        value = 0 if self._mode == "remove" else action + 1
        self._bits[labels] = (bits[0], value) if wild else (value, bits[1])
        if self._mode != "whole":
            self._touched[labels] = None

    def _before(self, labels: bytes) -> tuple[int, int]:
        """Return what the held zone says of a name: action + 1 of the name, and of what is under it; 0 for none."""
        rule = self._held.find(name_of(labels)) if self._held is not None else None
        return (0, 0) if rule is None else (rule.action + 1, (rule.action + 1) * rule.subtree)

    def _rule(self, labels: bytes, bits: tuple[int, int]) -> Rule | None:
        exact, wild = bits
        self._unknown += wild not in (0, exact)  # only what is under a name, or that in another way
        return Rule(name_of(labels), wild == exact, Action(exact - 1)) if exact else None

    def _end_step(self) -> None:
        added, removed = [], []
        for labels in self._touched:
            rule = self._rule(labels, self._bits[labels])
            if rule is None:
                removed.append(name_of(labels))
            else:
                added.append(rule)
        self._steps.append(Step(self._current, tuple(added), tuple(removed)))
        self._touched.clear()

    def result(self) -> Taken:
        """Return what was taken. Raises BadTransfer where the end has not come."""
        if not self.done:
            raise BadTransfer("the transfer broke off")
        if self._mode != "whole":
            return Taken(None, tuple(self._steps), self._serial, self._expire, self._unknown)
        rules = (self._rule(labels, bits) for labels, bits in self._bits.items())
        image = ZoneImage.build((rule for rule in rules if rule is not None), self._serial, origin=self._origin,
                                garden=self._garden, heartbeat=self._heartbeat)  # fmt: skip
        return Taken(image, (), self._serial, self._expire, self._unknown)
