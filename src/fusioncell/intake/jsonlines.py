"""JSON lines: one object a line. STIX objects, MISP events and X-ARF reports are taken as such, any other as a row of
a table.

Rules kept here: a line is taken with its exact bytes; one bad line is a fault with its number. A row's columns are the
object's keys, its cells their plain values; of nested ones nothing is read. So it means what a CSV of the same would.
"""

from __future__ import annotations

import csv
import io

import msgspec

from fusioncell.intake import csvfile, misp, stix, xarf
from fusioncell.intake.columns import normal_name
from fusioncell.intake.lines import checked_text, digest_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.kernel.errors import BadInput, FusionCellError, TooLarge

MAX_KEYS = 200
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
    if len(line) > limits.max_item or len(keys) > MAX_KEYS:
        raise BadInput(f"the object has {len(line):,} bytes and {len(keys):,} keys: too many")
    item = Item("csv.row", digest_of(line), 0, "", line, None, META)
    said = extract(item.kind, item.subject, 0, META, line)
    if not said.claims:
        raise BadInput(said.faults[0].reason if said.faults else "the object names no value")
    stated = max((claim.stated for claim in said.claims if claim.stated is not None), default=0)
    return Split((msgspec.structs.replace(item, version=stated),))


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one object as a row of a table. Never raises for what it holds."""
    try:
        keys = _OBJECT.decode(body)
    except _BROKEN as error:
        return Extract(faults=(Fault("", f"the line is no JSON object: {error}", body[:1000]),))
    names, cells = [], []
    for name, raw in list(keys.items())[:MAX_KEYS]:
        try:
            value = _CELL.decode(raw)
        except _BROKEN:
            continue
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = ",".join(value)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            names.append(name)
            cells.append(" ".join(str(value).split()))
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    columns: dict[str, object] = {"columns": [normal_name(name) for name in names], "delimiter": ","}
    return csvfile.extract(kind, subject, version, columns, row.getvalue().encode("utf-8", "replace"))
