"""From evidence to assessment (DESIGN §4). Pure; the same for every viewer, on what that viewer may see.

``x(t) = prior + Σ over origins ( strongest malicious - strongest benign )``.

1. Group what was claimed by (contributor, named source): only the strongest speaks, shouting does not help.
2. Take the strongest group first (known copiers last). It is an independent origin unless its contributor, its named
   source, or one of the objects that it repeats has spoken already: then it is folded into that origin (ADR 0004).
   So one contributor is at most one origin, whatever sources it names, and one source is one, however many relay it.
3. Cap each origin; sum in that fixed order; turn log-odds into a probability, P(malicious) as verdicts calibrate it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2

from fusioncell.fusion import weigh
from fusioncell.fusion.learned import NOTHING, Learned
from fusioncell.fusion.model import Assessment, Evidence, Origin
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable


def independent(evidence: Iterable[Evidence], now: Instant, half: int) -> list[Origin]:
    """Choose the independent origins among evidence of one stance, strongest first; fold the rest into them."""
    ordered = sorted(evidence, key=lambda e: (e.copier, -e.weight, -e.latest, e.first, e.contributor, e.creator))
    chosen: list[Evidence] = []
    folded: list[list[Evidence]] = []
    spoken: dict[object, int] = {}
    for item in ordered:
        marks: list[object] = [("contributor", item.contributor), *(("object", key) for key in sorted(item.keys))]
        if item.creator:
            marks.append(("creator", item.creator))
        place = next((spoken[mark] for mark in marks if mark in spoken), None)
        if place is None:
            spoken.update(dict.fromkeys(marks, len(chosen)))
            chosen.append(item)
            folded.append([])
        else:
            folded[place].append(item)
    origins = []
    for voice, repeats in zip(chosen, folded, strict=True):
        faded = min(weigh.decayed(refreshed(voice, repeats), now, half), weigh.ORIGIN_CAP)
        origins.append(Origin(voice, min(voice.weight, weigh.ORIGIN_CAP), faded, tuple(repeats)))
    return origins


def refreshed(voice: Evidence, repeats: Iterable[Evidence]) -> float:
    """Return an origin's forward-decayed weight: a repeat may be newer than the voice, which it refreshes, and adds
    nothing else."""
    newer = [each.latest - max(0.0, log2(each.weight / voice.weight)) for each in repeats]
    return max([voice.latest, *newer])


def assess(
    observable: Observable, evidence: Iterable[Evidence], mentions: int, now: Instant, learned: Learned = NOTHING
) -> Assessment:
    """Return the assessment of one observable from the evidence given, as of ``now``, by what was ``learned``."""
    items = list(evidence)
    half = weigh.half_life(observable.type)
    base = weigh.prior(observable.type)
    accusing = independent((e for e in items if not e.benign), now, half)
    excusing = independent((e for e in items if e.benign), now, half)
    score = base + sum(o.weight for o in accusing) - sum(o.weight for o in excusing)
    fading = base + sum(o.decayed for o in accusing) - sum(o.decayed for o in excusing)
    return Assessment(
        observable,
        weigh.probability(learned.line.says(score)),
        weigh.probability(fading),
        score,
        fading,
        base,
        tuple(accusing + excusing),
        min((e.first for e in items), default=None),
        max((e.last for e in items), default=None),
        any(e.fresh for e in items if not e.benign),
        half,
        mentions,
        weigh.crossing(fading - base, base, 0.0, now, half) if fading > 0 else None,
        line=learned.line,
    )
