"""Tell whether what arrives is what a saved query asks for. Pure."""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.intake.model import Extract
from fusioncell.picture.saved.model import Query
from fusioncell.picture.words import tokens


def test_of(query: Query) -> Callable[[Extract], bool]:
    """Return the test of a query: all its words stand in the item's texts or values, and it names one of its types.

    How likely a value is malicious is no question to one item; the list and the feed ask it.
    """
    words, types = frozenset(tokens(query.words)), frozenset(query.types)

    def test(item: Extract) -> bool:
        if types and not any(claim.observable.type.value in types for claim in item.claims):
            return False
        if not words:
            return bool(item.claims)
        texts = [item.title, item.text, *item.labels, *(claim.observable.value for claim in item.claims)]
        return words <= {word for text in texts for word in tokens(text)}

    return test
