"""The step that writes and reads layers of the ATT&CK Navigator (layer format 4.5). Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fusioncell.kernel.clock import format_day
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.picture.matrix.model import DOMAINS, Layer, View

VERSION = "4.5"
MAX_LAYER = 2 * 1024 * 1024
MAX_TECHNIQUES = 5000
_ID = re.compile(r"T\d{4}(?:\.\d{3})?\Z")
_COLOURS = ["#ffffff", "#17649c"]


class _Technique(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="techniqueID", default="")
    score: float | None = None
    enabled: bool = True


class _Versions(msgspec.Struct, gc=False, frozen=True):
    layer: str = ""


class _Layer(msgspec.Struct, gc=False):
    name: str = ""
    domain: str = ""
    versions: _Versions = _Versions()
    techniques: list[_Technique] = []


def write_layer(view: View, hub: str) -> dict[str, Any]:
    """Return a matrix as a layer: a row for each tactic in which a named technique stands, its count as the score."""
    rows = []
    for column in view.columns:
        for cell in column.cells:
            rows += [
                {"techniqueID": each.id, "tactic": column.tactic, "score": each.count, "enabled": True,
                 "showSubtechniques": bool(each.subs)}
                for each in (cell, *cell.subs) if each.count
            ]  # fmt: skip
    of = f", sector {view.sector}" if view.sector else ""
    return {
        "name": f"{hub}, {view.days} days{of}", "versions": {"layer": VERSION, "navigator": "5.1.0"},
        "domain": DOMAINS[view.domain], "sorting": 3, "hideDisabled": False, "techniques": rows,
        "description": f"Contributions since {format_day(view.since)} that name a technique, as far as you may see.",
        "gradient": {"colors": _COLOURS, "minValue": 0, "maxValue": max(view.most, 1)},
    }  # fmt: skip


def read_layer(body: bytes) -> Layer:
    """Read a layer of version 4: covered is what is enabled and scored above zero, or not scored at all.

    Raises BadInput for what is no such layer, TooLarge over a bound.
    """
    if len(body) > MAX_LAYER:
        raise TooLarge(f"a layer has at most {MAX_LAYER:,} bytes", hint="Export it without comments.")
    try:
        layer = msgspec.json.decode(body, type=_Layer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("that is no layer of the ATT&CK Navigator", hint="Export it there as JSON.") from None
    if not layer.versions.layer.startswith("4."):
        raise BadInput("that layer is not of format 4", hint="Open it in a current Navigator and export it again.")
    domain = next((name for name, full in DOMAINS.items() if full == layer.domain), "")
    if not domain:
        raise BadInput("that layer is of no domain that is shown here", hint="enterprise-attack or ics-attack.")
    if len(layer.techniques) > MAX_TECHNIQUES:
        raise TooLarge(f"a layer names at most {MAX_TECHNIQUES:,} techniques", hint="Export it anew.")
    covered = {one.id for one in layer.techniques if one.enabled and (one.score is None or one.score > 0)}
    return Layer(layer.name[:120], domain, frozenset(each for each in covered if _ID.match(each)))
