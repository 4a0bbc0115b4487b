"""JSON lines: one object a line. STIX objects, MISP events and X-ARF reports are taken as such, any other as a row of
a table.

Rules kept here: a line is taken with its exact bytes; one bad line is a fault with its number. A row's columns are the
object's keys, its cells their plain values; of nested ones nothing is read. So it means what a CSV of the same would.
"""

from __future__ import annotations

import re

import msgspec

from fusioncell.intake import csvfile, misp, stix, xarf
from fusioncell.intake.columns import layout_of, normal_name
from fusioncell.intake.lines import checked_text, digest_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.kernel.errors import BadInput, FusionCellError, TooLarge

MAX_KEYS = 200
_LOG = frozenset(("event_type", "src_ip"))
"""Keys of a log's lines (Suricata's eve.json), whose addresses accuse nobody."""
_LISTED = re.compile(rb"\{|null|\[\s*(?:[\[{\d]|\Z)")
"""How a value begins that is no cell."""
META: dict[str, object] = {"format": "jsonl"}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CELL = msgspec.json.Decoder()
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body into its lines. Raises BadInput where it is no text, TooLarge over a limit."""
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(checked_text(body, limits).split(b"\n"), 1):
        line = raw.strip()
        if not line:
            continue
        place = f"line {number}"
        try:
            made = _items(line, limits)
        except FusionCellError as fault:
            faults.append(Fault(place, fault.detail, line))
            continue
        items += [msgspec.structs.replace(item, place=f"{place}: {item.place}" if item.place else place)
                  for item in made.items]  # fmt: skip
        faults += [Fault(f"{place}: {fault.place}", fault.reason, fault.body) for fault in made.faults]
        if len(items) + len(faults) > limits.max_items:
            raise TooLarge(f"the body has over {limits.max_items:,} lines", hint="Send it in parts.")
    return Split(tuple(items), tuple(faults), "JSON lines")


def _items(line: bytes, limits: Limits) -> Split:
    try:
        keys = _OBJECT.decode(line)
    except _BROKEN as error:
        raise BadInput(f"the line is no JSON object: {error}") from None
    if "Event" in keys:
        return misp.split(line, limits=limits)
    if "xarf_version" in keys:
        return xarf.split(line, limits=limits)
    if "type" in keys and b"--" in bytes(keys.get("id", b"")):
        return stix.split(line, limits=limits)
    if bytes(keys.get("type", b"")) == b'"metadata"':  # Spamhaus' last line: of the list, not of a network
        return Split((), notes=("a line about the list itself: left out",))
    return Split((row_item(line, limits),))


def start_of(raw: msgspec.Raw) -> bytes:
    """Return the first byte of a value, which tells its kind, without a copy of the rest."""
    return bytes(memoryview(raw)[:1])


def is_row(keys: dict[str, msgspec.Raw]) -> bool:
    """Tell whether an object has a column of values, as far as its keys' names and kinds say."""
    names = tuple(normal_name(name) for name, raw in keys.items() if not _LISTED.match(memoryview(raw)[:200]))
    return bool(layout_of(names[:MAX_KEYS]).subjects)


def row_item(line: bytes, limits: Limits, around: dict[str, str] | None = None) -> Item:
    """Make the item of an object that is a row. ``around``: what was said of all rows of its list, by column's name.

    Raises BadInput where it is too large, names no value, or its marking cannot be read.
    """
    keys = _OBJECT.decode(line)
    if len(line) > limits.max_item or len(keys) > MAX_KEYS:
        raise BadInput(f"the object has {len(line):,} bytes and {len(keys):,} keys: too many")
    if _LOG <= keys.keys():
        raise BadInput("a line of a log tells who spoke with whom, not who is bad",
                       hint="fusioncell match tells which of a log's values are known here.")
    meta = {**META, "around": around} if around else META
    names, cells = _columns(keys, meta)
    said = csvfile.read_row("", names, cells)
    if not said.claims:
        raise BadInput(said.faults[0].reason if said.faults else "the object names no value")
    stated = max((claim.stated for claim in said.claims if claim.stated is not None), default=0)
    return Item("csv.row", digest_of(line), stated, "", line, csvfile.marking_of(layout_of(names), cells), meta)


def cells_of(keys: dict[str, msgspec.Raw]) -> tuple[list[str], list[str]]:
    """Return an object's (normal) column names and cells: its plain values and its lists of words."""
    names, cells = [], []
    for name, raw in list(keys.items())[:MAX_KEYS]:
        try:
            value = _CELL.decode(raw)
        except _BROKEN:
            continue
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = ",".join(value)
        if isinstance(value, (str, int, float)):
            names.append(normal_name(name))
            cells.append(" ".join(str(value).split()))
    return names, cells


def _columns(keys: dict[str, msgspec.Raw], meta: dict[str, object]) -> tuple[tuple[str, ...], list[str]]:
    """Return a row's columns, and after them those that were said around it."""
    names, cells = cells_of(keys)
    around = meta.get("around")
    if isinstance(around, dict):
        names += [str(name) for name in around]
        cells += [str(cell) for cell in around.values()]
    return tuple(names), cells


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one object as a row of a table. Never raises for what it holds."""
    try:
        keys = _OBJECT.decode(body)
    except _BROKEN as error:
        return Extract(faults=(Fault("", f"the line is no JSON object: {error}", body[:1000]),))
    return csvfile.read_row(subject, *_columns(keys, meta))
