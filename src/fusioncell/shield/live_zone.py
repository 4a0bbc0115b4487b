"""The zone in service: the current image and its latest steps, kept in memory: what the DNS server asks.

Image and steps are replaced together, so a reader on another thread sees both of one moment. Steps are bounded in
number and in names; a client that is further behind takes the whole zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from fusioncell.shield import transfer
from fusioncell.shield.zone import Block, Delta, Rule, ZoneImage, newer, next_serial

STEPS = 1_000
"""Steps that a zone keeps for those who come by them."""
_CIRCLE = 2**32 - 1


class LiveZone:
    """Holds the zone. One writer at a time; any number of readers."""

    def __init__(self, image: ZoneImage, *, deltas: Sequence[Delta] = (), max_steps: int = STEPS,
                 max_names: int = 100_000, transferred: Callable[[str, int], None] | None = None) -> None:
        self._max_steps = max_steps
        self._max_names = max_names
        self._transferred = transferred
        self._names = 0
        self._state: tuple[ZoneImage, tuple[Delta, ...]] = (image, ())
        for delta in deltas:
            self._state = (image, self._bounded(self._state[1], delta))

    def image(self) -> ZoneImage:
        """Return the zone as it stands."""
        return self._state[0]

    def deltas(self, since: int) -> Sequence[Delta] | None:
        """Return the steps from a serial on, None where it is not among those kept."""
        steps = self._state[1]
        for at, delta in enumerate(steps):
            if delta.old_serial == since:
                return steps[at:]
        return None

    @property
    def origin(self) -> str:
        """The zone's name."""
        return self.image().origin

    @property
    def serial(self) -> int:
        """The zone's serial."""
        return self.image().serial

    def soa(self, query_id: int, question: bytes) -> bytes:
        """Make the answer to a SOA query."""
        return transfer.soa_answer(self.image(), query_id, question)

    def ns(self, query_id: int, question: bytes) -> bytes:
        """Make the answer to an NS query."""
        image = self.image()
        return transfer.message(query_id, question, Block(1, image.ns))

    def axfr(self, query_id: int, question: bytes) -> tuple[int, Iterator[bytes]]:
        """Give the serial and the messages of a full transfer."""
        image = self.image()
        return image.serial, transfer.axfr(image, query_id, question)

    def ixfr(self, since: int, query_id: int, question: bytes) -> tuple[int, Iterator[bytes]]:
        """Give the serial and the messages for a client that holds serial ``since``."""
        image = self.image()
        return image.serial, transfer.ixfr(image, since, self.deltas(since), query_id, question)

    def on_transfer(self, client: str, serial: int) -> None:
        """Pass on who holds what."""
        if self._transferred is not None:
            self._transferred(client, serial)

    def change(self, added: Iterable[str | Rule] = (), removed: Iterable[str | Rule] = (), *,
               serial: int | None = None, touch: bool = False) -> Delta:
        """Move to the next serial (or the given newer one) and return the step. Nothing changed: no move, unless
        ``touch`` asks for one.

        Raises ValueError where the serial is not newer, BadInput where a name does not fit.
        """
        image, steps = self._state
        changed, delta = image.step(next_serial(image.serial) if serial is None else serial, added, removed)
        if delta.added or delta.removed or touch:
            self._state = (changed, self._bounded(steps, delta))
        return delta

    def replace(self, image: ZoneImage) -> None:
        """Put another image in place, with no steps that lead to it: every client takes the whole zone.

        For a restored hub. Raises ValueError where the origin differs or the serial is not newer.
        """
        now = self.image()
        if image.origin != now.origin or not newer(image.serial, now.serial):
            raise ValueError(f"{image.origin} {image.serial} cannot follow {now.origin} {now.serial}")
        self._names = 0
        self._state = (image, ())

    def _bounded(self, steps: tuple[Delta, ...], latest: Delta) -> tuple[Delta, ...]:
        """Add a step, and let the oldest go where they are over a bound."""
        self._names += _size(latest)
        steps, first = (*steps, latest), 0
        while len(steps) - first > self._max_steps or self._names > self._max_names and first < len(steps):
            self._names -= _size(steps[first])
            first += 1
        return steps[first:]


def way_of(start: int, steps: Iterable[tuple[int, str, int]]) -> list[Delta]:
    """Make a zone's latest steps of (serial, name, added), so that a hub that starts serves them as the one before did.

    A step without a name is a restored hub's: no way leads across it.
    """
    way: list[Delta] = []
    for serial, name, added in steps:
        rule = (Rule(name),)
        if name:
            way.append(Delta(start & _CIRCLE, serial & _CIRCLE, rule if added else (), () if added else rule))
        else:
            way = []
        start = serial
    return way


def _size(delta: Delta) -> int:
    return len(delta.added) + len(delta.removed)
