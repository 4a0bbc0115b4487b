"""Judge how far a recall reaches at one organisation. Pure.

1. It took the items by a stream where a range of a set that holds their audience covers one of them; the tombstone was
   fetched where such a range surely went past the recall.
2. It took them by a pull where it exported the contribution before the recall was in force; told, where it asked for
   the contribution again since and got none.
3. It took a value where it was answered one after an item came and before the recall; no tombstone follows values.
4. One way by which it took them and was not told makes it *exported*; else a tombstone makes it *fetched*.
"""

from __future__ import annotations

from bisect import bisect_right

from fusioncell.exchange.receipts.model import Ended, Range, State, Trace

_NEVER = 1 << 62


def judge(ended: Ended, trace: Trace) -> State:
    """Return how far the recall of some items reaches at an organisation with this trace."""
    recall = ended.recall or _NEVER
    ranges = [one for one, audiences in trace.ranges if ended.audience in audiences]
    streamed = any(_covers(one, ended.items, recall) for one in ranges)
    passed = bool(ended.recall) and any(one.first < recall <= one.reached for one in ranges)
    taken = trace.export is not None and 0 < trace.export[0] < recall
    told = taken and bool(ended.recall) and trace.export is not None and trace.export[1] >= recall
    looked = any(first < recall and last >= ended.items[0] for first, last in trace.values if ended.items)
    if (streamed and not passed) or (taken and not told) or looked:
        return State.EXPORTED
    return State.FETCHED if passed or told else State.HERE


def _covers(one: Range, items: tuple[int, ...], recall: int) -> bool:
    """Tell whether a range covers an item, delivered before its recall: what is recalled is not sent any more."""
    last = _NEVER if one.open else one.last
    at = bisect_right(items, one.first)
    if at == len(items) or items[at] > last:
        return False
    # A stream that began at an old cursor after the recall got the tombstone in the item's place; it counts all the
    # same, because when it was opened is not kept. Where it passed the recall it is told, which is what is said then.
    return one.first < recall
