"""Values out of a request's body: plain lines, JSON lines, a JSON list, CSV. Pure.

The body is cut into pieces of some thousand values, each a text of one value a line, so that what is plain can be
looked at in columns. What cannot stand in a line of its own (a typed value, one with a line end in it) is kept beside
the text, at its line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fusioncell.exchange.match.model import MAX_LINE, Asked
from fusioncell.exchange.match.recognise import is_name_ending
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, guess, type_named

SIZE = 512 << 10
"""Bytes of a piece: so much that calls of numpy cost little a value, and so little that it stays in a cache."""
VALUES = 4096
"""Values of a piece that does not come as lines."""
_PLAIN_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,24}").fullmatch
_decode = msgspec.json.Decoder().decode
_decode_rows = msgspec.json.Decoder(list[Any]).decode_lines
_Values = list[str | dict[str, Any]]
_LISTED = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[|\{\s*"(?:values|indicators|iocs|observables)"\s*:\s*\[)').match


@dataclass(slots=True)
class Piece:
    """Values of a body, in order: a text of lines, and what is asked at some of its (empty) lines.

    ``read``: the reader of single values for lines that are not plain; None for a line that asks nothing.
    """

    text: bytes
    read: Callable[[str], Asked | None]
    beside: dict[int, Asked] = field(default_factory=dict)


def pieces(body: bytes, *, rows: bool, array: bool) -> Iterator[Piece]:
    """Cut a body into pieces. ``rows``: it is CSV; ``array``: a JSON list, or one in an object that says what it lists.

    Raises BadInput for what is neither.
    """
    _check_text(body)
    body = body.removeprefix(codecs.BOM_UTF8)
    if array:
        try:
            given = msgspec.json.decode(body, type=_Values | dict[str, _Values])
        except (msgspec.DecodeError, RecursionError) as fault:
            raise BadInput(f"not a JSON list of values: {fault}") from None
        return _of_values(given if isinstance(given, list) else next(iter(given.values())))
    return _of_rows(body.decode()) if rows else _of_lines(body)


def is_list(body: bytes) -> bool:
    """Tell whether JSON is a list of values, alone or as ``{"values": […]}``, and not one value a line."""
    return _LISTED(body) is not None


def _check_text(body: bytes) -> None:
    if body.isascii():
        return
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        raise BadInput(f"the body is not UTF-8 at byte {fault.start}") from None


def _of_lines(body: bytes) -> Iterator[Piece]:
    if b"\r\n" in body[:SIZE]:
        body = body.replace(b"\r\n", b"\n")
    at = 0
    while at < len(body):
        end = body.rfind(b"\n", at, at + SIZE) + 1 or body.find(b"\n", at + SIZE) + 1 or len(body)
        text = body[at:end]
        yield _json_lines(text) or Piece(text if text.endswith(b"\n") else text + b"\n", read_line)
        at = end


def _json_lines(text: bytes) -> Piece | None:
    """Read a text whose lines are all JSON, None where they are not: those are read one by one."""
    if text.lstrip()[:1] not in (b"{", b'"') or b"\n#" in text:
        return None
    try:
        values = _decode_rows(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if text.strip().count(b"\n") + 1 != len(values) or max(map(len, text.splitlines())) > MAX_LINE:
        return None
    return _piece(values)


def _of_values(values: Iterable[Any]) -> Iterator[Piece]:
    waiting = iter(values)
    while some := list(islice(waiting, VALUES)):
        yield _piece(some)


def _piece(values: list[Any]) -> Piece:
    lines: list[bytes] = []
    beside: dict[int, Asked] = {}
    for value in values:
        text, kind = (value, "") if isinstance(value, str) else _fields(value)
        if len(text) > MAX_LINE - 2:
            beside[len(lines)] = Asked(text[:80], None, f"longer than {MAX_LINE} characters")
            lines.append(b"")
        elif kind or not text or not text.isascii() or not text.isprintable():
            beside[len(lines)] = asked_of(text, kind)
            lines.append(b"")
        else:
            lines.append(text.encode())
    return Piece(b"\n".join(lines) + b"\n", lambda text: asked_of(text, ""), beside)


def _of_rows(text: str) -> Iterator[Piece]:
    """Read CSV, comments left out: the column that the first row heads ``value`` and the like, else the first."""
    rows = CsvRows()
    lines = iter(text.splitlines())
    while some := list(islice(lines, VALUES)):
        values = [value for line in some if (value := rows.value(line)) is not None]
        yield Piece("\n".join(values).encode() + b"\n" if values else b"", lambda text: asked_of(text, ""))


def read_line(line: str) -> Asked | None:
    """Read one line: a bare value, ``{"value": …, "type": …}`` or ``"value"``. None for an empty one."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    if len(text) > MAX_LINE:
        return Asked(text[:80], None, f"longer than {MAX_LINE} characters")
    kind = ""
    if text[0] in '{"':
        try:
            said = _decode(text)
        except (msgspec.DecodeError, RecursionError):
            return Asked(text[:200], None, "not a JSON line")
        text, kind = (said, "") if isinstance(said, str) else _fields(said)
    return asked_of(text, kind)


def _fields(said: object) -> tuple[str, str]:
    if not isinstance(said, dict):
        return "", ""
    value, kind = said.get("value", said.get("indicator", "")), said.get("type", "")
    return (value if isinstance(value, str) else ""), (kind if isinstance(kind, str) else "")


def asked_of(text: str, kind: str) -> Asked:
    """Tell what a text means, of a type that was named or not ("")."""
    if not text:
        return Asked("", None, "no value")
    if kind:
        try:
            return Asked(text, canonical(type_named(kind), text))
        except BadValue as fault:
            return Asked(text, None, str(fault))
    # A name that is canonical as it stands is a name, whatever else it may look like.
    observable = Observable(ObservableType.DOMAIN, text) if _is_plain_name(text) else guess(text)
    return Asked(text, observable, "" if observable else "of no known type")


def host_of(url: str) -> Observable | None:
    """Return the host of a canonical URL, None where it is no name or address that can be matched."""
    try:
        return canonical(ObservableType.DOMAIN, urlsplit(url).hostname or "")
    except (BadValue, ValueError):
        return None


def _is_plain_name(text: str) -> bool:
    """Tell whether it is a domain name, and canonical as it stands."""
    return _PLAIN_NAME(text) is not None and is_name_ending(text[text.rfind(".") + 1 :])


_LONGEST_ROW = 100_000
_HEADINGS = frozenset({"value", "indicator", "ioc", "observable"})
_DELIMITERS = ",;\t|"


class CsvRows:
    """Reads CSV rows: the column that the first row heads ``value`` (indicator, ioc, observable), else the first.

    Cells stand between commas; between semicolons, tabs or bars where the first row heads a column so.
    """

    def __init__(self) -> None:
        self._column: int | None = None
        self._delimiter = ","

    def value(self, line: str) -> str | None:
        """Return the value of a row. None for an empty one, a comment and the heading."""
        if not line.strip() or line.startswith("#"):
            return None
        if self._column is None:
            for delimiter in _DELIMITERS if guess(self._cells(line)[0]) is None else "":
                self._delimiter = delimiter
                named = (place for place, cell in enumerate(self._cells(line)) if cell.strip().lower() in _HEADINGS)
                self._column = next(named, None)
                if self._column is not None:
                    return None
            self._column, self._delimiter = 0, ","
        cells = self._cells(line)
        return (cells[self._column].strip() if self._column < len(cells) else "") or None

    def _cells(self, line: str) -> list[str]:
        # The reader of CSV takes no cell over 128 KiB; so long a line holds nothing that could be matched.
        if '"' in line and len(line) <= _LONGEST_ROW:
            return next(csv.reader([line], delimiter=self._delimiter), [""])
        return line.split(self._delimiter)
