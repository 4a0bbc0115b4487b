"""The hub's own entries that change the membership: which kind holds which change, written and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from fusioncell.kernel.entry import Draft, Entry, Payload

Change = TypeVar("Change", bound=msgspec.Struct)


class Kinds(Generic[Change]):
    """Kind of entry → the change that its body holds, as JSON."""

    def __init__(self, changes: Mapping[str, type[Change]]) -> None:
        self._kinds = {change: kind for kind, change in changes.items()}
        self._decoders = {kind: msgspec.json.Decoder(change) for kind, change in changes.items()}

    def draft_of(self, change: Change, subject: str, audience: int, author: str) -> Draft:
        """Write a change as a draft. ``subject``: the id that it is about; ``author``: a person's id or ""."""
        payload = Payload(author=author, subject=subject, version=0, place="", body=msgspec.json.encode(change))
        return Draft(self._kinds[type(change)], audience, payload)

    def changes_in(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Change]]:
        """Read the changes in a batch, in order; others, what is erased or not the hub's own are passed over."""
        for entry in entries:
            decoder = self._decoders.get(entry.kind)
            if decoder is None or entry.payload is None or entry.org:
                continue
            yield entry, decoder.decode(entry.payload.body)
