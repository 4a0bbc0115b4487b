"""How MISP lets an indicator's score decay: base score from tags, then a polynomial over its age. Pure.

The method of arXiv:1803.11052 and arXiv:1902.03914 (CIRCL), as MISP/MISP ``DecayingModelsFormulas/Polynomial`` has it.
This is what MISP's clients expect of ``includeDecayScore``; the hub's own assessments are made in ``fusion``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DAY = 86_400
_NETWORK = ("domain", "domain|ip", "hostname", "hostname|port", "ip-dst", "ip-dst|port", "ip-src", "ip-src|port", "url")
PAPERS = ("https://arxiv.org/abs/1902.03914", "https://arxiv.org/abs/1803.11052")
_MACHINE_TAG = re.compile(r'([^:="]+:[^:="]+)="[^:="]+"\Z')
_SHORT_TAG = re.compile(r'([^:="]+):[^:="]+\Z')


@dataclass(frozen=True, slots=True)
class DecayModel:
    """One model. ``lifetime``: days until the score is 0; ``speed``: 1 falls evenly, more falls late; ``threshold``:
    below it, decayed; ``ratios``: the weight of each kind of tag in the base score."""

    uuid: str
    name: str
    description: str
    types: tuple[str, ...]
    lifetime: float
    speed: float
    threshold: float
    base: float
    ratios: Mapping[str, float] = field(default_factory=dict)
    version: int = 1

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as MISP writes them; ``tau`` and ``delta`` are their older names."""
        return {
            "lifetime": self.lifetime, "decay_speed": self.speed, "threshold": self.threshold,
            "default_base_score": self.base, "base_score_config": dict(self.ratios), "tau": self.lifetime,
            "delta": self.speed,
        }  # fmt: skip


_LIKELY = {
    "estimative-language:confidence-in-analytic-judgment": 0.25, "estimative-language:likelihood-probability": 0.25,
    "phishing:psychological-acceptability": 0.25, "phishing:state": 0.25,
}  # fmt: skip

MODELS = (
    DecayModel(
        "073fae4a-2377-4cfa-bd34-2516830d33c3", "NIDS Simple Decaying Model",
        "For what a network intrusion detection system looks for: four months, falling late.",
        (*_NETWORK, "snort", "suricata", "zeek", "bro"), 120, 2, 30, 80,
        {
            "estimative-language:confidence-in-analytic-judgment": 0.1667,
            "estimative-language:likelihood-probability": 0.1667, "false-positive:risk": 0.1667,
            "priority-level": 0.1667, "retention": 0.1667,
            "targeted-threat-index:targeting-sophistication-base-value": 0.0833,
            "targeted-threat-index:technical-sophistication-multiplier": 0.0833,
        }, 2,
    ),
    DecayModel("dbbd7ba7-6559-48fc-ab58-cc499d1b1143", "Phishing model",
               "For phishing sites, which live for days.", _NETWORK, 3, 2.3, 30, 80, _LIKELY, 2),
    DecayModel("1097c0fe-06eb-4741-94d9-8098301d92f4", "Vishing model",
               "For telephone numbers used in fraud by voice.", ("phone-number", "prtn"), 10, 2.3, 30, 80, _LIKELY),
)  # fmt: skip
"""The default models: names and numbers are those of MISP/misp-decaying-models (CC0)."""

@dataclass(frozen=True, slots=True)
class Fading:
    """How one type of attribute with the same tags fades. ``now``: seconds; ``rated``: (id, model, base score)."""

    now: int
    rated: tuple[tuple[str, DecayModel, float], ...]

    def scores(self, seen: int) -> list[dict[str, Any]]:
        """Return MISP's ``decay_score`` of what was seen last at that second: one row for each model."""
        rows = []
        for id, model, base in self.rated:
            score = score_after(model, base, max(0, self.now - seen))
            rows.append({"score": score, "base_score": base, "decayed": score < model.threshold,
                         "DecayingModel": {"id": id, "name": model.name}})  # fmt: skip
        return rows

    def fresh_since(self) -> int:
        """Return the second before which all models call it decayed: at times ``-NEVER`` (nothing is) or ``NEVER``."""
        oldest = max((_oldest(model, base) for _, model, base in self.rated), default=LONGEST)
        return -NEVER if oldest == LONGEST else NEVER if oldest < 0 else self.now - oldest


LONGEST, NEVER = 1 << 40, 1 << 62
"""An age and a moment beyond all, in seconds."""


def _oldest(model: DecayModel, base: float) -> int:
    """Return the greatest age in whole seconds at which a score is not below its threshold: -1 for none, LONGEST for
    any. The score falls with age, so it is found by halving, by the very function that scores."""
    if base <= 0:
        return LONGEST  # a client's own numbers: nothing falls there
    low, high = -1, LONGEST
    while high - low > 1:
        middle = (low + high) // 2
        if score_after(model, base, middle) < model.threshold:
            high = middle
        else:
            low = middle
    return low if high < LONGEST else LONGEST


NumberOf = Callable[[str], float | None]
"""Tag → its numerical value in its taxonomy, None where it has none."""


def tag_base(tag: str) -> str:
    """Return what a model's ratios name a tag by: ``namespace:predicate``, or the namespace of a two-part tag."""
    if found := _MACHINE_TAG.match(tag):
        return found[1]
    found = _SHORT_TAG.match(tag)
    return found[1] if found else tag


def base_score(model: DecayModel, own: Iterable[str], event: Iterable[str], number_of: NumberOf) -> float:
    """Return the base score, 0 to 100, of what has these tags; an own tag overrides the event's of the same kind.

    The ratios of the tags that are there are stretched to a sum of 1; without any, the model's default holds.
    """
    mine = list(own)
    kinds = {tag_base(tag) for tag in mine}
    score = total = 0.0
    for tag in [*mine, *(tag for tag in event if tag_base(tag) not in kinds)]:
        ratio = model.ratios.get(tag_base(tag))
        value = number_of(tag) if ratio is not None else None
        if ratio is not None and value is not None:
            total += ratio
            score += ratio * value
    return score / total if total else model.base


def score_after(model: DecayModel, base: float, elapsed: float) -> float:
    """Return the score after ``elapsed`` seconds: base · (1 − (t/τ)^(1/δ)), never below 0; 0 for the future."""
    if elapsed < 0 or model.lifetime <= 0 or model.speed <= 0:
        return 0.0
    try:
        spent: float = (elapsed / (model.lifetime * DAY)) ** (1 / model.speed)
    except OverflowError:
        return 0.0
    return max(0.0, base * (1 - spent))
