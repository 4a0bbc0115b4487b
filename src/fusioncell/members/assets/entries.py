"""The entries of assets: the hub's own, for rooms up the river to project (see ``members.entries``)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Draft, Entry, Payload


class AssetClaimed(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.claimed``: an organisation claims a network, an AS number or a domain name."""

    id: str
    org: str
    asset: str
    value: str


class AssetProved(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.proved``: its control was proved; ``how``: dns or operator. ``until``: 0 for no end."""

    id: str
    how: str
    reason: str
    until: Instant


class AssetDisputed(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.disputed``: its proof was found, and another organisation has proved the same or a part."""

    id: str
    other: str


class AssetSettled(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.settled``: an operator ended a dispute; which claim does not stand is released by an entry of its own."""

    id: str
    other: str
    reason: str


class AssetReleased(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.released``: it is claimed no longer."""

    id: str
    reason: str


class AssetAlerted(msgspec.Struct, frozen=True, kw_only=True):
    """``asset.alerted``: an organisation is told that a block which touches a name of its own was proposed.

    The one entry here that its organisation reads. ``id``: the decision's; ``name``: what would be blocked; ``value``:
    which of the organisation's names that touches.
    """

    id: str
    org: str
    name: str
    value: str
    category: str


class NameEndangered(msgspec.Struct, frozen=True, kw_only=True):
    """``name.endangered``, which the shield writes: a block was proposed that touches these protected names."""

    decision: str
    name: str
    category: str
    protected: list[str]


Change = AssetClaimed | AssetProved | AssetDisputed | AssetSettled | AssetReleased | AssetAlerted

CHANGES: dict[str, type[Change]] = {
    "asset.claimed": AssetClaimed,
    "asset.proved": AssetProved,
    "asset.disputed": AssetDisputed,
    "asset.settled": AssetSettled,
    "asset.released": AssetReleased,
    "asset.alerted": AssetAlerted,
}
"""Kind of entry → what its body holds."""

KINDS = {change: kind for kind, change in CHANGES.items()}
_DECODERS: dict[str, msgspec.json.Decoder[Change | NameEndangered]] = {
    kind: msgspec.json.Decoder(change) for kind, change in {**CHANGES, "name.endangered": NameEndangered}.items()
}


def draft_of(change: Change, audience: int, author: str) -> Draft:
    """Write a change as a draft. ``author``: a person's id or ""."""
    payload = Payload(author=author, subject=change.id, version=0, place="", body=msgspec.json.encode(change))
    return Draft(KINDS[type(change)], audience, payload)


def changes_in(entries: Iterable[Entry]) -> Iterable[tuple[Entry, Change | NameEndangered]]:
    """Read the changes in a batch, in order; what is not ours, erased or not the hub's own is passed over."""
    for entry in entries:
        decoder = _DECODERS.get(entry.kind)
        if decoder is None or entry.payload is None or entry.org:
            continue
        yield entry, decoder.decode(entry.payload.body)
