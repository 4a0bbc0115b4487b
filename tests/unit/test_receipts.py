"""How far a recall reaches, who is within whom, and what streams take: tables."""

from __future__ import annotations

import pytest

from fusioncell.exchange.receipts.judge import judge
from fusioncell.exchange.receipts.model import Ended, Range, State, Trace
from fusioncell.exchange.receipts.take import MOST, Ranges
from fusioncell.kernel.marking import Audience, Tlp, within

ITEMS, RECALL = (10, 12), 20
MINE = frozenset({1})
HERE, FETCHED, EXPORTED = State.HERE, State.FETCHED, State.EXPORTED


def streamed(first: int, last: int, reached: int, *, open_: bool = False, seen: frozenset[int] = MINE) -> Trace:
    return Trace(ranges=((Range("o", 1, first, last, reached, open_), seen),))


TABLE: dict[str, tuple[Trace, State]] = {
    "did nothing": (Trace(), HERE),
    "streamed it and the tombstone": (streamed(5, 25, 25), FETCHED),
    "streamed it and left": (streamed(5, 15, 15), EXPORTED),
    "streamed it, is open, has not been told": (streamed(5, 15, 15, open_=True), EXPORTED),
    "may have got it before it was cut off": (streamed(5, 15, 8), EXPORTED),
    "left before it came": (streamed(5, 9, 9), HERE),
    "came after it and got the tombstone": (streamed(15, 25, 25), FETCHED),
    "came after it and left before the tombstone": (streamed(15, 18, 18), HERE),
    "streamed other audiences": (streamed(5, 25, 25, seen=frozenset({2})), HERE),
    "took it": (Trace(export=(15, 0)), EXPORTED),
    "took it and asked again": (Trace(export=(15, 21)), FETCHED),
    "took it, asked again before the recall": (Trace(export=(15, 18)), EXPORTED),
    "took what is left of it after the recall": (Trace(export=(21, 0)), HERE),
    "looked a value of it up": (Trace(values=((12, 12),)), EXPORTED),
    "looked it up before it came": (Trace(values=((3, 4),)), HERE),
    "looked it up after the recall": (Trace(values=((21, 30),)), HERE),
    "got the tombstone by stream, and took a file": (
        Trace(streamed(5, 25, 25).ranges, export=(15, 0)), EXPORTED),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_a_state_follows_from_what_was_taken(case: str) -> None:
    trace, state = TABLE[case]
    assert judge(Ended(1, ITEMS, RECALL), trace) is state


def test_before_a_recall_nothing_was_told() -> None:
    standing = Ended(1, ITEMS, 0)
    assert judge(standing, streamed(5, 25, 25)) is EXPORTED
    assert judge(standing, Trace(export=(15, 21))) is EXPORTED
    assert judge(standing, Trace()) is HERE


def of(tlp: Tlp, *parties: str) -> Audience:
    return Audience(tlp, frozenset(parties))


@pytest.mark.parametrize(("inner", "outer", "guests", "members"), [
    (of(Tlp.CLEAR), of(Tlp.CLEAR), True, True),
    (of(Tlp.CLEAR), of(Tlp.GREEN), False, False),
    (of(Tlp.GREEN), of(Tlp.AMBER, "org:a"), False, False),
    (of(Tlp.AMBER, "org:a"), of(Tlp.GREEN), True, True),
    (of(Tlp.AMBER, "group:g.1"), of(Tlp.GREEN), False, True),
    (of(Tlp.RED, "person:p"), of(Tlp.GREEN), True, True),
    (of(Tlp.AMBER_STRICT, "org:a"), of(Tlp.AMBER, "org:a", "group:g.1"), True, True),
    (of(Tlp.AMBER, "org:a"), of(Tlp.AMBER_STRICT, "org:a"), False, False),
    (of(Tlp.RED, "org:a", "person:p"), of(Tlp.AMBER, "org:a"), False, False),
    (of(Tlp.AMBER, "group:g.2"), of(Tlp.AMBER, "group:g.1"), False, False),
])  # fmt: skip
def test_who_is_within_whom(inner: Audience, outer: Audience, guests: bool, members: bool) -> None:
    assert (within(inner, outer), within(inner, outer, guests=False)) == (guests, members)


def test_a_stream_that_resumes_goes_on_with_its_range() -> None:
    ranges = Ranges()
    one = ranges.attach("o", 1, 10)
    one.seq = 30
    ranges.detach(one, 31)
    again = ranges.attach("o", 1, 30)
    assert again.range is one.range and not again.range.marked
    again.seq = 40
    ranges.detach(again, 40)
    later = ranges.attach("o", 1, 90)
    assert later.range is not one.range
    assert (one.range.first, one.range.last, one.range.reached, one.range.open) == (10, 40, 40, 0)


def test_a_slow_stream_tells_nothing_of_what_lies_beyond_it() -> None:
    ranges = Ranges()
    slow, quick = ranges.attach("o", 1, 0), ranges.attach("o", 1, 50)
    quick.seq = 90
    ranges.read(90)
    assert (slow.range.reached, slow.range.last) == (0, 90)
    assert quick.range is not slow.range and quick.range.reached == 90


def test_ranges_are_bounded_and_merging_never_claims_that_more_was_told() -> None:
    ranges = Ranges()
    for n in range(MOST + 20):
        one = ranges.attach("o", 1, n * 10)
        one.seq = n * 10 + 5
        ranges.detach(one, n * 10 + 5)
    known = ranges.by_key[("o", 1)]
    assert len(known) <= MOST + 1 and len(ranges.dropped) == MOST + 20 - len(known)
    assert known[0].first == 0 and known[0].reached == 5 and known[0].last > 5
