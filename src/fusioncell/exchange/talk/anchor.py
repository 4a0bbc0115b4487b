"""Anchors: what a thread is about, and what a reaction is on, as one text. Pure.

``observable:TYPE:VALUE`` (canonical), ``contribution:ID``, ``post:ID``, ``group:ID``, ``campaign:NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import (
    BadValue,
    Observable,
    ObservableType,
    canonical,
    guess,
    parents,
    type_named,
)

KINDS = ("observable", "contribution", "post", "group", "campaign")
_ID = re.compile(r"[\w.-]{1,64}\Z", re.ASCII)
_HINT = "Write observable:TYPE:VALUE, contribution:ID, group:ID or campaign:NAME."
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is talked about. ``observable`` where it is one; ``value`` its id, name or canonical value."""

    kind: str
    value: str
    observable: Observable | None = None

    @property
    def text(self) -> str:
        """The canonical text."""
        return text_of(self.observable) if self.observable else f"{self.kind}:{self.value}"


def text_of(observable: Observable) -> str:
    """Return the anchor of an observable."""
    return f"observable:{observable.type.value}:{observable.value}"


def anchor_of(text: str) -> Anchor:
    """Read an anchor; an observable's type may be ``auto``. Raises BadInput."""
    kind, _, value = text.strip().partition(":")
    value = " ".join(value.split()) if kind == "campaign" else value.strip()
    if kind not in KINDS or not value:
        raise BadInput(f"{text[:80]!r} is nothing that can be talked about", hint=_HINT)
    if kind == "observable":
        found = _observable(value)
        return Anchor(kind, found.value, found)
    if kind == "campaign":
        if len(value) > MAX_NAME or not value.isprintable():
            raise BadInput(f"the campaign's name is longer than {MAX_NAME} characters, or not plain text", hint=_HINT)
        return Anchor(kind, value)
    if not _ID.match(value):
        raise BadInput(f"{value[:80]!r} is no id", hint=_HINT)
    return Anchor(kind, value)


def _observable(text: str) -> Observable:
    name, _, value = text.partition(":")
    try:
        found = guess(value) if name == "auto" else canonical(type_named(name), value)
    except BadValue as fault:
        raise BadInput(str(fault), hint=_HINT) from None
    if found is None:
        raise BadInput(f"{value[:80]!r} has the form of no known type", hint=_HINT)
    return found


def grounds_of(observables: Iterable[Observable]) -> list[Observable]:
    """Return the observables, and what they stand on: the host of a URL or address, the names above a name."""
    found: dict[Observable, None] = {}
    for one in observables:
        found[one] = None
        host: Observable | None = one
        if one.type is ObservableType.URL:
            host = guess(urlsplit(one.value).hostname or "")
        elif one.type is ObservableType.EMAIL:
            host = guess(one.value.rpartition("@")[2])
        if host is not None:
            found[host] = None
            if host.type is ObservableType.DOMAIN:
                found.update((Observable(ObservableType.DOMAIN, name), None) for name in parents(host.value))
    return list(found)
