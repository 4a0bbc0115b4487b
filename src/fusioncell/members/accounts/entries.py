"""The entry of idle accounts in the record: the hub's own, readable by nobody (see ``members.entries``)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.entry import Draft, Entry, Payload

KIND = "member.idle"


class IdleTold(msgspec.Struct, frozen=True, kw_only=True):
    """``member.idle``: a person was told that their account is idle, or (``told`` false) the count starts anew."""

    person: str
    told: bool


_DECODER = msgspec.json.Decoder(IdleTold)


def draft_of(change: IdleTold, audience: int, author: str) -> Draft:
    """Write a change as a draft."""
    payload = Payload(author=author, subject=change.person, version=0, place="", body=msgspec.json.encode(change))
    return Draft(KIND, audience, payload)


def changes_in(entries: Iterable[Entry]) -> Iterable[tuple[Entry, IdleTold]]:
    """Read the changes in a batch, in order; what is not ours, erased or not the hub's own is passed over."""
    for entry in entries:
        if entry.kind == KIND and entry.payload is not None and not entry.org:
            yield entry, _DECODER.decode(entry.payload.body)
