"""MISP's decaying models: what is left of an attribute's score (MISP/MISP, DecayingModel; Iklody et al. 2018). Pure.

Polynomial: ``base · (1 − (t/τ)^(1/δ))`` with t in days since the last sighting, τ the lifetime, δ the speed. The base
score comes of the tags' numerical values, weighted by taxonomy; without any it is the model's default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

DAY = 86_400


def polynomial(base: float, age: float, lifetime: float, speed: float) -> float:
    """Return the score at an age in seconds; never below 0."""
    if age <= 0 or lifetime <= 0:
        return max(base, 0.0) if lifetime > 0 else 0.0
    if speed <= 0:
        return 0.0
    left = base * (1 - float((age / DAY / lifetime) ** (1 / speed)))
    return max(left, 0.0)


def base_score(parameters: Mapping[str, Any], tags: Iterable[Mapping[str, Any]]) -> float:
    """Return the base score: the mean of the tags' values over the model's taxonomies, by weight; else the default."""
    default = _number(parameters.get("default_base_score"), 0.0)
    weights = parameters.get("base_score_config")
    if not isinstance(weights, Mapping) or not weights:
        return default
    found: dict[str, list[float]] = {}
    for tag in tags:
        taxonomy = str(tag.get("name") or "").partition(":")[0]
        value = tag.get("numerical_value")
        if taxonomy in weights and value not in (None, ""):
            found.setdefault(taxonomy, []).append(_number(value, 0.0))
    total = sum(_number(weights[name], 0.0) for name in found)
    if not total:
        return default
    return sum(max(values) * _number(weights[name], 0.0) / total for name, values in found.items())


def score(model: Mapping[str, Any], attribute: Mapping[str, Any], tags: Iterable[Mapping[str, Any]],
          sightings: Iterable[int], now: float) -> dict[str, Any]:  # fmt: skip
    """Return a model's entry of ``decay_score`` for an attribute. ``sightings``: instants, in seconds."""
    given = model.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    base = base_score(parameters, tags)
    last = max([_number(attribute.get("timestamp"), 0.0), *map(float, sightings)])
    left = polynomial(base, now - last, _number(parameters.get("lifetime"), 0.0),
                      _number(parameters.get("decay_speed"), 1.0))  # fmt: skip
    threshold = _number(parameters.get("threshold"), 0.0)
    return {"score": round(left, 2), "base_score": round(base, 2), "decayed": left < threshold,
            "DecayingModel": {"id": model.get("id"), "name": model.get("name")}}  # fmt: skip


def concerns(model: Mapping[str, Any], type: str) -> bool:
    """Tell whether a model scores attributes of a type."""
    types = model.get("attribute_types")
    return isinstance(types, list | tuple) and type in types


def _number(given: object, default: float) -> float:
    try:
        return float(str(given))
    except ValueError:
        return default
