"""How attributes fade by MISP's decay models: asked of the library once for all of a type with the same tags. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from fusioncell.exchange.misp.search.model import Query


class Fading(Protocol):
    """How attributes of one type with the same tags fade (``exchange.misp.library``)."""

    def scores(self, seen: int) -> list[dict[str, Any]]:
        """Score what was seen last at that second, by each model of its type."""
        ...

    def fresh_since(self) -> int:
        """Return the second before which all models call it decayed."""
        ...


class Models(Protocol):
    """The decay models, as the library has them."""

    def fading(self, misp_type: str, own_tags: Iterable[str], event_tags: Iterable[str], *, models: Iterable[str] = (),
               overrides: dict[str, float] | None = None) -> Fading:  # fmt: skip
        """Return how attributes of a type with these tags fade."""
        ...


class Fades:
    """How what one answer shows fades."""

    def __init__(self, library: Models | None, query: Query) -> None:
        asked, given = query.options.get("decayingmodel"), query.options.get("modeloverrides")
        self._library = library
        self._models = [str(each) for each in (asked if isinstance(asked, list) else [asked] if asked else [])]
        self._overrides = {name: float(value) for name, value in given.items() if isinstance(value, int | float)} if (
            isinstance(given, dict)) else None  # fmt: skip
        self._known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Fading] = {}

    def of(self, type: str, own: Sequence[dict[str, Any]], around: Sequence[dict[str, Any]]) -> Fading | None:
        """Return how attributes of a type fade that have these tags, in events with those; None without a library."""
        if self._library is None:
            return None
        key = type, tuple(tag["name"] for tag in own), tuple(tag["name"] for tag in around)
        if key not in self._known:
            self._known[key] = self._library.fading(*key, models=self._models, overrides=self._overrides)
        return self._known[key]
