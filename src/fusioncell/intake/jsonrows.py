"""JSON of rows: what feeds and platforms export that is neither STIX nor MISP (abuse.ch, OTX pulses, PhishTank,
IntelMQ, lists of vendors). Each object that names a value is a row of a table, as a JSON line is (``jsonlines``).

Rules kept here:

1. Objects are sought in lists at any place, and below the few keys that wrap them (``data``, ``threat`` …); nothing
   else is, or a log or a scan report would accuse whatever it mentions.
2. What stands around a list says it of its rows, too: a pulse's tags, marking, author and references.
3. One bad row is a fault with its place; the others are kept. Where no object names a value, all is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import msgspec
from msgspec import Raw

from fusioncell.intake import jsonbody
from fusioncell.intake.columns import normal_name, role_of
from fusioncell.intake.jsonlines import cells_of, extract, is_row, row_item, start_of
from fusioncell.intake.model import Fault, Item, Limits, Split
from fusioncell.kernel.errors import BadInput, UnsupportedMedia

__all__ = ["extract", "holds_rows", "refuse_unknown", "split"]

MAX_DEPTH = 8
_WRAPS = frozenset(("data", "result", "results", "response", "threat", "indicator", "pulse", "pulse_info", "_source"))
_AROUND = frozenset(("tags", "tlp", "source", "reference"))
_RAW = msgspec.json.Decoder(Raw)
_RAWS = msgspec.json.Decoder(list[Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class _Cut:
    limits: Limits
    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    first: bool = False
    """Only whether there is a row at all is asked."""


def refuse_unknown() -> NoReturn:
    """Raise UnsupportedMedia for JSON in which nothing is known."""
    raise UnsupportedMedia("the JSON is neither STIX nor MISP nor CSAF nor X-ARF",
                           hint="A STIX bundle has \"objects\", a MISP event is {\"Event\": {…}}, a CSAF document has "
                                "\"document\", an X-ARF 4 report \"xarf_version\"; the objects of a list of indicators "
                                "name a value each: ioc, indicator, url, domain, ip, sha256 …")


def holds_rows(body: bytes) -> bool:
    """Tell whether an object of a JSON body has a column of values. Raises BadInput where it is malformed."""
    cut = _Cut(Limits(), first=True)
    _walk(jsonbody.decode(_RAW, body), "", {}, 0, cut)
    return bool(cut.items)


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body into its rows. Raises BadInput where it is malformed, UnsupportedMedia where it holds none."""
    body = jsonbody.checked(body, limits)
    cut = _Cut(limits)
    _walk(jsonbody.decode(_RAW, body), "", {}, 0, cut)
    if not cut.items and not cut.faults:
        refuse_unknown()
    return Split(tuple(cut.items), tuple(cut.faults), "a list of indicators")


def _walk(raw: Raw, place: str, around: dict[str, str], depth: int, cut: _Cut) -> None:
    """Take the rows at or below a value."""
    if depth > MAX_DEPTH or (cut.first and cut.items):
        return
    text = bytes(raw)
    if text[:1] == b"[":
        for index, one in enumerate(_RAWS.decode(text)):
            _walk(one, f"{place}[{index}]", around, depth + 1, cut)
    elif text[:1] == b"{":
        try:
            keys = _OBJECT.decode(text)
        except _BROKEN as error:
            cut.faults.append(Fault(place, str(error), text))
            return
        if is_row(keys):
            _row(text, place, around, cut)
        else:
            _below(keys, place, around, depth, cut)


def _row(text: bytes, place: str, around: dict[str, str], cut: _Cut) -> None:
    try:
        item = row_item(text, cut.limits, around)
    except BadInput as fault:
        cut.faults.append(Fault(place or "object", fault.detail, text))
    else:
        cut.items.append(msgspec.structs.replace(item, place=place or "object"))
    jsonbody.bound_items(len(cut.items) + len(cut.faults), cut.limits)


def _below(keys: dict[str, Raw], place: str, around: dict[str, str], depth: int, cut: _Cut) -> None:
    """Take the rows in an object's lists, with what it says of them all."""
    names, cells = cells_of(keys)
    own = {name: cell for name, cell in zip(names, cells, strict=True) if cell and role_of(name) in _AROUND}
    around = {**around, **own}
    for name, raw in keys.items():
        begin = start_of(raw)
        if begin == b"[" or (begin == b"{" and normal_name(name) in _WRAPS):
            _walk(raw, f"{place}.{name}".lstrip("."), around, depth + 1, cut)
