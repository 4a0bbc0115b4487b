"""The live stream as Server-Sent Events (HTML Living Standard §9.2), resumable by ``Last-Event-ID``.

1. A new stream starts at the position of now; a resumed one at its cursor, which is sealed and checked on use.
2. What lies between the cursor and the shared log is read from the record, then the shared log goes on: each entry
   once and in order.
3. An audience that the viewer has gained since the cursor was given comes from its beginning, as ``backfill``; one that
   is gained while the stream is open is followed from then on.
4. At each heartbeat the viewer is looked at again: one who was suspended is cut off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fusioncell.exchange.event import frame
from fusioncell.exchange.live import Live, LiveEvent, Parked, Send, SetLog, Wanted
from fusioncell.kernel.errors import BadInput, Gone, Unavailable
from fusioncell.kernel.marking import Viewer
from fusioncell.record import Seal
from fusioncell.record.service import Record

_log = logging.getLogger("fusioncell.exchange")
Receive = Callable[[], Awaitable[Any]]
"""Receives a connection's next message (ASGI 3.0)."""
Look = Callable[[], Viewer | None]
VISITORS_SHARE = 4
"""Of all streams that may be open, visitors together hold at most one in so many."""
ORGANISATIONS_SHARE = 2
"""And one organisation at most one in so many."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Past(Protocol):
    """Reads events of the past from the record."""

    def __call__(self, after: int, until: int, audiences: frozenset[int]) -> Iterator[list[LiveEvent]]:
        """Give the events in these audiences with ``after < seq <= until``, in order, in pages."""
        ...


class Taking(Protocol):
    """How far a stream is, for receipts: ``seq``, or while it is parked what ``parked`` says."""

    seq: int
    parked: Parked | None


class Ledger(Protocol):
    """Notes what streams deliver (``exchange.receipts``)."""

    def attach(self, organisation: str, audience_set: int, seq: int) -> Any:
        """Begin to note what a stream takes after a position; returns a :class:`Taking`."""
        ...

    def is_marked(self, taking: Any) -> bool:
        """Tell whether the vault knows that this is being taken."""
        ...

    def detach(self, taking: Any) -> None:
        """End it."""
        ...

    def flush(self) -> None:
        """Write what was noted. Blocks."""
        ...


@dataclass(slots=True)
class _Unnoted:
    """A stream of which nothing is noted: its listener is of no organisation."""

    seq: int
    parked: Parked | None = None


class Streams:
    """All open streams of this process."""

    def __init__(self, record: Record, seal: Seal, past: Past, most: int, pool: Executor | None = None) -> None:
        self._record = record
        self._seal = seal
        self._past = past
        self.most = most
        self._pool = pool
        self._open = 0
        self._held: dict[str, int] = {}
        self._epoch = record.head()[2]
        self._closing = False
        self.live = Live(self._encode)
        self._ledger: Ledger | None = None

    def note_in(self, ledger: Ledger) -> None:
        """Note in a ledger what these streams deliver, by organisation, so that a recall knows."""
        self._ledger = ledger

    def close(self) -> None:
        """End all streams: the hub stops. Clients come back with their cursors. Call on the event loop."""
        self._closing = True
        self.live.look_again()
        self.live.flush()

    def _encode(self, event: LiveEvent, number: int) -> bytes:
        return frame(self._seal.cursor(event.seq, number, self._epoch), event.name, event.data)

    def start_of(self, viewer: Viewer, last_event_id: str | None) -> tuple[int, frozenset[int]]:
        """Return (position, audiences gained since) for a cursor. Raises BadInput, or Gone for another epoch's."""
        if not last_event_id:
            return self.live.position, frozenset()
        opened = self._seal.open_cursor(last_event_id)
        if opened is None:
            raise BadInput("that is no cursor of this hub", hint="Leave Last-Event-ID out to start from now.")
        seq, number, epoch = opened
        if epoch != self._epoch & 0xFFFF:
            raise Gone(
                "this cursor is of another epoch of the hub", hint="Resync: fetch what you need, then start anew."
            )
        held = self._record.audience_set(number)
        if held is None:
            raise BadInput("that is no cursor of this hub", hint="Leave Last-Event-ID out to start from now.")
        return seq, self._record.visible_to(viewer) - held

    def cursor(self, viewer: Viewer, *, snapshot: bool = False) -> str:
        """Return the cursor of now for a viewer; ``snapshot``: of the beginning, from which all that stands comes."""
        number = self._record.audience_set_number(self._record.visible_to(viewer))
        return self._seal.cursor(0 if snapshot else self.live.position, number, self._epoch)

    async def serve(self, look: Look, viewer: Viewer, last_event_id: str | None, receive: Receive, send: Send,
                    wanted: Wanted | None = None) -> None:  # fmt: skip
        """Serve one stream until the client leaves or may no longer listen.

        From the cursor of the beginning it is all that stands now (what was recalled since is left out, but for the
        tombstone), an event ``live``, and then what comes.
        """
        seq, gained = self.start_of(viewer, last_event_id)
        if self._open >= self.most:
            raise Unavailable("too many streams are open", hint="Try again in a minute.")
        # Nobody takes all there are: visitors together have a share, and so has each organisation.
        whose = (viewer.org or "") if viewer.member else ""
        held = self._held.get(whose, 0)
        if held * (ORGANISATIONS_SHARE if whose else VISITORS_SHARE) >= self.most:
            raise Unavailable("too many of your streams are open" if whose else "too many visitors follow the stream",
                              hint="Close some, or try again later.")  # fmt: skip
        self._open += 1
        self._held[whose] = held + 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _body(send, b": hello\nretry: 2000\n\n")
            serving = asyncio.ensure_future(
                self._follow(look, viewer, seq, None if last_event_id and seq == 0 else gained, send, wanted)
            )
            leaving = asyncio.ensure_future(_left(receive))
            try:
                await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                # The server stops: the client comes back with its cursor.
                pass
            gone = leaving.done()
            for task in (serving, leaving):
                task.cancel()
            ended, _ = await asyncio.gather(serving, leaving, return_exceptions=True)
            if isinstance(ended, Exception) and not gone:
                _log.error("a stream broke off; its client comes back with its cursor", exc_info=ended)
            if not gone:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._open -= 1
            self._held[whose] -= 1
            if not self._held[whose]:
                del self._held[whose]

    async def _follow(self, look: Look, viewer: Viewer, seq: int, gained: frozenset[int] | None, send: Send,
                      wanted: Wanted | None) -> None:  # fmt: skip
        if gained is None:
            seq, gained = await self._snapshot(viewer, send, wanted), frozenset()
        if gained:
            async with self._noted(viewer, gained, 0) as taking:
                async for page in self._pages(0, seq, gained, wanted):
                    await _body(send, b"".join([frame_without_id(e) for e in page]))
                taking.seq = seq
        while True:
            audiences = self._record.visible_to(viewer)
            log = self.live.log(audiences, self._record.audience_set_number(audiences), wanted)
            log.subscribers += 1
            try:
                async with self._noted(viewer, audiences, seq) as taking:
                    seq = taking.seq = await self._follow_log(log, seq, send, taking)
            finally:
                self.live.leave(log)
            known = None if self._closing else look()
            if known is None:
                return
            viewer = known

    @asynccontextmanager
    async def _noted(self, viewer: Viewer, audiences: frozenset[int], seq: int) -> AsyncIterator[Taking]:
        """Note what a stream of an organisation takes from here on: durably marked before anything is delivered."""
        ledger = self._ledger
        if ledger is None or viewer.org is None:
            yield _Unnoted(seq)
            return
        taking = ledger.attach(viewer.org, self._record.audience_set_number(audiences), seq)
        try:
            if not ledger.is_marked(taking):
                await asyncio.get_running_loop().run_in_executor(self._pool, ledger.flush)
            yield taking
        finally:
            ledger.detach(taking)

    async def _follow_log(self, log: SetLog, seq: int, send: Send, taking: Taking) -> int:
        """Send from one log until the viewer must be looked at again; return the position reached."""
        generation = self.live.generation
        while seq < log.floor:
            floor = log.floor
            async for page in self._pages(seq, floor, log.audiences, log.wanted):
                await _body(send, b"".join([self._encode(event, log.number) for event in page]))
            seq = taking.seq = floor
        index = log.index_after(seq)
        while True:
            if index < log.start:
                return seq
            if self.live.generation != generation:
                # First, for the next event may be of an audience that this log does not hold (see Live.publish).
                await _body(send, b": alive\n\n")
                return seq
            if index < log.end:
                piece, index, seq = log.since(index), log.end, log.events[-1][0]
                await _body(send, piece)
                taking.seq = seq
            else:
                index, seq = await _park(log, index, seq, send, taking)

    async def _snapshot(self, viewer: Viewer, send: Send, wanted: Wanted | None) -> int:
        """Send all that stands; return the position that it holds up to."""
        position, audiences = self.live.position, self._record.visible_to(viewer)
        number = self._record.audience_set_number(audiences)
        async with self._noted(viewer, audiences, 0) as taking:
            async for page in self._pages(0, position, audiences, wanted):
                await _body(send, b"".join([self._encode(event, number) for event in page]))
                taking.seq = page[-1].seq if page else taking.seq
            taking.seq = position
        await _body(send, frame(self._seal.cursor(position, number, self._epoch), "live", b"{}"))
        return position

    async def _pages(
        self, after: int, until: int, audiences: frozenset[int], wanted: Wanted | None
    ) -> AsyncIterator[list[LiveEvent]]:
        pages = self._past(after, until, audiences)
        loop = asyncio.get_running_loop()
        while (page := await loop.run_in_executor(self._pool, next, pages, None)) is not None:
            yield page if wanted is None else [event for event in page if wanted.takes(event)]


def sees_still(known: Viewer | None, viewer: Viewer) -> bool:
    """Tell whether who asked, looked at again (``known``), may still see all that it could when its answer began."""
    return (
        known is not None
        and (known.org, known.person, known.member) == (viewer.org, viewer.person, viewer.member)
        and known.parties >= viewer.parties
        and known.client_parties >= viewer.client_parties
    )


def frame_without_id(event: LiveEvent) -> bytes:
    """Return a backfill event: without an id, so that a client that breaks off resumes from its old cursor."""
    return (
        b"event: "
        + (b"backfill" if event.name == "entry" else event.name.encode())
        + b"\ndata: "
        + event.data
        + b"\n\n"
    )


async def _park(log: SetLog, index: int, seq: int, send: Send, taking: Taking) -> tuple[int, int]:
    """Let the log push to the client until the stream must act by itself; return the index and position reached."""
    parked = Parked(send, index, seq, asyncio.get_running_loop().create_future())
    log.parked[parked] = None
    taking.parked = parked
    try:
        if unsent := await parked.woken:
            await unsent
    finally:
        log.parked.pop(parked, None)
        taking.seq, taking.parked = parked.seq, None
    return parked.index, parked.seq


async def _body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _left(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
