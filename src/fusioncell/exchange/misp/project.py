"""Follow the record: what stands in MISP's terms. Called by the river, and rebuilt like every projection.

1. What was withdrawn leaves, then what arrived takes the number of what it supersedes; then that leaves too.
2. A thing's number is the position of its first version, or what its own entry says (``meta["number"]``: it moved to
   other readers): so ids are stable, and the same whatever the batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from fusioncell.exchange.misp import from_stix, store
from fusioncell.exchange.misp.model import (
    ATTRIBUTE,
    EVENT,
    FOR_GOOD,
    KINDS,
    MORE,
    OBJECT,
    Common,
    value_hash,
    values_of,
)
from fusioncell.exchange.misp.store import metadata
from fusioncell.intake import State
from fusioncell.intake.project import Arrival, Arrived
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project"]

Number = str | int | float | None
Flag = bool | str | int | None
_TRUE = frozenset((True, 1, "1", "true", "True"))
_MODELS = {kind: model for model, kind in KINDS.items()}
_KINDS = frozenset((*_MODELS, MORE))
_TOP_SECOND = 253_402_300_799
_UUID = 36
_Common = tuple[str, str, int, str, int, str, str, int, int, int, str, str, str]
"""What documents have in common, as :class:`Common` names it."""
_Alike = tuple[str, int, object, str, str, bool, bool, str | int, str | None, bytes]
"""Contributor, audience, event, type, category, to_ids, deleted, distribution, group, tags."""
_Meta = dict[str, object]
_Head = tuple[str, int, int]
"""uuid, number, version."""
_COLUMN = 128


class _Tag(msgspec.Struct, gc=False):
    name: str = ""


class _Org(msgspec.Struct, gc=False):
    uuid: str | None = None


class _Body(msgspec.Struct, gc=False):
    """What the read model looks at in an attribute or proposal."""

    type: Number = None
    value: str | int | float | bool | None = None
    category: str | None = None
    timestamp: Number = None
    to_ids: Flag = None
    deleted: Flag = None
    distribution: Number = None
    sharing_group_uuid: str | None = None
    Tag: list[_Tag] | None = None


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An attribute of nothing but MISP's own fields in MISP's own types: what of it is no column is kept as ``said``.

    The last fields are of the sender's instance, or shown anew whatever they say.
    """

    type: str
    value: str
    category: str
    to_ids: bool
    uuid: str
    timestamp: str | int = "0"
    deleted: bool = False
    distribution: str | int = "5"
    comment: str = ""
    object_relation: str | None = None
    first_seen: str | None = None
    last_seen: str | None = None
    disable_correlation: bool = False
    Tag: msgspec.Raw = msgspec.Raw()
    sharing_group_uuid: str | None = None
    id: Number = None
    event_id: Number = None
    object_id: Number = None
    sharing_group_id: Number = None
    Galaxy: msgspec.Raw = msgspec.Raw()
    ShadowAttribute: msgspec.Raw = msgspec.Raw()


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
_read_tags = msgspec.json.Decoder(list[_Tag] | None).decode
_read_plain = msgspec.json.Decoder(_Plain).decode
_EVENT = msgspec.json.Decoder(_Event)
_OBJECT = msgspec.json.Decoder(_Object)
_MORE = msgspec.json.Decoder(_More)
_encode = msgspec.json.Encoder().encode
_lines = msgspec.json.Encoder().encode_lines
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    ended = [entry for entry, _ in arrived.ended if entry.kind in _KINDS]
    gone = [entry for entry in ended if entry.seq in arrived.withdrawn]
    _note_recalls(connection, arrived, gone)
    _drop(connection, gone)
    _drop_stix(connection, arrived, withdrawn=True)
    arrivals = [arrival for arrival in arrived.arrivals if arrival.entry.kind in _KINDS]
    if arrivals:
        _add(connection, arrivals, ended)
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


@dataclass(slots=True)
class _Batch:
    """Rows on their way to the store: what they have in common is counted by itself."""

    common: dict[_Common, list[int]] = field(default_factory=dict)
    """What rows have in common → its id, how many have it."""
    alike: dict[_Alike, tuple[list[int], bool, bool]] = field(default_factory=dict)
    """What attributes say alike → see :func:`_alike`."""
    rows: list[tuple[object, ...]] = field(default_factory=list)
    whole: list[tuple[object, ...]] = field(default_factory=list)
    values: list[tuple[int, int]] = field(default_factory=list)

    def of(self, common: _Common) -> list[int]:
        """Return the id of what rows have in common, and the count of them, to be raised."""
        known = self.common.get(common)
        if known is None:
            # No fast hash: whoever could make two that meet would show things to the readers of others.
            digest = blake2b(_encode(common), digest_size=8).digest()
            known = self.common[common] = [int.from_bytes(digest, "big", signed=True), 0]
        return known

    def count(self, common: _Common) -> int:
        """Count one more row with this in common; return its id."""
        known = self.of(common)
        known[1] += 1
        return known[0]

    def save(self, connection: Connection) -> None:
        """Write all rows, values in their order."""
        made = {key: (Common._make(common), uses) for common, (key, uses) in self.common.items() if uses}
        tags = [(value_hash(name), key, storable(name)) for key, (one, _) in made.items() if one.tags
                for name in {value_hash(name): name for name in msgspec.json.decode(one.tags)}.values()]  # fmt: skip
        store.add_common(connection, made, tags)
        store.mark_twice(connection, [str(row[2]) for row in (*self.rows, *self.whole)])
        store.add(connection, self.rows)
        store.add_whole(connection, self.whole)
        self.values.sort()
        store.add_values(connection, self.values)


def _add(connection: Connection, arrivals: list[Arrival], ended: list[Entry]) -> None:
    """Add what arrived. Only what has an older version, or another of the same version, can take a number over."""
    again = {entry.payload.subject for entry in ended if entry.payload is not None}
    older = [payload.subject for arrival in arrivals if (payload := arrival.entry.payload) is not None
             and (arrival.state is not State.NEW or payload.subject in again)]  # fmt: skip
    known = store.numbers(connection, older) if older else {}
    batch = _Batch()
    for arrival in arrivals:
        entry = arrival.entry
        if entry.payload is not None:
            _take(batch, entry, entry.payload, known)
    batch.save(connection)
    if store.any_gone(connection):
        of = {one.entry.seq: (one.entry.org, one.entry.audience) for one in arrivals}
        store.drop_gone(connection, [(row[2], *of[row[0]]) for row in (*batch.rows, *batch.whole)])  # type: ignore[index]


def _take(batch: _Batch, entry: Entry, payload: Payload, known: dict[tuple[str, str, str, int], int]) -> None:
    meta, uuid, number = payload.meta, payload.subject, entry.seq
    model = _MODELS.get(entry.kind) or str(meta.get("model", ""))[:24]
    if len(uuid) != _UUID or "\0" in uuid:
        uuid = storable(uuid[:_UUID])
    if "number" in meta or known:
        said = meta.get("number")
        number = said if isinstance(said, int) else known.get((model, uuid, entry.org, entry.audience), number)
    try:
        if model == ATTRIBUTE:
            _attribute(batch, entry, payload.body, meta, (uuid, number, payload.version))
        else:
            read = _READERS.get(model, _more)
            read(batch, entry, payload.body, {**meta, "model": model}, (uuid, number, payload.version))
    except _DECODE_ERRORS:
        return  # intake lists it as a fault


def _attribute(batch: _Batch, entry: Entry, raw: bytes, meta: _Meta, head: _Head) -> None:
    event, inner, seq = meta.get("event"), meta.get("object", ""), entry.seq
    try:
        said = _read_plain(raw)
    except _DECODE_ERRORS:
        _other_attribute(batch, entry, raw, meta, head)
        return
    kind, value, tags = said.type, said.value, said.Tag
    key = (entry.org, entry.audience, event, kind, said.category, said.to_ids, said.deleted, said.distribution,
           said.sharing_group_uuid, bytes(tags) if tags else b"")  # fmt: skip
    alike = batch.alike.get(key)
    if alike is None:
        alike = batch.alike[key] = _alike(batch, key)
    common, composite, whole = alike
    common[1] += 1
    text = _lines((said.object_relation, said.comment, said.disable_correlation, said.first_seen, said.last_seen, value)
                  ).decode() if whole else None  # fmt: skip
    batch.rows.append((
        seq, common[0], *head, _second(said.timestamp), inner if type(inner) is str and len(inner) <= _UUID else
        str(inner)[:_UUID], text))  # fmt: skip
    if composite:
        batch.values += [(key, seq) for key in _hashes_of(kind, value)]
    else:
        batch.values.append((value_hash(value), seq))


def _alike(batch: _Batch, key: _Alike) -> tuple[list[int], bool, bool]:
    """Return what attributes that say this have in common, whether values have parts, whether columns say all of it."""
    org, audience, event, kind, category, to_ids, deleted, distribution, group, tags = key
    level, shared = _level(distribution, group)
    columns = _column(kind), _column(category)
    common = batch.of((
        ATTRIBUTE, org, audience, str("" if event is None else event)[:_UUID], int(deleted), *columns, int(to_ids), 0,
        level, shared, "", _tags(_read_tags(tags)) if tags else "",
    ))  # fmt: skip
    return common, "|" in kind or kind == "malware-sample", columns == (kind, category)


def _other_attribute(batch: _Batch, entry: Entry, raw: bytes, meta: _Meta, head: _Head) -> None:
    body = _ATTRIBUTE.decode(raw)
    kind = _column(str(body.type or ""))
    common = batch.count((
        ATTRIBUTE, entry.org, entry.audience, str(meta.get("event", ""))[:_UUID], int(body.deleted in _TRUE), kind,
        _column(body.category), int(body.to_ids in _TRUE), 0, *_level(body.distribution, body.sharing_group_uuid), "",
        _tags(body.Tag),
    ))  # fmt: skip
    batch.rows.append((entry.seq, common, *head, _second(body.timestamp),
                       str(meta.get("object", ""))[:_UUID], None))  # fmt: skip
    batch.values += [(key, entry.seq) for key in _hashes_of(kind, body.value)]


def _event(batch: _Batch, entry: Entry, raw: bytes, meta: _Meta, head: _Head) -> None:
    body = _EVENT.decode(raw)
    common = batch.count((
        EVENT, entry.org, entry.audience, head[0], int(body.deleted in _TRUE), _word(body.threat_level_id),
        _word(body.analysis), 0, int(body.published in _TRUE), *_level(body.distribution, body.sharing_group_uuid),
        storable((body.Orgc.uuid or "")[:64]) if body.Orgc else "", _tags(body.Tag),
    ))  # fmt: skip
    seq = -entry.seq if entry.kind == from_stix.KIND else entry.seq
    batch.whole.append((seq, common, *head, _second(body.timestamp), "", None, "", _second(body.publish_timestamp),
                        _day(body.date), 0, storable((body.extends_uuid or "")[:_UUID]).lower()))  # fmt: skip


def _object(batch: _Batch, entry: Entry, raw: bytes, meta: _Meta, head: _Head) -> None:
    body = _OBJECT.decode(raw)
    common = batch.count((
        OBJECT, entry.org, entry.audience, str(meta.get("event", ""))[:_UUID], int(body.deleted in _TRUE),
        _column(body.name), _column(body.meta_category), 0, 0, *_level(body.distribution, body.sharing_group_uuid),
        "", "",
    ))  # fmt: skip
    batch.rows.append((entry.seq, common, *head, _second(body.timestamp), "", None))


def _more(batch: _Batch, entry: Entry, raw: bytes, meta: _Meta, head: _Head) -> None:
    body = _MORE.decode(raw)
    kind = _column("" if body.type is None else str(body.type))
    local = [_Tag(body.name)] if meta.get("model") == "LocalTag" and body.name else None
    common = batch.count((
        str(meta["model"]), entry.org, entry.audience, str(meta.get("event", ""))[:_UUID], int(body.deleted in _TRUE),
        kind, _column(body.category or body.source or body.name), int(body.to_ids in _TRUE), 0,
        *_level(body.distribution, body.sharing_group_uuid), storable((body.orgc_uuid or "")[:64]), _tags(local),
    ))  # fmt: skip
    batch.whole.append((entry.seq, common, *head, _second(body.timestamp), "", None,
                        storable(str(meta.get("on", ""))[:_UUID]), 0, 0, _second(body.date_sighting), ""))  # fmt: skip
    batch.values += [(key, entry.seq) for key in _hashes_of(kind, body.value)]


def _column(text: str | None) -> str:
    return storable((text or "")[:_COLUMN])


def _tags(tags: list[_Tag] | None) -> str:
    """Return the names of tags, each once, as a JSON list."""
    names = list(dict.fromkeys(tag.name for tag in tags if tag.name)) if tags else None
    return _encode(names).decode() if names else ""


_READERS = {EVENT: _event, OBJECT: _object}


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
    batch = _Batch()
    for entry, body, texts in made:
        shell = (EVENT, entry.contribution, entry.org, entry.audience)
        if shell not in known:
            known[shell] = entry.seq
            _event(batch, entry, _encode(from_stix.event_of(entry)), {}, (entry.contribution, entry.seq, entry.at))
        number = known.get((ATTRIBUTE, body["uuid"], entry.org, entry.audience), entry.seq)
        version = entry.payload.version if entry.payload is not None else 0
        _attribute(batch, entry, _encode(body), {"event": entry.contribution}, (body["uuid"], number, version))
        batch.values += [(value_hash(text), entry.seq) for text in (*texts, storable(body["value"]))]
    batch.save(connection)


def _drop_stix(connection: Connection, arrived: Arrived, *, withdrawn: bool) -> None:
    ended = [(entry, extract) for entry, extract in arrived.ended
             if entry.kind == from_stix.KIND and extract.claims and (entry.seq in arrived.withdrawn) is withdrawn]
    if not ended:
        return
    values: set[tuple[int, int]] = set()
    for entry, extract in ended:
        body = from_stix.attribute_of(entry, extract)
        if body is not None:
            values.update((value_hash(text), entry.seq) for text in (
                *from_stix.values_in(extract), body["value"], storable(body["value"])))  # fmt: skip
    store.drop(connection, [entry.seq for entry, _ in ended], sorted(values))
    store.drop(connection, store.hollow(connection, {entry.contribution for entry, _ in ended}), [])


def _word(value: Number) -> str:
    return "" if value is None else storable(str(value)[:16])


def _second(value: Number) -> int:
    try:
        second = int(value) if type(value) is str and value.isdecimal() else int(float(value)) if value else 0
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
