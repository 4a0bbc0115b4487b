"""From evidence to assessment (DESIGN §4). Pure; the same for every viewer, on what that viewer may see.

``x(t) = prior + Σ over origins ( strongest malicious - strongest benign )``.

1. Group what was claimed by (contributor, named source): only the strongest speaks, shouting does not help.
2. Take the strongest group first (known copiers last). It is an independent origin unless its contributor, its named
   source, or one of the objects that it repeats has spoken already: then it is folded into that origin (ADR 0004).
   So one contributor is at most one origin, whatever sources it names, and one source is one, however many relay it.
3. Cap each origin; sum in that fixed order; turn log-odds into a probability, P(malicious) as verdicts calibrate it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log2

from fusioncell.fusion import weigh
from fusioncell.fusion.learned import NOTHING, Again, Learned
from fusioncell.fusion.learned.foresee import foresee
from fusioncell.fusion.model import Assessment, Evidence, Origin
from fusioncell.kernel.clock import DAY, SECOND, Instant
from fusioncell.kernel.observable import TYPE_CODES, Observable


def _rank(each: Evidence) -> tuple[object, ...]:
    return each.copier, -each.weight, -each.latest, each.first, each.contributor, each.creator, each.half


def independent(evidence: Sequence[Evidence]) -> list[tuple[Evidence, Sequence[Evidence]]]:
    """Choose the independent voices among evidence of one stance, strongest first, each with what is folded into it."""
    if len(evidence) == 1:
        return [(evidence[0], ())]
    ordered = sorted(evidence, key=_rank)
    folded: list[list[Evidence]] = []
    chosen: list[tuple[Evidence, Sequence[Evidence]]] = []
    contributors: dict[str, int] = {}
    objects: dict[int, int] = {}
    creators: dict[str, int] = {}
    for item in ordered:
        place = contributors.get(item.contributor)
        if place is None and objects:
            place = next((objects[key] for key in sorted(item.keys) if key in objects), None)
        if place is None:
            place = creators.get(item.creator)
        if place is None:
            place = contributors[item.contributor] = len(chosen)
            objects.update(dict.fromkeys(item.keys, place))
            if item.creator:
                creators[item.creator] = place
            folded.append([])
            chosen.append((item, folded[-1]))
        else:
            folded[place].append(item)
    return chosen


def _origin(voice: Evidence, repeats: Sequence[Evidence], now: Instant, half: int) -> Origin:
    if repeats:
        alive = refreshed(voice, repeats, half)
        left, slowest = max([(weigh.decayed(latest, now, life), life) for latest, life in alive])
    else:
        slowest = voice.half or half
        left = weigh.decayed(voice.latest, now, slowest)
    return Origin(voice, min(voice.weight, weigh.ORIGIN_CAP), min(left, weigh.ORIGIN_CAP), tuple(repeats), slowest)


def refreshed(voice: Evidence, repeats: Iterable[Evidence], half: int) -> list[tuple[float, int]]:
    """Return (forward-decayed weight, half-life) of all that keeps an origin alive: its voice, and repeats, which may
    be newer, and add nothing else. ``half``: where a claim states no half-life of its own."""
    newer = [(each.latest - max(0.0, log2(each.weight / voice.weight)), each.half or half) for each in repeats]
    return [(voice.latest, voice.half or half), *newer]


def fades(origins: Sequence[Origin], base: float, now: Instant, half: int) -> Instant | None:
    """Return when the log-odds fall to 0, where the origins add up to more ``now``; None where they never do.

    ``half``: where a claim states no half-life of its own.
    """
    rest = sum([(-1 if o.voice.benign else 1) * o.decayed for o in origins])
    if base + rest <= 0:
        return None
    lives = {each.half or half for origin in origins for each in (origin.voice, *origin.repeats)}
    if len(lives) == 1:
        return weigh.crossing(rest, base, 0.0, now, lives.pop())
    if base >= 0:
        return None

    # What keeps an origin alive now need not do so later: a repeat that weighs less may fade more slowly.
    alive = [(-1 if o.voice.benign else 1, refreshed(o.voice, o.repeats, half)) for o in origins]

    def left(at: Instant) -> float:
        return base + sum(
            sign * min(weigh.ORIGIN_CAP, max(weigh.decayed(latest, at, life) for latest, life in each))
            for sign, each in alive
        )

    # Claims of several half-lives have no closed form: halve the span in which it falls, down to a second.
    early, late = now, now + 64 * max(lives)
    while late - early > SECOND:
        middle = (early + late) // 2
        early, late = (middle, late) if left(middle) > 0 else (early, middle)
    return late


def _again(observable: Observable, accusing: Sequence[Evidence], now: Instant, learned: Learned) -> tuple[Again, ...]:
    """Return P(it is accused again within some days), by what was learned; nothing where nobody accuses it."""
    if not learned.horizons or not accusing:
        return ()
    last, first = max(e.last for e in accusing), min(e.first for e in accusing)
    return foresee(learned.horizons, TYPE_CODES[observable.type], max(0, now - last) / DAY, max(0, now - first) / DAY,
                   sum(e.count for e in accusing))  # fmt: skip


def assess(
    observable: Observable, evidence: Iterable[Evidence], mentions: int, now: Instant, learned: Learned = NOTHING
) -> Assessment:
    """Return the assessment of one observable from the evidence given, as of ``now``, by what was ``learned``."""
    items = list(evidence)
    half = weigh.half_life(observable.type)
    base = weigh.prior(observable.type)
    accusers = [e for e in items if not e.benign]
    excusers = [e for e in items if e.benign] if len(accusers) < len(items) else []
    accusing = [_origin(voice, repeats, now, half) for voice, repeats in independent(accusers)]
    excusing = [_origin(voice, repeats, now, half) for voice, repeats in independent(excusers)]
    score = base + sum([o.weight for o in accusing]) - sum([o.weight for o in excusing])
    fading = base + sum([o.decayed for o in accusing]) - sum([o.decayed for o in excusing])
    return Assessment(
        observable,
        weigh.probability(learned.line.says(score)),
        weigh.probability(fading),
        score,
        fading,
        base,
        tuple(accusing + excusing),
        min([e.first for e in items], default=None),
        max([e.last for e in items], default=None),
        any([e.fresh for e in accusers]),
        half,
        mentions,
        fades([*accusing, *excusing], base, now, half) if fading > 0 else None,
        line=learned.line,
        again=_again(observable, accusers, now, learned),
    )
