"""When the fuse blows, and the way back to a serial: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.shield.fuse.model import Limits
from fusioncell.shield.fuse.weigh import back, blows, caught
from fusioncell.shield.resolvers import Kind as Resolver
from fusioncell.shield.subscribers import Choice

LIMITS = Limits(share=0.10, always=25)


@pytest.mark.parametrize(("names", "done", "wanted", "blown"), [
    (1, (0, 0), (0, 1), False),  # a zone that is being set up may be emptied
    (24, (0, 0), (0, 24), False),
    (25, (0, 0), (0, 25), True),  # emptied
    (26, (0, 0), (0, 25), False),
    (0, (0, 0), (25, 0), False),
    (0, (0, 0), (26, 0), True),
    (1000, (0, 0), (0, 100), False),
    (1000, (0, 0), (0, 101), True),
    (1000, (0, 0), (101, 0), True),
    (910, (0, 90), (0, 10), False),  # of the zone as it was before
    (910, (0, 90), (0, 11), True),  # in small steps
    (1090, (90, 0), (11, 0), True),
    (1100, (100, 0), (0, 100), False),  # each direction by itself
    (1_000_000, (0, 0), (0, 100_001), True),
])  # fmt: skip
def test_more_than_the_share_or_all_of_it_waits(
    names: int, done: tuple[int, int], wanted: tuple[int, int], blown: bool
) -> None:
    assert blows(LIMITS, names, done, wanted) is blown


@given(names=st.integers(0, 3000), wanted=st.integers(0, 3000), parts=st.integers(1, 40))
def test_small_steps_take_out_no_more_than_one_large_one(names: int, wanted: int, parts: int) -> None:
    """What passes in parts, one after another within the window, is at most what would pass at once."""
    wanted = min(wanted, names)
    gone = 0
    for _ in range(wanted // parts):
        if blows(LIMITS, names - gone, (0, gone), (0, parts)):
            break
        gone += parts
    assert gone <= max(LIMITS.always, int(LIMITS.share * names))


SORTS = [(category, severity) for category in ("phishing", "dga") for severity in ("low", "high")]
CHOICES = st.builds(Choice, st.just(Resolver.BIND), st.sampled_from([(), ("dga",), ("phishing",), ("dga", "phishing")]),
                    st.sampled_from([(), ("low",), ("high",)]))  # fmt: skip


FOUR = st.lists(st.integers(0, 60), min_size=4, max_size=4)


@given(names=FOUR, gone=FOUR, before=st.lists(st.integers(0, 9), min_size=4, max_size=4),
       parts=st.lists(CHOICES, max_size=4))  # fmt: skip
def test_what_passes_leaves_every_part_most_of_its_names(
    names: list[int], gone: list[int], before: list[int], parts: list[Choice]
) -> None:
    """Whatever a machine wants to end, and has ended within the window; what stands in no part passes."""
    wanted = {f"{at} {number}": sort for at, sort in enumerate(SORTS) for number in range(min(names[at], gone[at]))}
    removed = [sort for sort, count in zip(SORTS, before, strict=True) for _ in range(count)]
    held = caught(LIMITS, parts, dict(zip(SORTS, names, strict=True)), ([], removed), wanted)
    for part in parts:
        went = sum(part.takes(*sort) for sort in removed)
        stood = sum(count for sort, count in zip(SORTS, names, strict=True) if part.takes(*sort)) + went
        goes = [one for one, sort in wanted.items() if one not in held and part.takes(*sort)]
        assert not goes or went + len(goes) <= max(LIMITS.always, int(LIMITS.share * stood))
        assert not goes or stood < LIMITS.always or went + len(goes) < stood
    assert all(any(part.takes(*wanted[one]) for part in parts) for one in held)


NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(steps=st.lists(NAMES, max_size=30), cut=st.integers(0, 30))
def test_the_way_back_leads_to_the_zone_as_it_was(steps: list[str], cut: int) -> None:
    zone: set[str] = set()
    history, taken = [frozenset(zone)], []
    for name in steps:
        taken.append((name, name not in zone))
        zone ^= {name}
        history.append(frozenset(zone))
    cut = min(cut, len(steps))
    removed, added = back(taken[cut:], frozenset(zone))
    assert (zone - set(removed)) | set(added) == history[cut]
    assert set(removed) <= zone and not set(added) & zone, "nothing moves twice"
