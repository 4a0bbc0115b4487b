"""A name that some subscriber's zone has no room for is refused when it is proposed."""

from __future__ import annotations

import pytest

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.charter.read import _ID
from fusioncell.shield.policy import MOST_OF_NAME, WIDEST, blockable, fits_all
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.layout import FRESH, labels
from fusioncell.shield.subscribers.model import Choice


def named(length: int) -> str:
    """A name of so many characters."""
    rest, parts = length - len(".example"), []
    while rest > 0:
        parts.append("a" * min(rest if rest <= 60 else 50, 60))
        rest -= len(parts[-1]) + 1
    return ".".join([*parts, "example"])


def test_the_bound_is_exact_and_said() -> None:
    assert [len(named(length)) for length in (100, MOST_OF_NAME, 230)] == [100, MOST_OF_NAME, 230]
    assert blockable(named(MOST_OF_NAME)).value == named(MOST_OF_NAME)
    with pytest.raises(BadInput, match="more than 178 characters"):
        blockable(named(MOST_OF_NAME + 1))
    assert fits_all(named(MOST_OF_NAME)) and not fits_all(named(MOST_OF_NAME + 1))


def test_no_zone_has_a_longer_name() -> None:
    longest = "a" * 40
    assert _ID.match(longest) and not _ID.match(longest + "a")
    assert FRESH
    for kind in Kind:
        for label in labels(Choice(kind), (longest,)):
            assert len(label) <= len(WIDEST.split(".")[0])


def test_what_is_no_name_is_refused_as_before() -> None:
    for wrong in ("192.0.2.1", "no name", "", "a" * 64 + ".example"):
        with pytest.raises(BadInput, match="not a name that can be blocked"):
            blockable(wrong)
