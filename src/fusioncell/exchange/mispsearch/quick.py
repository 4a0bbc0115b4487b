"""The hot path of big answers: attributes as JSON and CSV without a dict in between. Pure.

A body is read into one struct of the fields that MISP knows and written from it, with the caller's ids put in. Whatever
else a body holds (a field that MISP does not know, a number where text belongs) makes it fall back to the general way:
the two give the same answer (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from fusioncell.exchange.mispsearch.write_csv import quoted


class Slim(NamedTuple):
    """What a row of the read model tells that the hot path needs; named as in ``exchange.misp.Document``."""

    seq: int
    number: int
    uuid: str
    event: str
    object: str
    type: str
    timestamp: int
    to_ids: int
    deleted: int
    distribution: int
    shared: str


class _Tag(msgspec.Struct, gc=False):
    name: str


class Quick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An attribute as ``exchange.misp`` shows it, in the order in which it shows it."""

    id: str = ""
    event_id: str = "0"
    object_id: str = "0"
    object_relation: str | None = None
    category: str = ""
    type: str = ""
    to_ids: bool | str | int = False
    uuid: str = ""
    timestamp: str | int = "0"
    distribution: str | int = "5"
    sharing_group_id: str | int = "0"
    comment: str = ""
    deleted: bool = False
    disable_correlation: bool = False
    first_seen: str | None = None
    last_seen: str | None = None
    value: str = ""
    Galaxy: list[Any] | msgspec.Raw = []
    Tag: list[_Tag] | msgspec.Raw | UnsetType = UNSET
    Event: msgspec.Raw | UnsetType = UNSET
    Object: msgspec.Raw | UnsetType = UNSET
    event_uuid: str | UnsetType = UNSET


class _Csv(msgspec.Struct, gc=False):
    value: str
    category: str = ""
    type: str = ""
    comment: str | None = None
    object_relation: str | None = None
    Tag: list[_Tag] | None = None


class _In(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What the hot path takes: no ids, no lists but tags."""

    value: str
    uuid: str
    type: str
    category: str
    to_ids: bool
    timestamp: str | int = "0"
    distribution: str | int = "5"
    object_relation: str | None = None
    comment: str = ""
    deleted: bool = False
    disable_correlation: bool = False
    first_seen: str | None = None
    last_seen: str | None = None
    Tag: list[_Tag] | None = None


_read = msgspec.json.Decoder(_In).decode
_read_csv = msgspec.json.Decoder(_Csv).decode
_encode = msgspec.json.Encoder().encode
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
Tags = Callable[[tuple[str, ...]], tuple[msgspec.Raw, msgspec.Raw] | None]
"""Names of tags → the lists ``Tag`` and ``Galaxy`` as JSON; None for tags of which none is shown."""


def attribute(row: Slim, raw: bytes, given: str, event: Mapping[str, Any],
              inner: tuple[str, msgspec.Raw] | None, tags: Tags) -> Quick | None:  # fmt: skip
    """Return an attribute ready to be encoded, None where the general way must take it.

    ``given``: its id to the caller. ``event``: ``id``, ``raw`` (what of it stands in each attribute) and ``uuid`` where
    it is wanted. ``inner``: its object's id, and what of it stands in the attribute.
    """
    if row.shared:
        return None
    try:
        said = _read(raw)
    except UNREADABLE:
        return None
    made = Quick(
        given, event["id"], "0", said.object_relation, said.category, said.type, bool(row.to_ids), row.uuid,
        str(row.timestamp), str(row.distribution), "0", said.comment, bool(row.deleted), said.disable_correlation,
        said.first_seen, said.last_seen, said.value,
    )  # fmt: skip
    made.Event = event["raw"]
    if inner is not None:
        made.object_id, made.Object = inner
    if "uuid" in event:
        made.event_uuid = event["uuid"]
    if said.Tag:
        shown = tags(tuple(tag.name for tag in said.Tag))
        if shown is not None:
            made.Tag, made.Galaxy = shown
    return made


def csv_line(row: Slim, raw: bytes, event_id: str, inner: str) -> str | None:
    """Return the usual columns of an attribute as a line, None where the general way must take it."""
    try:
        said = _read_csv(raw)
    except UNREADABLE:
        return None
    value, comment = said.value, said.comment
    if '"' in said.category or '"' in said.type:
        return None  # Of another door: what is no field of MISP's is written with care.
    shown = f'"{value}"' if '"' not in value and not value.isdigit() and value else quoted(value)
    tags = quoted(",".join(tag.name for tag in said.Tag)) if said.Tag else '""'
    return (
        f'"{row.uuid}",{event_id},"{said.category}","{said.type}",{shown},{quoted(comment) if comment else _EMPTY},'
        f"{row.to_ids},{row.timestamp},{quoted(said.object_relation)},{tags}{inner}"
    )


_EMPTY = '""'
NO_OBJECT = ',"","",""\n'


def object_fields(inner: Mapping[str, Any]) -> str:
    """Return an object's columns."""
    return f",{quoted(inner.get('uuid'))},{quoted(inner.get('name'))},{quoted(inner.get('meta-category'))}\n"


def encode_all(rows: list[Any]) -> bytes:
    """Return rows as JSON, joined by commas."""
    return _encode(rows)[1:-1]
