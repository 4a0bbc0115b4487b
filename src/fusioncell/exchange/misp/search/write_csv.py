"""CSV as MISP writes it: a line an attribute, numbers bare, booleans as 1 and 0, all else in quotes. Pure.

The hot path of big exports: a row of the usual columns is written by one format string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp.ports import names_of
from fusioncell.exchange.misp.search.model import About, Hit

COLUMNS = ("uuid", "event_id", "category", "type", "value", "comment", "to_ids", "timestamp", "object_relation",
           "attribute_tag")  # fmt: skip
DECAY = ("decay_score_score", "decay_score_decayed")
OBJECT = ("object_uuid", "object_name", "object_meta-category")
CONTEXT = ("event_info", "event_member_org", "event_source_org", "event_distribution", "event_threat_level_id",
           "event_analysis", "event_date", "event_tag", "event_timestamp")  # fmt: skip
_THREAT = {"1": "High", "2": "Medium", "3": "Low", "4": "Undefined"}
_EMPTY = '""'
_TRUE = frozenset((True, 1, "1", "true"))


def columns_of(about: About) -> list[str]:
    """Return the columns that are asked for."""
    chosen = list(about.requested or COLUMNS)
    if "includedecayscore" in about.flags:
        chosen += DECAY
    if not about.requested:
        chosen += OBJECT
    if "includecontext" in about.flags:
        chosen += CONTEXT
    return chosen


def head(columns: Sequence[str]) -> str:
    """Return the line of the columns' names."""
    return ",".join("date" if name == "timestamp" else name.replace("-", "_") for name in columns) + "\n"


def write_csv(hits: Iterable[Hit], about: About) -> bytes:
    """Write the attributes."""
    columns = columns_of(about)
    context: dict[int, dict[str, str]] = {}
    lines = ["" if "headerless" in about.flags else head(columns)]
    plain = columns == [*COLUMNS, *OBJECT]
    for hit in hits:
        if plain:
            lines.append(_usual(hit))
            continue
        key = id(hit.event)
        if key not in context:
            context[key] = _context(hit.event)
        around = context[key]
        lines.append(",".join(around.get(name) or _field(hit, name) for name in columns) + "\n")
    lines.append("\n")
    return "".join(lines).encode()


def _usual(hit: Hit) -> str:
    """Write a row of the usual columns: what every row of a big export is."""
    of = hit.attribute
    value, comment, tags = of.get("value"), of.get("comment"), of.get("Tag")
    inner = hit.object
    tail = ',"","",""\n' if inner is None else (
        f",{quoted(inner.get('uuid'))},{quoted(inner.get('name'))},{quoted(inner.get('meta-category'))}\n"
    )
    return (
        f'"{of.get("uuid")}",{of.get("event_id") or hit.event.get("id") or _EMPTY},{quoted(of.get("category"))},'
        f"{quoted(of.get('type'))},{quoted(value)},{quoted(comment) if comment else _EMPTY},"
        f"{1 if of.get('to_ids') in _TRUE else 0},{of.get('timestamp') or _EMPTY},"
        f"{quoted(of.get('object_relation'))},{quoted(_names(tags)) if tags else _EMPTY}{tail}"
    )


def quoted(value: object) -> str:
    """Return a field as MISP writes it."""
    if value is None or value == "":
        return _EMPTY
    if isinstance(value, bool):
        return "1" if value else "0"
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isdigit():
        return text
    return '"' + text.replace('"', '""') + '"' if '"' in text else f'"{text}"'


def _names(tags: Any) -> str:
    """Return the names of tags, each once: as JSON shows them."""
    return ",".join(names_of(tags)) if isinstance(tags, list) else ""


def _field(hit: Hit, name: str) -> str:
    of = hit.attribute
    if name == "event_id":
        return quoted(of.get("event_id") or hit.event.get("id"))
    if name == "event_uuid":
        return quoted(hit.event.get("uuid"))
    if name == "attribute_tag":
        return quoted(_names(of.get("Tag")))
    if name == "to_ids":
        return "1" if of.get("to_ids") in _TRUE else "0"
    if name.startswith("object_") and name != "object_relation" and name not in of:
        return quoted((hit.object or {}).get(name.removeprefix("object_")))
    if name in DECAY:
        scores = [row for row in of.get("decay_score") or () if isinstance(row, Mapping)]
        if name == DECAY[0]:
            return f"{sum(float(row.get('score', 0)) for row in scores) / len(scores):g}" if scores else "0"
        return "1" if any(row.get("decayed") for row in scores) else "0"
    value = of.get(name)
    return quoted(value) if not isinstance(value, list | dict) else _EMPTY


def _context(event: Mapping[str, Any]) -> dict[str, str]:
    threat = str(event.get("threat_level_id", ""))
    return {
        "event_info": quoted(event.get("info")), "event_date": quoted(event.get("date")),
        "event_member_org": quoted((event.get("Org") or {}).get("name")),
        "event_source_org": quoted((event.get("Orgc") or {}).get("name")),
        "event_distribution": quoted(event.get("distribution")), "event_analysis": quoted(event.get("analysis")),
        "event_threat_level_id": quoted(_THREAT.get(threat, threat)),
        "event_tag": quoted(_names(event.get("Tag"))), "event_timestamp": quoted(event.get("timestamp")),
    }  # fmt: skip


def write_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, headed: bool = True) -> bytes:
    """Write plain rows (sightings, an index of events)."""
    lines = [",".join(columns) + "\n"] if headed else []
    for row in rows:
        lines.append(",".join(quoted(_flat(row.get(name))) for name in columns) + "\n")
    return "".join(lines).encode()


def _flat(value: object) -> object:
    return "" if isinstance(value, list | dict) else value
