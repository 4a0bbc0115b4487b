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
from fusioncell.exchange.misp.search.write_csv import quoted

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode
_EMPTY = '""'
NO_OBJECT = ',"","",""\n'
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

    def part(self, start: int, size: int) -> Hot:
        """Return some of the rows."""
        return Hot._make(column[start : start + size] for column in self)


class Found(NamedTuple):
    """Rows, and what they have in common by its id."""

    rows: Hot
    common: Mapping[int, Common]

    def parts(self, size: int) -> Iterator[Hot]:
        """Yield the rows, so many at once."""
        for start in range(0, len(self.rows.seq), size):
            yield self.rows.part(start, size)


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
        f',"event_uuid":{text(event["uuid"])}}}' if "uuid" in event else "}",
    )


def text(value: object) -> str:
    """Return a value as JSON."""
    return _encode(value).decode()


def plain(uuids: Sequence[str]) -> bool:
    """Tell whether none of these needs care in JSON."""
    return _PLAIN_UUIDS("".join(uuids)) is not None


def json_of(rows: Hot, ids: Sequence[int], frames: Mapping[int, Frame], inner: Mapping[str, tuple[str, str]],
            careful: Mapping[int, str]) -> Iterator[str]:  # fmt: skip
    """Yield attributes as JSON. ``ids``: theirs to the caller. ``inner``: an object's id, and what is shown of it.

    ``careful``: position → what is shown of a row instead ("": nothing).
    """
    none = inner[""]
    for seq, uuid, holder, timestamp, common, said, given in zip(
        rows.seq, rows.uuid, rows.object, rows.timestamp, rows.common, rows.said, ids, strict=True
    ):
        if seq in careful or said is None:
            if shown := careful.get(seq):
                yield shown
            continue
        relation, comment, uncorrelated, first, last, value, _ = said.split("\n")
        before, kind, level, deleted, tail, end = frames[common]
        held = inner.get(holder, none) if holder else none
        yield (
            f'{{"id":"{given}{before}{held[0]}","object_relation":{relation}{kind}{uuid}","timestamp":"{timestamp}'
            f'{level}{comment}{deleted}{uncorrelated},"first_seen":{first},"last_seen":{last},"value":{value}{tail}'
            f"{held[1]}{end}"
        )


class Line(NamedTuple):
    """What stands around the parts of each of some attributes in a line of CSV."""

    event: str
    """From its uuid to its value."""
    to_ids: str
    tags: str


def line(common: Common, event_id: str) -> Line:
    """Return what stands around the usual columns of attributes."""
    tags = quoted(",".join(msgspec.json.decode(common.tags))) if common.tags else _EMPTY
    return Line(f'",{event_id},{quoted(common.category)},{quoted(common.type)},', f",{common.to_ids},", tags)


def csv_of(rows: Hot, frames: Mapping[int, Line], inner: Mapping[str, str],
           careful: Mapping[int, str]) -> Iterator[str]:  # fmt: skip
    """Yield the usual columns of attributes as lines. ``inner``: an object's columns; ``careful``: as for JSON."""
    for seq, _, uuid, holder, timestamp, common, said in zip(*rows, strict=True):
        if seq in careful or said is None:
            yield careful.get(seq, "")
            continue
        relation, comment, _, _, _, value, _ = said.split("\n")
        before, to_ids, tags = frames[common]
        if "\\" in said or value[1:-1].isdigit() or comment[1:-1].isdigit():
            value, comment = quoted(_decode(value)), quoted(_decode(comment))
        named = _EMPTY if relation == "null" else quoted(_decode(relation))
        end = inner.get(holder, NO_OBJECT) if holder else NO_OBJECT
        yield f'"{uuid}{before}{value},{comment}{to_ids}{timestamp},{named},{tags}{end}'


def object_fields(inner: Mapping[str, Any]) -> str:
    """Return an object's columns."""
    return f",{quoted(inner.get('uuid'))},{quoted(inner.get('name'))},{quoted(inner.get('meta-category'))}\n"
