"""Follow the record: what stands in MISP's terms. Called by the river, and rebuilt like every projection.

1. What was withdrawn leaves, then what arrived takes the number of what it supersedes; then that leaves too.
2. A thing's number is the position of its first version, or what its own entry says (``meta["number"]``: it moved to
   other readers): so ids are stable, and the same whatever the batches.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fusioncell.exchange.misp import from_stix, store
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, FOR_GOOD, KINDS, MORE, OBJECT, value_hash, values_of
from fusioncell.exchange.misp.store import metadata
from fusioncell.intake.project import Arrived
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project"]

Number = str | int | float | None
Flag = bool | str | int | None
_TRUE = frozenset((True, 1, "1", "true", "True"))
_MODELS = {kind: model for model, kind in KINDS.items()}
_KINDS = frozenset((*_MODELS, MORE))
_TOP_SECOND = 253_402_300_799


class _Tag(msgspec.Struct, gc=False):
    name: str = ""


class _Org(msgspec.Struct, gc=False):
    uuid: str | None = None


class _Body(msgspec.Struct, gc=False):
    """What the read model looks at in a body."""

    type: Number = None
    value: str | int | float | bool | None = None
    category: str | None = None
    timestamp: Number = None
    to_ids: Flag = None
    deleted: Flag = None
    distribution: Number = None
    sharing_group_uuid: str | None = None
    Tag: list[_Tag] | None = None


class _Event(msgspec.Struct, gc=False):
    threat_level_id: Number = None
    analysis: Number = None
    timestamp: Number = None
    published: Flag = None
    publish_timestamp: Number = None
    date: str | None = None
    distribution: Number = None
    sharing_group_uuid: str | None = None
    extends_uuid: str | None = None
    deleted: Flag = None
    Orgc: _Org | None = None
    Tag: list[_Tag] | None = None


class _More(msgspec.Struct, gc=False):
    type: Number = None
    value: str | int | float | bool | None = None
    category: str | None = None
    source: str | None = None
    name: str | None = None
    timestamp: Number = None
    date_sighting: Number = None
    to_ids: Flag = None
    deleted: Flag = None
    distribution: Number = None
    sharing_group_uuid: str | None = None
    orgc_uuid: str | None = None


class _Object(msgspec.Struct, gc=False):
    name: str | None = None
    meta_category: str | None = msgspec.field(default=None, name="meta-category")
    timestamp: Number = None
    deleted: Flag = None
    distribution: Number = None
    sharing_group_uuid: str | None = None


_ATTRIBUTE = msgspec.json.Decoder(_Body)
_EVENT = msgspec.json.Decoder(_Event)
_OBJECT = msgspec.json.Decoder(_Object)
_MORE = msgspec.json.Decoder(_More)
_encode = msgspec.json.Encoder().encode
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    ended = [entry for entry, _ in arrived.ended if entry.kind in _KINDS]
    gone = [entry for entry in ended if entry.seq in arrived.withdrawn]
    _note_recalls(connection, arrived, gone)
    _drop(connection, gone)
    _drop_stix(connection, arrived, withdrawn=True)
    entries = [arrival.entry for arrival in arrived.arrivals if arrival.entry.kind in _KINDS]
    if entries:
        _add(connection, entries)
    _add_stix(connection, arrived)
    _drop(connection, [entry for entry in ended if entry.seq not in arrived.withdrawn])
    _drop_stix(connection, arrived, withdrawn=False)


def _note_recalls(connection: Connection, arrived: Arrived, gone: list[Entry]) -> None:
    """Keep in mind which attributes and objects were recalled, but for those that go on or were deleted for good."""
    for entry, recall in arrived.recalls:
        if recall.moved or recall.reason == FOR_GOOD:
            continue
        seqs = [one.seq for one in gone if recall.first <= one.seq <= recall.last and one.audience == entry.audience]
        if seqs:
            store.add_gone(connection, seqs, entry.at // SECOND)


def _drop(connection: Connection, entries: list[Entry]) -> None:
    if not entries:
        return
    values = []
    for entry in entries:
        if entry.kind in (KINDS[ATTRIBUTE], MORE) and entry.payload is not None:
            values += [(key, entry.seq) for key in _hashes(entry)]
    store.drop(connection, [entry.seq for entry in entries], values)


def _hashes(entry: Entry) -> list[int]:
    assert entry.payload is not None
    try:
        body = _ATTRIBUTE.decode(entry.payload.body)
    except _DECODE_ERRORS:
        return []
    return _hashes_of(str(body.type or ""), body.value)


def _hashes_of(type: str, value: Any) -> list[int]:
    if value is None:
        return []
    return list(dict.fromkeys(map(value_hash, values_of(type, _text(value)))))


def _text(value: str | int | float | bool) -> str:
    return value if isinstance(value, str) else ("1" if value is True else "0" if value is False else str(value))


def _add(connection: Connection, entries: list[Entry]) -> None:
    known = store.numbers(connection, [entry.payload.subject for entry in entries if entry.payload is not None])
    rows: list[tuple[object, ...]] = []
    values: list[tuple[int, int]] = []
    tags: list[tuple[object, ...]] = []
    for entry in entries:
        payload = entry.payload
        if payload is None:
            continue
        meta = payload.meta
        model = _MODELS.get(entry.kind) or str(meta.get("model", ""))[:24]
        uuid = storable(payload.subject[:36])
        number = meta.get("number")
        if not isinstance(number, int):
            number = known.get((model, uuid, entry.org, entry.audience), entry.seq)
        head = (entry.seq, model, uuid, entry.org, entry.audience, number, payload.version)
        try:
            tail, found, named = _READERS.get(model, _more)(payload.body, meta, uuid)
        except _DECODE_ERRORS:
            continue  # intake lists it as a fault
        rows.append(head + tail)
        values += [(key, entry.seq) for key in found]
        tags += [(value_hash(name), entry.seq, storable(name)) for name in named]
    store.add(connection, rows)
    store.drop_gone(connection, [(row[2], row[3], row[4]) for row in rows])
    if values:
        values.sort()
        store.add_values(connection, values)
    if tags:
        store.add_tags(connection, tags)


_Read = tuple[tuple[object, ...], list[int], list[str]]
_Meta = dict[str, object]


def _attribute(raw: bytes, meta: _Meta, uuid: str) -> _Read:
    body = _ATTRIBUTE.decode(raw)
    type = storable(str(body.type or "")[:128])
    row = (_second(body.timestamp), int(body.deleted in _TRUE), str(meta.get("event", ""))[:36],
           str(meta.get("object", ""))[:36], "", type, storable((body.category or "")[:128]),
           int(body.to_ids in _TRUE), 0, 0, 0, 0, *_level(body.distribution, body.sharing_group_uuid),
           "", "")  # fmt: skip
    return row, _hashes_of(type, body.value), _names(body.Tag)


def _event(raw: bytes, meta: _Meta, uuid: str) -> _Read:
    body = _EVENT.decode(raw)
    row = (_second(body.timestamp), int(body.deleted in _TRUE), uuid, "", "",
           _word(body.threat_level_id), _word(body.analysis), 0, int(body.published in _TRUE),
           _second(body.publish_timestamp), _day(body.date), 0, *_level(body.distribution, body.sharing_group_uuid),
           storable((body.Orgc.uuid or "")[:64]) if body.Orgc else "",
           storable((body.extends_uuid or "")[:36]).lower())  # fmt: skip
    return row, [], _names(body.Tag)


def _object(raw: bytes, meta: _Meta, uuid: str) -> _Read:
    body = _OBJECT.decode(raw)
    row = (_second(body.timestamp), int(body.deleted in _TRUE), str(meta.get("event", ""))[:36], "", "",
           storable((body.name or "")[:128]), storable((body.meta_category or "")[:128]), 0, 0, 0, 0, 0,
           *_level(body.distribution, body.sharing_group_uuid), "", "")  # fmt: skip
    return row, [], []


def _more(raw: bytes, meta: _Meta, uuid: str) -> _Read:
    body = _MORE.decode(raw)
    type = storable(str("" if body.type is None else body.type)[:128])
    row = (_second(body.timestamp), int(body.deleted in _TRUE), str(meta.get("event", ""))[:36], "",
           storable(str(meta.get("on", ""))[:36]), type,
           storable((body.category or body.source or body.name or "")[:128]), int(body.to_ids in _TRUE), 0, 0, 0,
           _second(body.date_sighting), *_level(body.distribution, body.sharing_group_uuid),
           storable((body.orgc_uuid or "")[:64]), "")  # fmt: skip
    name = [body.name] if meta.get("model") == "LocalTag" and body.name else []
    return row, _hashes_of(type, body.value), name


_READERS = {ATTRIBUTE: _attribute, EVENT: _event, OBJECT: _object}


def _add_stix(connection: Connection, arrived: Arrived) -> None:
    """Show STIX objects that name observables: as attributes of the event that their contribution is."""
    made = []
    for arrival in arrived.arrivals:
        if arrival.entry.kind == from_stix.KIND and arrival.extract.claims:
            body = from_stix.attribute_of(arrival.entry, arrival.extract)
            if body is not None:
                made.append((arrival.entry, body, from_stix.values_in(arrival.extract)))
    if not made:
        return
    known = store.numbers(connection, {name for entry, body, _ in made for name in (body["uuid"], entry.contribution)})
    rows: list[tuple[object, ...]] = []
    values: set[tuple[int, int]] = set()
    tags: list[tuple[object, ...]] = []
    for entry, body, texts in made:
        shell = (EVENT, entry.contribution, entry.org, entry.audience)
        if shell not in known:
            known[shell] = entry.seq
            tail, _, _ = _event(_encode(from_stix.event_of(entry)), {}, entry.contribution)
            rows.append((-entry.seq, *shell, entry.seq, entry.at, *tail))
        tail, _, named = _attribute(_encode(body), {"event": entry.contribution}, body["uuid"])
        number = known.get((ATTRIBUTE, body["uuid"], entry.org, entry.audience), entry.seq)
        version = entry.payload.version if entry.payload is not None else 0
        rows.append((entry.seq, ATTRIBUTE, body["uuid"], entry.org, entry.audience, number, version, *tail))
        values.update((value_hash(text), entry.seq) for text in (*texts, storable(body["value"])))
        tags += [(value_hash(name), entry.seq, storable(name)) for name in named]
    store.add(connection, rows)
    store.add_values(connection, sorted(values))
    store.add_tags(connection, tags)


def _drop_stix(connection: Connection, arrived: Arrived, *, withdrawn: bool) -> None:
    ended = [(entry, extract) for entry, extract in arrived.ended
             if entry.kind == from_stix.KIND and extract.claims and (entry.seq in arrived.withdrawn) is withdrawn]
    if not ended:
        return
    values: set[tuple[int, int]] = set()
    for entry, extract in ended:
        body = from_stix.attribute_of(entry, extract)
        if body is not None:
            values.update((value_hash(text), entry.seq) for text in (*from_stix.values_in(extract),
                                                                      storable(body["value"])))  # fmt: skip
    store.drop(connection, [entry.seq for entry, _ in ended], sorted(values))
    store.drop_hollow(connection, {entry.contribution for entry, _ in ended})


def _names(tags: list[_Tag] | None) -> list[str]:
    return list({value_hash(tag.name): tag.name for tag in tags if tag.name}.values()) if tags else []


def _word(value: Number) -> str:
    return "" if value is None else storable(str(value)[:16])


def _second(value: Number) -> int:
    try:
        second = int(float(value)) if value else 0
    except (ValueError, OverflowError):
        return 0
    return second if 0 < second <= _TOP_SECOND else 0


def _day(date: str | None) -> int:
    digits = (date or "")[:10].replace("-", "")
    return int(digits) if len(digits) == 8 and digits.isascii() and digits.isdigit() else 0


def _level(distribution: Number, group: str | None) -> tuple[int, str]:
    text = str(distribution)
    level = int(text) if text in ("0", "1", "2", "3", "4", "5") else 5
    return level, storable((group or "")[:36]).lower() if level == 4 else ""
