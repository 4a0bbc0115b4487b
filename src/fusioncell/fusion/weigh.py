"""Weights of claims, in log-odds (natural logarithm), and how they fade. Pure.

* A claim's weight is a log-likelihood ratio from the source's reliability (A–F) and the information's credibility
  (1–6), the two scales of the Admiralty code kept apart (MISP taxonomy ``admiralty-scale``).
* It fades by half in the half-life of the observable's type. We store ``log2(w) + (t - L) / h`` instead of
  ``w * 2^((t - L) / h)``: same order, same maxima, and it never overflows (ADR 0003).
"""

from __future__ import annotations

from functools import cache
from math import exp, log2

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.observable import ObservableType

LANDMARK: Instant = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z: the instant from which forward decay counts."""

RELIABILITY = {"A": 2.5, "B": 2.1, "C": 1.6, "D": 0.8, "E": 0.2, "F": 1.8}
"""Log-likelihood ratio of a source's word, from A (completely reliable) to F (cannot be judged: a vetted member)."""

CREDIBILITY = {1: 1.2, 2: 1.1, 3: 0.8, 4: 0.4, 5: 0.1, 6: 1.0}
"""Factor for the information itself, from 1 (confirmed) to 6 (cannot be judged)."""

ORIGIN_CAP = 2.5
"""No single origin weighs more, so that none reaches the blocking threshold alone (DESIGN §4)."""

SUSPICIOUS = 0.5
"""Factor for a claim that calls a value suspicious rather than malicious."""

_DEFAULT_PRIOR = -2.0
_PRIORS = {
    ObservableType.URL: -1.8,
    ObservableType.IPV4: -2.3,
    ObservableType.IPV6: -2.3,
    ObservableType.CIDR: -3.0,
    ObservableType.EMAIL: -2.3,
}

_DEFAULT_HALF_LIFE = 60 * DAY
_HALF_LIVES = {
    ObservableType.IPV4: 14 * DAY,
    ObservableType.IPV6: 14 * DAY,
    ObservableType.CIDR: 30 * DAY,
    ObservableType.DOMAIN: 30 * DAY,
    ObservableType.URL: 21 * DAY,
    ObservableType.EMAIL: 60 * DAY,
    ObservableType.MD5: 365 * DAY,
    ObservableType.SHA1: 365 * DAY,
    ObservableType.SHA256: 365 * DAY,
    ObservableType.SHA512: 365 * DAY,
}


def prior(type: ObservableType) -> float:
    """Return the prior log-odds that a value of this type, reported at all, is malicious."""
    return _PRIORS.get(type, _DEFAULT_PRIOR)


def half_life(type: ObservableType) -> int:
    """Return the half-life of claims about this type, in microseconds."""
    return _HALF_LIVES.get(type, _DEFAULT_HALF_LIFE)


@cache
def weight(reliability: str, credibility: int, suspicious: bool = False) -> float:
    """Return the weight of a claim in log-odds; always above zero."""
    value = RELIABILITY.get(reliability, RELIABILITY["F"]) * CREDIBILITY.get(credibility, 1.0)
    return max(value * (SUSPICIOUS if suspicious else 1.0), 0.01)


def forward(value: float, at: Instant, half: int) -> float:
    """Return the forward-decayed weight as a base-2 logarithm."""
    return log2(value) + (at - LANDMARK) / half


def decayed(latest: float, now: Instant, half: int) -> float:
    """Return what a forward-decayed weight is worth at ``now``, in log-odds."""
    exponent = latest - (now - LANDMARK) / half
    return float(2.0 ** max(exponent, -1000.0))


def probability(log_odds: float) -> float:
    """Return the probability for log-odds."""
    if log_odds >= 0:
        return 1.0 / (1.0 + exp(-log_odds))
    odds = exp(log_odds)
    return odds / (1.0 + odds)


def crossing(decaying: float, base: float, threshold: float, now: Instant, half: int) -> Instant | None:
    """Return when ``base + decaying * 2^(-(t - now)/half)`` falls to ``threshold``: None if never, ``now`` if below."""
    if base + decaying < threshold:
        return now
    if base >= threshold:
        return None
    return now + int(half * log2(decaying / (threshold - base)))
