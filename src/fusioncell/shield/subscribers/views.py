"""The zones of one choice, brought from the record's projections to the newest step, the same after every restart.

1. The order of things is that of the shield's steps (``shield_change``) and, behind them, the marks. A step of serial
   ``s`` behind ``k`` marks has the zones' serial ``s + k``, the k-th mark behind it one more: so every event has its
   own, later ones have greater ones, and none is used twice.
2. A merge touches every zone. A view that is made anew begins at the last merge but one, where the serial of every zone
   is therefore known, and takes the steps since: who was up to date before a restart still is, and who was not takes
   the steps as ever (RFC 1995).
3. What a name's rules are is asked as of the step, so that a step does the same whenever it is taken.
4. Steps are taken one by one where they are few, and at once where they are many.

No clock, no chance: two hubs with the same record serve the same zones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple, Protocol

from fusioncell.kernel.ports import Connection
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.subscribers import layout
from fusioncell.shield.subscribers.layout import Fact, Tiers
from fusioncell.shield.subscribers.model import FIRST, Choice
from fusioncell.shield.zone import Rule, ZoneBuilder, ZoneImage, fits

_FEW = 1_000
"""The last steps of a beginning, taken one by one: as many as a zone keeps for those who come by steps."""
_BATCH = 50
"""Steps from which on they are taken at once while the hub runs."""
_BULK = 200_000
"""Steps that are held in memory."""
_MOST_LIFTED = 10_000

Transferred = Callable[[str, str, int], None]
"""Told (zone, client, serial) after each transfer."""


class Published(Protocol):
    """What the projections say; see ``store``."""

    def marks(self, connection: Connection) -> list[tuple[int, int, int, int, int]]:
        """Return (number, serial, at, merge, held) of all marks, in order."""
        ...

    def steps_after(self, connection: Connection, serial: int) -> Iterator[tuple[int, str, int]]:
        """Give (serial, name, added) of the zone's steps after a serial, in order."""
        ...

    def stood_at(self, connection: Connection, low: int, high: int) -> Iterator[tuple[str, str, str, int]]:
        """Give what was published at ``low < serial <= high`` and stood at ``high``."""
        ...

    def decided(self, connection: Connection, names: Collection[str]) -> dict[str, dict[int, tuple[str, str, int]]]:
        """Return, by name and serial of publication, (category, severity, serial)."""
        ...

    def published_for(self, connection: Connection, names: Collection[str]) -> dict[str, tuple[str, str, int]]:
        """Return (category, severity, serial) of those of the names that are blocked."""
        ...

    def lifted_after(self, connection: Connection, serial: int, limit: int) -> list[tuple[str, str, str, int]]:
        """Return (name, category, severity, serial of its end) of what was withdrawn after a serial."""
        ...

    def blocked_below(self, connection: Connection, name: str) -> bool:
        """Tell whether any name under this one is blocked."""
        ...


class _Event(NamedTuple):
    """A step of the zone, or a mark. ``serial``: of the views' zones; ``raw``: of the shield's."""

    serial: int
    raw: int
    name: str = ""
    added: bool = False
    restored: bool = False
    mark: tuple[bool, int] | None = None


class View:
    """The zones that one choice means. ``zones``: by label, in the order in which a resolver asks them."""

    def __init__(self, choice: Choice, base: str, categories: Iterable[str], published: Published,
                 connection: Connection, transferred: Transferred | None = None) -> None:  # fmt: skip
        self.choice = choice
        self._published = published
        self.labels = layout.labels(choice, categories)
        self.left_out: set[str] = set()
        """Names that are too long for a zone of this view."""
        self._tiers = Tiers()
        self._held = self._raw = 0
        self._marks = 0
        self._lifted: dict[str, tuple[str, str, int]] = {}
        self._alone: frozenset[str] = frozenset()
        serial = self._start(connection)
        origins = {label: f"{label}.{base}" for label in self.labels}
        builders = {
            label: ZoneBuilder(ZoneImage.build(
                layout.tests(choice, origin), serial, origin=origin, garden=choice.garden,
                heartbeat=layout.heartbeat(origin),
            )) for label, origin in origins.items()
        }  # fmt: skip
        self._fill(connection, builders, origins)
        self.zones: dict[str, LiveZone] = {}
        for label, origin in origins.items():
            told = partial(transferred, origin) if transferred is not None else None
            self.zones[label] = LiveZone(builders.pop(label).image(serial), transferred=told)
        self._follow(connection, _FEW)

    @property
    def position(self) -> int:
        """The shield's serial up to which the zones are."""
        return self._raw

    def follow(self, connection: Connection) -> set[str]:
        """Bring the zones to the newest step; return the origins of those that moved."""
        before = {label: zone.serial for label, zone in self.zones.items()}
        self._follow(connection, _BATCH)
        return {zone.origin for label, zone in self.zones.items() if zone.serial != before[label]}

    def _follow(self, connection: Connection, few: int) -> None:
        steps: list[_Event] = []
        for event in self._events(connection):
            if event.mark is None and not event.restored:
                steps.append(event)
                if len(steps) >= _BULK:
                    self._change(connection, steps[:-few], exact=False)
                    steps = steps[-few:]
                continue
            self._take(connection, steps, few)
            steps = []
            self._restore(event) if event.restored else self._merge(connection, event)
            self._raw = max(self._raw, event.raw)
        self._take(connection, steps, few)

    # -- the beginning -----------------------------------------------------------------------------------------------

    def _start(self, connection: Connection) -> int:
        """Go to the last merge but one; return the serial that every zone had behind it."""
        marks = self._published.marks(connection)
        merges = [mark for mark in marks if mark[3]]
        if len(merges) < 2:
            return FIRST
        number, raw, _, _, held = merges[-2]
        self._raw, self._marks, self._held = raw, number, held
        self._tiers = Tiers(raw, merges[-3][1] if len(merges) > 2 else 0)
        self._look_lifted(connection)
        return (raw + number) & 0xFFFFFFFF

    def _fill(self, connection: Connection, builders: dict[str, ZoneBuilder], origins: dict[str, str]) -> None:
        """Put into each zone what stood there at the beginning."""
        if not self._raw:
            return
        rows = self._published.stood_at(connection, -1, self._raw)
        lifted = (self._lift(name) for name, what in self._lifted.items() if what[2] <= self._raw)
        for fact in chain((Fact(*row) for row in rows), lifted):
            for label, rule in layout.place(self.choice, fact, self._tiers).items():
                # A category that the policy has dropped since then has no zone any more.
                if label in origins and self._fits(origins[label], rule.name):
                    builders[label].add(rule)

    # -- what happened -----------------------------------------------------------------------------------------------

    def _events(self, connection: Connection) -> Iterable[_Event]:
        """Give the steps and marks since the last time, in order."""
        waiting = [mark for mark in self._published.marks(connection) if mark[0] > self._marks]
        at, number = 0, self._marks
        for raw, name, added in self._published.steps_after(connection, self._raw):
            while at < len(waiting) and waiting[at][1] < raw:
                number, at = waiting[at][0], at + 1
                yield _marked(waiting[at - 1])
            # A step without a name: the hub was restored.
            yield _Event(raw + number, raw, name, bool(added), not name)
        yield from map(_marked, waiting[at:])

    def _take(self, connection: Connection, steps: Sequence[_Event], few: int) -> None:
        if not steps:
            return
        if few == _BATCH and len(steps) > few:
            self._change(connection, steps, exact=len(steps) <= _FEW)
            return
        if len(steps) > few:
            self._change(connection, steps[:-few], exact=False)
        for step in steps[-few:]:
            self._change(connection, [step])

    def _change(self, connection: Connection, steps: Sequence[_Event], *, exact: bool = True) -> None:
        """Bring the names of steps to what they were behind them. ``exact``: a zone's serial is that of the last step
        that moved it.
        """
        last = {step.name: step for step in steps}
        if any(not step.added for step in steps) or self._lifted:
            self._look_lifted(connection)
        for step in steps:
            for parent in _parents(step.name):
                if parent in self._lifted:
                    last[parent] = step._replace(name=parent, added=False)
        wanted = self._wanted(self._facts(connection, last))
        for label, zone in self.zones.items():
            rules = wanted[label]
            if exact and len(rules) > 1:
                image = zone.image()
                rules = {name: rule for name, rule in rules.items() if image.find(name) != rule}
            if rules:
                self._move(zone, rules, max(last[name].serial for name in rules))
        self._raw = steps[-1].raw

    @staticmethod
    def _move(zone: LiveZone, rules: dict[str, Rule | None], serial: int, *, touch: bool = False) -> None:
        added = [rule for rule in rules.values() if rule is not None]
        removed = [name for name, rule in rules.items() if rule is None]
        zone.change(added, removed, serial=serial & 0xFFFFFFFF, touch=touch)

    def _facts(self, connection: Connection, last: dict[str, _Event]) -> Iterable[Fact]:
        """Say of each name what stood on it behind its step."""
        decided = self._published.decided(connection, [name for name, step in last.items() if step.added])
        for name, step in last.items():
            if step.added and name in decided:
                # The decision that this step published; else the newest that there is (zones were rolled back).
                found = decided[name].get(step.raw) or decided[name][max(decided[name])]
                yield Fact(name, *found)
            elif not step.added and name in self._lifted and self._lifted[name][2] <= step.raw:
                yield self._lift(name)
            else:
                yield Fact(name, "", "")

    def _wanted(self, facts: Iterable[Fact]) -> dict[str, dict[str, Rule | None]]:
        """Return by label what the names' rules are to be; None where a zone is to hold none."""
        wanted: dict[str, dict[str, Rule | None]] = {label: {} for label in self.labels}
        for fact in facts:
            placed = layout.place(self.choice, fact, self._tiers)
            for label in layout.candidates(self.choice, self.labels, fact.name):
                if self._fits(self.zones[label].origin, fact.name):
                    wanted[label][fact.name] = placed.get(label)
        return wanted

    def _merge(self, connection: Connection, event: _Event) -> None:
        """Take a mark: what was fresh goes into main, what was both leaves fresh, what all hold need not pass."""
        assert event.mark is not None
        merge, held = event.mark
        lifted = set(self._lifted)
        self._held, self._marks = max(self._held, held), self._marks + 1
        before = self._tiers
        if merge:
            self._tiers = Tiers(event.raw, before.merged)
        self._look_lifted(connection)
        facts = [Fact(*row) for row in self._published.stood_at(connection, before.before, event.raw)] if merge else []
        gone = sorted(lifted - set(self._lifted) - {fact.name for fact in facts})
        still = self._blocked(connection, gone)
        wanted = self._wanted([*facts, *(still.get(name, Fact(name, "", "")) for name in gone)])
        for label, zone in self.zones.items():
            self._move(zone, wanted[label], event.serial, touch=merge)

    def _blocked(self, connection: Connection, names: Sequence[str]) -> dict[str, Fact]:
        return {name: Fact(name, *what) for name, what in self._published.published_for(connection, names).items()}

    def _restore(self, event: _Event) -> None:
        """A restored hub: a serial beyond any served, with nothing that a client could have taken by steps."""
        for zone in self.zones.values():
            zone.replace(zone.image().change(event.serial & 0xFFFFFFFF))

    # -- what passes -------------------------------------------------------------------------------------------------

    def _look_lifted(self, connection: Connection) -> None:
        rows = self._published.lifted_after(connection, self._held, _MOST_LIFTED)
        self._lifted = {name: (category, severity, raw) for name, category, severity, raw in rows
                        if self.choice.takes(category, severity)}  # fmt: skip
        self._alone = frozenset(name for name in self._lifted if self._published.blocked_below(connection, name))

    def _lift(self, name: str) -> Fact:
        category, severity, _ = self._lifted[name]
        return Fact(name, category, severity, 0, True, name in self._alone)

    def _fits(self, origin: str, name: str) -> bool:
        if fits(name, origin=origin):
            return True
        self.left_out.add(name)
        return False


def _marked(mark: tuple[int, int, int, int, int]) -> _Event:
    number, raw, _, merge, held = mark
    return _Event(max(raw, FIRST) + number, raw, mark=(bool(merge), held))


def _parents(name: str) -> Iterable[str]:
    """Give the names above a name, the nearest first, without the last label."""
    rest = name.partition(".")[2]
    while "." in rest:
        yield rest
        rest = rest.partition(".")[2]
