"""The live log: only what a set may see, each event once and in order, whoever joins when."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from fusioncell.exchange.live import MAX_LOG, Live, LiveEvent
from fusioncell.exchange.stream import Streams
from fusioncell.kernel.marking import PUBLIC
from fusioncell.record import Seal

A, B = frozenset({1, 2}), frozenset({2, 3})


def event(seq: int, audience: int) -> LiveEvent:
    return LiveEvent(seq, audience, "entry", b"%d" % seq)


def live() -> Live:
    made = Live(lambda e, number: b"%d:%s " % (number, e.data))
    made.start_at(0)
    return made


def test_a_set_gets_what_it_may_see_and_no_more() -> None:
    hub = live()
    a, b = hub.log(A, 10), hub.log(B, 20)
    hub.publish([event(1, 1), event(2, 2), event(3, 3)], 3)
    assert a.since(0) == b"10:1 10:2 " and b.since(0) == b"20:2 20:3 "


def test_one_who_joins_later_finds_what_arrived_lately() -> None:
    hub = live()
    hub.publish([event(1, 1), event(2, 2), event(3, 3)], 3)
    log = hub.log(A, 10)
    assert log.floor == 0 and log.since(log.index_after(1)) == b"10:2 "


def test_what_is_no_longer_remembered_is_read_from_the_record() -> None:
    hub = live()
    hub.publish([event(seq, 1) for seq in range(1, 3 * MAX_LOG)], 3 * MAX_LOG)
    log = hub.log(A, 10)
    first = log.events[0][0]
    assert log.floor == first - 1 and log.events[-1][0] == 3 * MAX_LOG - 1


def test_skipped_events_raise_the_floor() -> None:
    hub = live()
    hub.publish([event(1, 1)], 1)
    hub._skip(9)
    assert hub.log(A, 10).floor == 9 and hub.log(A, 10).end == 0


def test_random_readers_miss_and_repeat_nothing() -> None:
    chance = random.Random(7)
    hub, seq, truth = live(), 0, []
    readers: list[tuple[int, list[bytes]]] = []
    log = hub.log(A, 1)
    log.subscribers = 1
    for _ in range(300):
        batch = []
        for _ in range(chance.randrange(60)):
            seq += 1
            batch.append(event(seq, chance.choice((1, 2, 3))))
        hub.publish(batch, seq)
        truth += [e.seq for e in batch if e.audience in A]
        if chance.random() < 0.3:
            readers.append((len(truth), []))
    for start, got in readers:
        after = truth[start - 1] if start else 0
        if after < log.floor:
            continue
        got += log.since(log.index_after(after)).split()
        assert [int(item.split(b":")[1]) for item in got] == truth[start:]


def test_a_new_audience_makes_all_look_again() -> None:
    hub = live()
    hub.log(A, 10)
    before = hub.generation
    hub.publish([event(1, 1)], 1)
    assert hub.generation == before + 1
    hub.publish([event(2, 1)], 2)
    assert hub.generation == before + 1


class Audiences:
    """A record that knows what its one viewer may see, and nothing else."""

    def __init__(self) -> None:
        self.seen = frozenset({1})

    def head(self) -> tuple[int, int, int]:
        return 0, 0, 1

    def visible_to(self, viewer: object) -> frozenset[int]:
        return self.seen

    def audience_set_number(self, audiences: frozenset[int]) -> int:
        return sum(audiences)


def test_the_first_event_of_a_new_audience_is_not_passed_by_a_later_one_of_an_old() -> None:
    record: Any = Audiences()
    streams = Streams(record, Seal(bytes(32)), lambda after, until, audiences: iter(()), 10)
    sent: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message.get("body", b""))

    async def play() -> None:
        serving = asyncio.create_task(streams.serve(lambda: PUBLIC, PUBLIC, None, asyncio.Event().wait, send))
        streams.live.publish([event(1, 1)], 1)  # an audience that was never seen: all look again
        for seq, batch in ((2, [event(2, 1)]), (4, [event(3, 9), event(4, 1)])):
            await asyncio.sleep(0)
            record.seen |= {each.audience for each in batch}
            streams.live.publish(batch, seq)
            streams.live.flush()
            for _ in range(5):
                await asyncio.sleep(0)
        serving.cancel()

    asyncio.run(play())
    data = b"".join(sent)
    assert [int(line[6:]) for line in data.splitlines() if line.startswith(b"data: ")] == [2, 3, 4]


class Client:
    """A client that can be slow or break; notes what it was sent."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.waiting: asyncio.Future[None] | None = None
        self.broken = False

    async def send(self, message: dict[str, Any]) -> None:
        if self.broken:
            raise OSError("the wire is cut")
        if self.waiting is not None:
            await self.waiting
        lines: list[bytes] = message.get("body", b"").splitlines()
        self.got += [int(line[6:]) for line in lines if line.startswith(b"data: ")]


async def _breath() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def _opened(streams: Streams, *clients: Client) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(streams.serve(lambda: PUBLIC, PUBLIC, None, asyncio.Event().wait, client.send))
        for client in clients
    ]


def test_a_slow_or_broken_client_holds_up_no_other_and_the_slow_one_misses_nothing() -> None:
    streams = Streams(Audiences(), Seal(bytes(32)), lambda after, until, audiences: iter(()), 10)  # type: ignore[arg-type]
    quick, slow, broken = Client(), Client(), Client()

    async def play() -> None:
        serving = _opened(streams, quick, slow, broken)
        await _breath()
        streams.live.publish([event(1, 1)], 1)  # an audience that was never seen: all look again
        streams.live.flush()
        await _breath()
        slow.waiting, broken.broken = asyncio.get_running_loop().create_future(), True
        for seq in (2, 3, 4):
            streams.live.publish([event(seq, 1)], seq)
            streams.live.flush()
            await _breath()
        assert (quick.got, slow.got, broken.got) == ([1, 2, 3, 4], [1], [1])
        assert [each.done() for each in serving] == [False, False, True]
        slow.waiting.set_result(None)
        slow.waiting = None
        await _breath()
        assert slow.got == [1, 2, 3, 4]
        streams.live.publish([event(5, 1)], 5)
        streams.live.flush()
        assert slow.got == quick.got == [1, 2, 3, 4, 5]
        for each in serving:
            each.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        assert not streams.live.listening

    asyncio.run(play())


def test_one_who_falls_out_of_the_memory_reads_on_from_the_record() -> None:
    truth = [event(seq, 1) for seq in range(1, 3 * MAX_LOG)]
    streams = Streams(
        Audiences(),  # type: ignore[arg-type]
        Seal(bytes(32)),
        lambda after, until, audiences: iter([[e for e in truth if after < e.seq <= until]]),
        10,
    )
    client = Client()

    async def play() -> None:
        serving = _opened(streams, client)
        await _breath()
        streams.live.publish(truth[:1], 1)
        streams.live.flush()
        await _breath()
        streams.live.publish(truth[1:], len(truth))
        streams.live.flush()
        await asyncio.sleep(0.3)
        for each in serving:
            each.cancel()

    asyncio.run(play())
    assert client.got == [each.seq for each in truth]


def test_who_comes_back_after_a_recall_gets_the_tombstone_and_nothing_of_what_it_ended() -> None:
    hub = live()
    log = hub.log(A, 10)
    hub.publish([event(1, 1), event(2, 1), event(3, 2), LiveEvent(5, 1, "history", b"4-5", since=4), event(6, 1)], 6)
    assert log.since(0) == b"10:1 10:2 10:3 10:4-5 10:6 "
    hub.publish([LiveEvent(7, 1, "tombstone", b"gone", ends=(2, 4))], 7)
    # Of another audience, and before and after: that stands. One sum of several goes as a whole.
    told = b"10:1 10:3 10:6 10:gone "
    assert log.since(0) == told and log.since(log.index_after(6)) == b"10:gone "
    assert hub.log(frozenset({1, 2, 9}), 10).since(0) == told, "a log that begins later"
    hub.publish([event(8, 2), LiveEvent(9, 2, "tombstone", b"late", ends=(8, 8))], 9)
    assert log.since(log.index_after(7)) == b"10:late ", "within one batch"
