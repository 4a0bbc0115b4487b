"""The hot path of big answers: attributes as JSON and CSV, joined from texts without a look at their bodies. Pure.

A row of the read model holds what an attribute says beside its columns (``said``), each part as JSON on a line of its
own; what it shares with others is written once for all of them. Where ``said`` is missing (a field that MISP does not
know, a number where text belongs) the general way answers: the two give the same (a test holds them together).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fusioncell.exchange.misp.model import Common
from fusioncell.exchange.misp.search.fade import Fading
from fusioncell.exchange.misp.search.match import Said, read_part
from fusioncell.exchange.misp.search.write_csv import quoted

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode
_decode_many = msgspec.json.Decoder(list[str | None]).decode
_EMPTY = '""'
_PARTS = 7
"""Of what a row says: relation, comment, ``disable_correlation``, first and last seen, value, and nothing behind it."""
_NOTHING = "\n" * (_PARTS - 1)
NO_OBJECT = ',"","",""\n'
_LETTER = '":'
"""No text of JSON that begins with a digit sorts behind it."""
_PLAIN_UUIDS = re.compile(r"[0-9A-Za-z-]*").fullmatch


class Hot(NamedTuple):
    """Rows of the read model, column by column, in their order; columns named as in ``exchange.misp.Document``."""

    seq: Sequence[int]
    number: Sequence[int]
    uuid: Sequence[str]
    object: Sequence[str]
    timestamp: Sequence[int]
    common: Sequence[int]
    said: Sequence[str | None]


class Found(NamedTuple):
    """Rows in the order of ``Hot``'s columns, and what they have in common by its id."""

    rows: Sequence[tuple[Any, ...]]
    common: Mapping[int, Common]

    def holders(self) -> set[str]:
        """Return the objects that some of them stand in."""
        at = Hot._fields.index("object")
        return {row[at] for row in self.rows} - {""}

    def seqs(self) -> list[int]:
        """Return their positions."""
        return [row[0] for row in self.rows]

    def events(self) -> set[str]:
        """Return the events that they stand in."""
        at = Hot._fields.index("common")
        return {self.common[key].event for key in {row[at] for row in self.rows}}

    def parts(self, size: int) -> Iterator[Hot]:
        """Yield the rows by columns, so many at once: few enough to stay in the processor's cache."""
        for start in range(0, len(self.rows), size):
            yield Hot._make(zip(*self.rows[start : start + size], strict=True))

    def only(self, rows: Sequence[tuple[Any, ...]]) -> Found:
        """Return some of the rows, with what they have in common."""
        at = Hot._fields.index("common")
        return Found(rows, {key: self.common[key] for key in {row[at] for row in rows}})


class Frame(NamedTuple):
    """What stands around the parts of each of some attributes in JSON."""

    event: str
    """From its id to its object's."""
    kind: str
    """From its relation to its uuid."""
    level: str
    """From its timestamp to its comment."""
    deleted: str
    """From its comment to ``disable_correlation``."""
    tail: str
    """From its value to its object."""
    end: str
    """Behind its object, but for the last bracket."""


_NO_FRAME = Frame("", "", "", "", "", "")


def frame(common: Common, event: Mapping[str, str], tags: tuple[str, str] | None) -> Frame:
    """Return the frame of attributes. ``event``: ``id``, ``raw`` (what of it stands in each), ``uuid`` where wanted.

    ``tags``: the lists ``Tag`` and ``Galaxy`` as JSON, None where none is shown.
    """
    shown = f',"Galaxy":{tags[1]},"Tag":{tags[0]}' if tags is not None else ',"Galaxy":[]'
    flags = ("false", "true")
    return Frame(
        f'","event_id":{text(event["id"])},"object_id":"',
        f',"category":{text(common.category)},"type":{text(common.type)},"to_ids":{flags[common.to_ids]},"uuid":"',
        f'","distribution":"{common.distribution}","sharing_group_id":"0","comment":',
        f',"deleted":{flags[common.deleted]},"disable_correlation":',
        f'{shown},"Event":{event["raw"]}',
        f',"event_uuid":{text(event["uuid"])}' if "uuid" in event else "",
    )


def frame_within(common: Common, event_id: str, tags: tuple[str, str] | None) -> Frame:
    """Return the frame of attributes inside their event, as ``Misp.event_json`` shows them."""
    made = frame(common, {"id": event_id, "raw": ""}, tags)
    listed = f',"Tag":{tags[0]}' if tags is not None else ""
    return made._replace(tail=f',"Galaxy":{tags[1] if tags is not None else "[]"},"ShadowAttribute":[]{listed}')


def text(value: object) -> str:
    """Return a value as JSON."""
    return _encode(value).decode()


def plain(uuids: Sequence[str]) -> bool:
    """Tell whether none of these needs care in JSON."""
    return _PLAIN_UUIDS("".join(uuids)) is not None


def lacking(rows: Hot, frames: Mapping[int, object]) -> dict[int, str]:
    """Return position → uuid of those that are shown the general way, for what they say or what is around them."""
    if all(rows.said) and frames.keys() >= set(rows.common):
        return {}
    return {seq: uuid for seq, uuid, common, said in zip(rows.seq, rows.uuid, rows.common, rows.said, strict=True)
            if not (said and common in frames)}  # fmt: skip


def _said(rows: Hot) -> list[list[str]]:
    """Return what they say, part by part: a list of relations, one of comments … Who says nothing has empty texts."""
    lines = "\n".join([said or _NOTHING for said in rows.said]).split("\n")
    return [lines[at::_PARTS] for at in range(_PARTS)]


def _values(lines: list[str]) -> list[str | None]:
    """Return texts of JSON as they mean, all read at once; None for those that are empty."""
    return _decode_many(f"[{','.join([line or 'null' for line in lines])}]")


def said_of(rows: Hot, common: Mapping[int, Common]) -> list[Said]:
    """Return what the search looks at in attributes; of those whose columns do not say it, nothing that is true."""
    relations, comments, _, firsts, lasts, values, _ = _said(rows)
    read = {text: read_part(text) for text in {*relations, *comments, *firsts, *lasts}}
    types = {key: common[key].type for key in set(rows.common)}
    return [
        Said(types[key], value, read[comment], read[relation], read[first], read[last])
        for key, value, comment, relation, first, last in zip(
            rows.common, _values(values), comments, relations, firsts, lasts, strict=True)
    ]  # fmt: skip


def bodies_of(rows: Hot, common: Mapping[int, Common], events: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what formats look at in attributes (``formats.Format.plain``). ``events``: uuid → id to the caller."""
    _, comments, *_, values, _ = _said(rows)
    read = {text: read_part(text) for text in set(comments)}
    alike = {key: {"type": one.type, "category": one.category, "to_ids": bool(one.to_ids),
                   "event_id": events.get(one.event, "")} for key, one in common.items()}  # fmt: skip
    return [
        {**alike[key], "uuid": uuid, "timestamp": str(timestamp), "value": value, "comment": read[comment]}
        for key, uuid, timestamp, value, comment in zip(
            rows.common, rows.uuid, rows.timestamp, _values(values), comments, strict=True)
    ]  # fmt: skip


def _instead(lines: list[str], rows: Hot, careful: Mapping[int, str]) -> list[str]:
    """Return the lines with what is shown of some rows instead; "" where nothing is."""
    return [careful.get(seq, line) for seq, line in zip(rows.seq, lines, strict=True)] if careful else lines


def json_of(rows: Hot, ids: Sequence[int], frames: Mapping[int, Frame], inner: Mapping[str, tuple[str, str]],
            careful: Mapping[int, str], ends: Sequence[str] | None = None) -> list[str]:  # fmt: skip
    """Return attributes as JSON. ``ids``: theirs to the caller. ``inner``: an object's id, and what is shown of it.

    ``ends``: what closes each, where that is more than a bracket.

    ``careful``: position → what is shown of a row instead ("": nothing), for all that are :func:`lacking` at least.
    """
    none, relations, *said = inner[""], *_said(rows)
    around = [frames.get(common, _NO_FRAME) for common in rows.common]
    held = [inner.get(holder, none) for holder in rows.object] if any(rows.object) else [none] * len(relations)
    lines = _instead([
        f'{{"id":"{given}{before}{holder}","object_relation":{relation}{kind}{uuid}","timestamp":"{timestamp}'
        f'{level}{comment}{deleted}{uncorrelated},"first_seen":{first},"last_seen":{last},"value":{value}{tail}'
        f"{shown}{end}{close}"
        for uuid, timestamp, given, relation, (before, kind, level, deleted, tail, end), (holder, shown), comment,
        uncorrelated, first, last, value, close in zip(
            rows.uuid, rows.timestamp, ids, relations, around, held, *said[:-1], ends or ["}"] * len(ids), strict=True)
    ], rows, careful)  # fmt: skip
    return [line for line in lines if line] if careful else lines


def sieved(found: Found, sieve: str) -> Found:
    """Return the rows that say a text in lower case, and those whose columns do not tell."""
    said = Hot._fields.index("said")
    return found.only([row for row in found.rows if not (text := row[said]) or sieve in text.lower()])


def fresh(found: Found, since: Mapping[int, int], kept: frozenset[str]) -> Found:
    """Return what is not decayed: ``since``, by what rows have in common, is when that begins; ``kept``: uuids that
    stay whatever it says."""
    common, at = Hot._fields.index("common"), Hot._fields.index("timestamp")
    return found.only([row for row in found.rows
                       if row[common] not in since or row[at] >= since[row[common]] or row[2] in kept])  # fmt: skip


def scored(rows: Hot, fadings: Mapping[int, Fading]) -> list[str]:
    """Return what closes attributes: their decay scores."""
    known: dict[tuple[int, int], str] = {}
    for pair in zip(rows.common, rows.timestamp, strict=True):
        if pair not in known:
            fading = fadings.get(pair[0])
            known[pair] = f',"decay_score":{text(fading.scores(pair[1]) if fading else [])}}}'
    return [known[pair] for pair in zip(rows.common, rows.timestamp, strict=True)]


class Line(NamedTuple):
    """What stands around the parts of each of some attributes in a line of CSV."""

    event: str
    """From its uuid to its value."""
    to_ids: str
    tags: str


_NO_LINE = Line("", "", "")


def line(common: Common, event_id: str) -> Line:
    """Return what stands around the usual columns of attributes."""
    tags = quoted(",".join(msgspec.json.decode(common.tags))) if common.tags else _EMPTY
    return Line(f'",{event_id},{quoted(common.category)},{quoted(common.type)},', f",{common.to_ids},", tags)


def csv_of(rows: Hot, frames: Mapping[int, Line], inner: Mapping[str, str],
           careful: Mapping[int, str]) -> list[str]:  # fmt: skip
    """Return the usual columns of attributes as lines. ``inner``: an object's columns; ``careful``: as for JSON."""
    relations, comments, *_, values, _ = _said(rows)
    named = {one: _EMPTY if one == "null" else _field(one) for one in set(relations)}
    noted = {one: _field(one) for one in set(comments)}
    values = [_field(one) if "\\" in one or (one < _LETTER and one[1:-1].isdigit()) else one for one in values]
    around = [frames.get(common, _NO_LINE) for common in rows.common]
    ends = [inner.get(holder, NO_OBJECT) for holder in rows.object] if any(rows.object) else [NO_OBJECT] * len(values)
    return _instead([
        f'"{uuid}{before}{value},{noted[comment]}{to_ids}{timestamp},{named[relation]},{tags}{end}'
        for uuid, timestamp, relation, comment, value, (before, to_ids, tags), end in zip(
            rows.uuid, rows.timestamp, relations, comments, values, around, ends, strict=True)
    ], rows, careful)  # fmt: skip


def _field(said: str) -> str:
    """Return a text of JSON as a field of CSV."""
    return quoted(_decode(said)) if said else ""


def object_fields(inner: Mapping[str, Any]) -> str:
    """Return an object's columns."""
    return f",{quoted(inner.get('uuid'))},{quoted(inner.get('name'))},{quoted(inner.get('meta-category'))}\n"
