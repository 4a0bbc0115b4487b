"""The live log: one shared log of ready events for each audience set; a subscriber is an integer position in it.

1. The river hands over what it has projected, after its commit.
2. For each audience set that someone listens to, the events that the set may see are encoded once.
3. A subscriber who has sent all that the log holds parks there with its ``send``. On the next tick (50 ms) what came
   since is pushed to all who are parked, in one piece and without waking their tasks, which took a third of a send.
4. One whose client is slow is woken to wait for it by itself; one who falls out of the log's memory reads on from the
   record.

The filter is the audience set itself: an event that the set does not hold is never put into its log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

Send = Callable[[Any], Awaitable[None]]
"""Sends one message of a connection (ASGI 3.0)."""

TICK = 0.05
"""Seconds between two flushes."""
BUSY = 40
"""Events a second from which a flush waits for two ticks; from five times as many, for three."""
HEARTBEAT = 15.0
"""Seconds after which an idle stream says that it is alive, and its viewer is looked at again."""
MAX_LOG = 4096
"""Events that a log remembers for subscribers that are a little behind."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event before it is sealed for an audience set: position, audience, name, JSON.

    ``since``: the first position that it speaks of, where it sums up several (0: its own). ``ends``: the positions that
    a tombstone withdraws, first and last, of its own audience.
    """

    seq: int
    audience: int
    name: str
    data: bytes
    since: int = 0
    ends: tuple[int, int] | None = None

    def is_ended_by(self, tombstone: LiveEvent) -> bool:
        """Tell whether it speaks of something that a later tombstone withdraws."""
        if tombstone.ends is None or self.ends is not None or self.audience != tombstone.audience:
            return False
        return (self.since or self.seq) <= tombstone.ends[1] and self.seq >= tombstone.ends[0]


class Wanted(Protocol):
    """A listener's filter (``exchange.want``): a value, so that all who want the same share one log."""

    def takes(self, event: LiveEvent) -> bool:
        """Tell whether an event is wanted."""
        ...


Key = tuple[frozenset[int], "Wanted | None"]


class Unsent:
    """The rest of a ``send`` that was begun for a parked subscriber, and has to wait for its client."""

    def __init__(self, sending: Coroutine[Any, Any, None], until: Any) -> None:
        self._sending = sending
        self._until = until

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait for what the sending waits for, then let it go on."""
        yield self._until
        yield from self._sending.__await__()


@dataclass(slots=True, eq=False)
class Parked:
    """A subscriber who has sent all up to an index of its log, and where to push what comes."""

    send: Send
    index: int
    seq: int
    """The position in the record that was reached."""
    woken: asyncio.Future[Unsent | None]
    """Done when the subscriber must act by itself: finish a sending, or see what has become of its log."""

    def wake(self, unsent: Unsent | None = None) -> None:
        """Let the subscriber's own task go on, unless it has gone."""
        if not self.woken.done():
            self.woken.set_result(unsent)

    def push(self, message: dict[str, Any]) -> bool:
        """Send a message; tell whether that is done. If not, the subscriber is woken to see to it."""
        sending: Any = self.send(message)
        try:
            until = sending.send(None)
        except StopIteration:
            return True
        except Exception as fault:  # noqa: BLE001 - whatever it was ends this one stream (see Streams.serve)
            self.woken.set_exception(fault)
        else:
            self.wake(Unsent(sending, until))
        return False


@dataclass(slots=True)
class SetLog:
    """The log of one audience set."""

    audiences: frozenset[int]
    number: int
    start: int
    """Events that were dropped from memory so far: the position of ``events[0]``."""
    events: list[tuple[int, bytes, LiveEvent]] = field(default_factory=list)
    """Position, what goes out of it (nothing, once it was withdrawn), and the event itself."""
    floor: int = 0
    """Position in the record from which on (exclusive) this log is complete."""
    subscribers: int = 0
    parked: dict[Parked, None] = field(default_factory=dict)
    """Who has sent all that it holds."""
    wanted: Wanted | None = None
    """What of it is wanted; None: all."""
    joined: tuple[int, int, bytes] = (0, 0, b"")
    """The piece that was joined last: nearly all subscribers stand at the same index."""

    @property
    def key(self) -> Key:
        """Whose log this is."""
        return self.audiences, self.wanted

    def takes(self, event: LiveEvent) -> bool:
        """Tell whether an event belongs into it."""
        return event.audience in self.audiences and (self.wanted is None or self.wanted.takes(event))

    @property
    def end(self) -> int:
        """Index after the newest event."""
        return self.start + len(self.events)

    def since(self, index: int) -> bytes:
        """Return all events from an index on, joined."""
        first, end, piece = self.joined
        if first != index or end != self.end:
            piece = b"".join([piece for _, piece, _ in self.events[index - self.start :]])
            self.joined = (index, self.end, piece)
        return piece

    def withdraw(self, tombstone: LiveEvent) -> None:
        """Keep the place of what is withdrawn, and nothing of it: whoever comes back later gets the tombstone alone."""
        first = self.index_after((tombstone.ends or (0, 0))[0] - 1) - self.start
        for place in range(first, len(self.events)):
            seq, _, event = self.events[place]
            if event.is_ended_by(tombstone):
                self.events[place] = (seq, b"", event)
                self.joined = (0, 0, b"")

    def push(self) -> None:
        """Push what came since to all who are parked."""
        index, message, gone = -1, {}, []
        for each in self.parked:
            if each.woken.done() or each.index < self.start:
                each.wake()
                gone.append(each)
                continue
            if each.index == self.end:
                continue
            if each.index != index:
                index = each.index
                message = {"type": "http.response.body", "body": self.since(index), "more_body": True}
            each.index, each.seq = self.end, self.events[-1][0]
            if not each.push(message):
                gone.append(each)
        for each in gone:
            del self.parked[each]

    def wake(self) -> None:
        """Wake all who are parked."""
        parked, self.parked = self.parked, {}
        for each in parked:
            each.wake()

    def index_after(self, seq: int) -> int:
        """Return the index of the first event past a position of the record."""
        low, high = 0, len(self.events)
        while low < high:
            middle = (low + high) // 2
            if self.events[middle][0] <= seq:
                low = middle + 1
            else:
                high = middle
        return self.start + low


class Live:
    """All live logs of this process. Lives on one event loop."""

    def __init__(self, encode: Callable[[LiveEvent, int], bytes]) -> None:
        """``encode(event, audience set number)`` makes the frame with its sealed cursor."""
        self._encode = encode
        self._logs: dict[Key, SetLog] = {}
        self._dirty: set[Key] = set()
        self._seen: set[int] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recent: list[LiveEvent] = []
        self._recent_floor = 0
        self._flushed = 0
        """The generation at the last flush."""
        self.position = 0
        self.published = 0
        self.generation = 0
        """Moves when a subscriber may have gained or lost an audience, and at each heartbeat: look again."""

    def log(self, audiences: frozenset[int], number: int, wanted: Wanted | None = None) -> SetLog:
        """Return the log of an audience set, or of what is wanted of it, beginning it if no one has listened to it."""
        known = self._logs.get((audiences, wanted))
        if known is None:
            known = SetLog(audiences, number, 0, floor=self._recent_floor, wanted=wanted)
            self._logs[known.key] = known
            # What arrived lately is still at hand: no one who moves to this log has to read it from the record.
            known.events = [(e.seq, self._encode(e, number), e) for e in self._recent if known.takes(e)]
        return known

    def start_at(self, position: int) -> None:
        """Begin at a position of the record: what lies before it is read from there."""
        self.position = self._recent_floor = position

    @property
    def listening(self) -> bool:
        """Tell whether anyone listens."""
        return bool(self._logs)

    def leave(self, log: SetLog) -> None:
        """Note that a subscriber has gone; a log with none is dropped."""
        log.subscribers -= 1
        if log.subscribers <= 0 and self._logs.get(log.key) is log:
            del self._logs[log.key]

    def publish(self, events: Iterable[LiveEvent], position: int) -> None:
        """Put events into the logs whose set may see them, and move the position."""
        items = list(events)
        self.published += len(items)
        self._recent += items
        for each in items:
            if each.ends is not None:
                self._recent = [event for event in self._recent if not event.is_ended_by(each)]
        if len(self._recent) > 2 * MAX_LOG:
            self._recent_floor = self._recent[-MAX_LOG - 1].seq
            del self._recent[:-MAX_LOG]
        new = {event.audience for event in items} - self._seen
        for key, log in self._logs.items():
            mine = [event for event in items if log.takes(event)]
            if not mine:
                continue
            log.events += [(event.seq, self._encode(event, log.number), event) for event in mine]
            for event in mine:
                if event.ends is not None:
                    log.withdraw(event)
            if len(log.events) > 2 * MAX_LOG:
                drop = len(log.events) - MAX_LOG
                log.floor = log.events[drop - 1][0]
                log.start += drop
                del log.events[:drop]
            self._dirty.add(key)
        self.position = max(self.position, position)
        if new:
            # An audience that was never seen here may belong to any subscriber: all look again at what they may see,
            # before they send anything of this batch, or a later event of their old log would carry them past it.
            self._seen |= new
            self.look_again()

    def listening_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note the event loop on which the logs live."""
        self._loop = loop

    def publish_from_thread(self, events: list[LiveEvent], position: int) -> None:
        """Publish from another thread (the river's)."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.publish, events, position)

    def skip_from_thread(self, position: int) -> None:
        """Move past events that were not made because no one listens; whoever comes reads them from the record."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._skip, position)

    def _skip(self, position: int) -> None:
        # Someone may have come since the events were not made: that log is not complete, so its readers begin anew.
        incomplete, self._logs = self._logs, {}
        self._recent = []
        self.start_at(position)
        self.generation += 1
        for log in incomplete.values():
            log.wake()

    def look_again(self) -> None:
        """Make every subscriber look again at what it may see; also the heartbeat that keeps connections open."""
        self.generation += 1
        self._dirty.update(self._logs)

    def look_again_from_thread(self) -> None:
        """Make every subscriber look again, from another thread: ahead of whatever is published after this."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.look_again)

    async def flush_for_ever(self) -> None:
        """Flush every tick; make all subscribers look again every heartbeat."""
        alive = lately = 0.0
        now = asyncio.get_running_loop().time
        flushed = now()
        while True:
            # Where much arrives, two or three ticks go out as one: a piece costs the same whatever it holds.
            tick = TICK * (1 + (lately > BUSY) + (lately > 5 * BUSY))
            before = self.published
            # From flush to flush: pushing takes its time too, 10 ms and more to a thousand.
            await asyncio.sleep(max(flushed + tick - now(), 0.0))
            flushed = now()
            lately = 0.8 * lately + 0.2 * (self.published - before) / tick
            alive += tick
            if alive >= HEARTBEAT:
                alive = 0.0
                self.look_again()
            self.flush()

    def flush(self) -> None:
        """Push what is new to all who are parked; where they must look again, wake them instead."""
        dirty, self._dirty = self._dirty, set()
        again, self._flushed = self.generation != self._flushed, self.generation
        for key in dirty:
            log = self._logs.get(key)
            if log is not None:
                if again:
                    log.wake()
                else:
                    log.push()
