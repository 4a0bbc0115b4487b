"""Unfold an assessment: the tree of origins, the voices within each, and the entries behind each voice. Pure.

The leaves are what a viewer may see of claims, so that each figure can be followed to who said what, when and where
(DESIGN rule 11). The store's rows are the newest; what is cut is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusioncell.fusion import weigh
from fusioncell.fusion.learned.fading import days_in
from fusioncell.fusion.model import Assessment, Evidence
from fusioncell.kernel.clock import DAY, Instant, format_instant
from fusioncell.kernel.entry import Entry

_SAYS = {1: "malicious", 2: "suspicious", 3: "benign"}
Row = tuple[Any, ...]


def unfold(
    found: Assessment, rows: Sequence[Row], entries: Mapping[int, Entry], markings: Mapping[int, str], now: Instant
) -> list[dict[str, Any]]:
    """Return the tree, one branch an origin, strongest first.

    ``rows``: of ``store.mentions_of``; ``entries``: by position; ``markings``: the TLP of audiences, by number.
    """
    leaves: dict[tuple[str, str, bool], list[dict[str, Any]]] = {}
    for seq, _, audience, contributor, creator, _, stance, weight, latest, fade, at, _ in rows:
        if stance not in _SAYS:
            continue
        entry = entries.get(seq)
        leaves.setdefault((contributor, creator, stance == 3), []).append({
            "contribution": entry.contribution if entry is not None else None,
            "tlp": markings.get(audience), "says": _SAYS[stance], "at": format_instant(at),
            "weight": round(weight, 4), "decayed": round(weigh.decayed(latest, now, days_in(fade) * DAY), 4),
            "half_life_days": days_in(fade),
        })  # fmt: skip
    return [
        {
            "stance": "benign" if origin.voice.benign else "malicious",
            "weight": round(origin.weight, 4),
            "decayed": round(origin.decayed, 4),
            "voices": [_voice(each, place == 0, leaves) for place, each in enumerate((origin.voice, *origin.repeats))],
        }
        for origin in found.origins
    ]


def _voice(
    each: Evidence, speaks: bool, leaves: Mapping[tuple[str, str, bool], list[dict[str, Any]]]
) -> dict[str, Any]:
    shown = leaves.get((each.contributor, each.creator, each.benign), [])
    return {
        "contributor": each.contributor, "source": each.creator or each.contributor, "speaks": speaks,
        "weight": round(each.weight, 4), "claims": each.count, "entries": shown,
        "not_shown": max(0, each.count - len(shown)),
    }  # fmt: skip
