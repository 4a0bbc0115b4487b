"""Read sightings: MISP events (also of a feed's folder), and tables ``value,type,source,context,seen_at``. Pure.

* A table's row is one sighting. ``value`` and ``seen_at`` must be there, the other columns may be missing; their order
  is free. Times are RFC 3339, ``2026-01-20 04:32:13``, a date, or Unix seconds or milliseconds; without an offset they
  are UTC.
* Cells stand between commas, semicolons, tabs or bars. Blank lines, those that begin with ``#``, and Excel's
  ``sep=;`` may come before the names of the columns. A quotation mark that nobody closes costs its own line, and not
  the rows after it.
* Of a MISP event each attribute is a sighting at its timestamp, else the event's, else its date; so is each sighting
  under it. Its source is the event's author, and the account where the comment is a link to a post; its context, the
  tags.
* A value is taken in its canonical form where it has one, and as it stands otherwise: it still comes back or does not.
* A bad row is a fault with its place, and the others count.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import msgspec

from fusioncell.fusion.backtest.model import Sighting
from fusioncell.intake import any_time, observables_of
from fusioncell.intake.model import Fault
from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.observable import BadValue, canonical, guess, type_named

MAX_VALUE = 8_192
EARLIEST: Instant = 631_152_000_000_000
"""1990-01-01: what is dated before was not dated."""
_COLUMNS = ("value", "type", "source", "context", "seen_at")
_SHOWN = 80
_MOST_UNCLOSED = 1000
"""Quotation marks that nobody closes after which a table is read on from the next line."""
_SHORT_OFFSET = re.compile(r"\d[+-]\d\d")
_MILLISECONDS = re.compile(r"\d{12,13}|\d{9,10}\.\d{1,9}")
_PACKED = (b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")
"""How files begin that are packed in forms that are not read: xz, bzip2, zstd, 7z, rar."""
_POST = re.compile(r"https?://([^/\s]+)/([^/\s?#]+)")
csv.field_size_limit(1 << 20)

Said = Iterator[Sighting | Fault]


class _Tag(msgspec.Struct):
    name: str = ""


class _Org(msgspec.Struct):
    name: str = ""


class _Seen(msgspec.Struct):
    type: str | int | None = None
    date_sighting: str | int | None = None
    Organisation: _Org | None = None


class _Attribute(msgspec.Struct):
    type: str = ""
    value: str | int | float | bool = ""
    timestamp: str | int | None = None
    comment: str | None = None
    deleted: str | bool | int | None = None
    Tag: list[_Tag] | None = None
    Sighting: list[_Seen] | None = None


class _Object(msgspec.Struct):
    Attribute: list[_Attribute] | None = None


class _Event(msgspec.Struct):
    date: str = ""
    timestamp: str | int | None = None
    Orgc: _Org | None = None
    Tag: list[_Tag] | None = None
    Attribute: list[_Attribute] | None = None
    Object: list[_Object] | None = None


class _Top(msgspec.Struct):
    Event: _Event


_event = msgspec.json.Decoder(_Top, strict=False)


def read_sightings(body: bytes, now: Instant) -> Said:
    """Read a file's sightings in its order, and its faults. ``now``: what is dated later is a fault."""
    if body.startswith(_PACKED):
        return iter((Fault("", "it is packed in a form that is not read: unpack it, or pack it with gzip or zip"),))
    return _misp(body, now) if body.lstrip()[:1] in (b"{", b"[") else _table(body, now)


def _day(text: str, now: Instant) -> int | str:
    """Return the day of a time, or why it has none."""
    at = _time(text)
    if at is None:
        return f"seen_at is no time: {text[:_SHOWN]!r}" if text.strip() else "seen_at is empty"
    if at < EARLIEST:
        return f"seen_at lies before 1990: {text[:_SHOWN]!r}"
    return f"seen_at lies in the future: {text[:_SHOWN]!r}" if at > now + DAY else at // DAY


@lru_cache(100_000)
def _time(text: str) -> Instant | None:
    text = text.strip().removesuffix("GMT").rstrip()
    if _MILLISECONDS.fullmatch(text):
        return any_time(text.partition(".")[0] if "." in text else text[:-3])
    # PostgreSQL writes an offset of whole hours as +02.
    return any_time(f"{text}:00" if _SHORT_OFFSET.fullmatch(text[-4:]) and ":" in text else text)


def _table(body: bytes, now: Instant) -> Said:
    wide = body[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = body.decode("utf-16" if wide else "utf-8-sig", "replace")
    # As files are split into lines: a cell may hold what str.splitlines takes for an end of line.
    lines = io.StringIO(text, newline="").readlines()
    before = ("#", "sep=")
    head = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith(before)), len(lines))
    if head == len(lines):
        return
    delimiter = max(",;\t|", key=lines[head].count)
    rows = _records(lines, head, delimiter)
    _, cells = next(rows)
    names = [] if isinstance(cells, str) else [cell.strip().lower() for cell in cells]
    missing = [name for name in ("value", "seen_at") if name not in names]
    if missing:
        wanted = f"no column {' and no column '.join(missing)}; wanted: {','.join(_COLUMNS)}"
        yield Fault(f"line {head + 1}", cells if isinstance(cells, str) else wanted)
        return
    places = [names.index(name) if name in names else None for name in _COLUMNS]
    for number, cells in rows:
        if isinstance(cells, str):
            yield Fault(f"line {number}", cells)
        elif any(map(str.strip, cells)):
            yield _row(cells, places, number, now)


def _records(lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield, from a line on, the number of each record's first line, and its cells or what is wrong with it."""
    again = _MOST_UNCLOSED
    head: list[str] | None = None
    while True:
        reader, begun = csv.reader(islice(lines, start, None), delimiter=delimiter), start
        while True:
            fault = ""
            try:
                cells = next(reader, None)
            except csv.Error as error:
                cells, fault = [], str(error)
            if cells is None:
                return
            end = start + reader.line_num
            if end > begun + 1 and again and (
                fault or (head is not None and _swallowed(lines[begun + 1 : end], delimiter, head))
                or (end == len(lines) and _unclosed(lines[begun:], delimiter))
            ):  # fmt: skip
                yield begun + 1, "a quotation mark opens a cell, and none closes it"
                start, again = begun + 1, again - 1
                break
            yield begun + 1, fault or cells
            head = cells if head is None else head
            begun = end


def _swallowed(lines: Sequence[str], delimiter: str, head: Sequence[str]) -> bool:
    """Tell whether a line that was read as the inside of a cell is a row by itself: as many cells as the table's head,
    no quotation mark in them, and a time where times stand. Then what took it in was closed by another stray mark."""
    names = [cell.strip().lower() for cell in head]
    when = names.index("seen_at") if "seen_at" in names else -1
    for line in lines if when >= 0 else ():
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(cells) == len(names) and _time(cells[when]) is not None and not any('"' in cell for cell in cells):
            return True
    return False


def _unclosed(lines: Sequence[str], delimiter: str) -> bool:
    """Tell whether what was read as one record up to the end of a table is one only because a quote is not closed."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _row(cells: list[str], places: list[int | None], number: int, now: Instant) -> Sighting | Fault:
    value, type, source, context, seen_at = (
        "" if place is None or place >= len(cells) else cells[place].strip() for place in places
    )
    reason = (
        "value is empty" if not value
        else f"value has {len(value):,} characters; at most {MAX_VALUE:,}" if len(value) > MAX_VALUE
        else ""
    )  # fmt: skip
    day = _day(seen_at, now)
    if reason or isinstance(day, str):
        return Fault(f"line {number}", reason or str(day), ",".join(cells)[:1_000].encode("utf-8", "replace"))
    return Sighting(day, *_named(value, type), source, context)


@lru_cache(200_000)
def _named(value: str, type: str) -> tuple[str, str]:
    """Return (canonical value, type), as they stand where they are none that we know."""
    try:
        found = canonical(type_named(type), value) if type else guess(value)
    except BadValue:
        found = None
    return (found.value, found.type.value) if found is not None else (value, type.lower())


def _misp(body: bytes, now: Instant) -> Said:
    try:
        event = _event.decode(body).Event
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield Fault("", f"no MISP event: {error}")
        return
    author = event.Orgc.name if event.Orgc else ""
    context = _tags(event.Tag)
    dated = str(event.timestamp or "") or event.date
    for place, attribute in enumerate(event.Attribute or ()):
        yield from _attribute(attribute, f"Event.Attribute[{place}]", author, context, dated, now)
    for number, thing in enumerate(event.Object or ()):
        for place, attribute in enumerate(thing.Attribute or ()):
            at = f"Event.Object[{number}].Attribute[{place}]"
            yield from _attribute(attribute, at, author, context, dated, now)


def _tags(tags: list[_Tag] | None) -> str:
    return ",".join(sorted(tag.name for tag in tags or () if not tag.name.lower().startswith("tlp:")))


def _attribute(attribute: _Attribute, place: str, author: str, context: str, dated: str, now: Instant) -> Said:
    if attribute.deleted in (True, 1, "1", "true"):
        return
    value = str(attribute.value)
    try:
        found = observables_of(attribute.type, value) if len(value) <= MAX_VALUE else []
    except BadValue as fault:
        yield Fault(place, str(fault), value.encode("utf-8", "replace"))
        return
    if not found:
        return
    post = _POST.match(attribute.comment or "")
    source = f"{author}: {post[1]}/{post[2]}" if post else author
    about = _tags(attribute.Tag) or context
    times = [(str(attribute.timestamp or "") or dated, source)]
    for seen in attribute.Sighting or ():
        if str(seen.type or 0) == "0":
            times.append((str(seen.date_sighting or ""), seen.Organisation.name if seen.Organisation else author))
    for text, by in times:
        day = _day(text, now)
        if isinstance(day, str):
            yield Fault(place, day.replace("seen_at", "its time"), value.encode("utf-8", "replace"))
        else:
            yield from (Sighting(day, o.value, o.type.value, by, about) for o in found)
