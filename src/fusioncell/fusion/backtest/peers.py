"""The decay models of peers, as they are published, on the same questions. Pure.

Both fall from a base score to 0 over a lifetime: ``score = base · (1 − (t/τ)^(1/δ))``, t in days.

* MISP: the polynomial of its default models "NIDS Simple Decaying Model", "Phishing model" and "Vishing model"
  (github.com/MISP/misp-decaying-models, CC0; arXiv:1803.11052): τ, δ, and the base score where no tag says another.
* OpenCTI: its built-in rules by type of observable (opencti-graphql, ``decayRule-domain.ts``), where δ is 3 · pound,
  and an indicator's default score; both the rules of today and the first ones, of version 6.0.

Each is asked from first sight, and reset on each new sight. Days are whole ones, so that a value seen on the day of
asking stands at its base score: in their favour.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fusioncell.fusion.backtest.history import COLUMNS, Asked
from fusioncell.fusion.learn.logit import Floats
from fusioncell.kernel.observable import ObservableType

_SINCE, _AGE = COLUMNS.index("since"), COLUMNS.index("age")
_T = ObservableType
_NAMES = frozenset({_T.DOMAIN.value})
_HOSTS_AND_URLS = frozenset({_T.IPV4.value, _T.IPV6.value, _T.URL.value})
_FILES = frozenset({_T.MD5.value, _T.SHA1.value, _T.SHA256.value, _T.SHA512.value, _T.SSDEEP.value})


class Decay(NamedTuple):
    """A polynomial: lifetime in days, decay speed δ, and the types that it is for (none: all)."""

    lifetime: float
    speed: float
    types: frozenset[str] = frozenset()


class Peer(NamedTuple):
    """A model: its rules, of which the first for a type counts, its base score (of 100), and where it counts from."""

    name: str
    rules: tuple[Decay, ...]
    base: float
    reset: bool


_MODELS: tuple[tuple[str, float, tuple[Decay, ...]], ...] = (
    ("misp-nids", 80.0, (Decay(120.0, 2.0),)),
    ("misp-phishing", 80.0, (Decay(3.0, 2.3),)),
    ("misp-vishing", 80.0, (Decay(10.0, 2.3),)),
    ("opencti", 50.0, (Decay(300.0, 2.1, _NAMES), Decay(47.0, 1.65, _HOSTS_AND_URLS), Decay(460.0, 0.9, _FILES),
                       Decay(470.0, 1.05))),
    ("opencti-6.0", 50.0, (Decay(60.0, 3.0, frozenset({_T.IPV4.value, _T.IPV6.value})),
                           Decay(180.0, 3.0, frozenset({_T.URL.value})), Decay(365.0, 3.0))),
)  # fmt: skip

PEERS = tuple(
    Peer(f"{name}, {'reset on sight' if reset else 'from first sight'}", rules, base, reset)
    for name, base, rules in _MODELS
    for reset in (False, True)
)


def share_left(peer: Peer, asked: Asked, types: tuple[str, ...]) -> Floats:
    """Return what share of its base score each value has left at an asking."""
    days = asked.columns[:, _SINCE if peer.reset else _AGE].astype(np.float64)
    rules = [next(r for r in peer.rules if not r.types or name in r.types) for name in types]
    lifetime = np.array([rule.lifetime for rule in rules])[asked.keys[2]]
    speed = np.array([rule.speed for rule in rules])[asked.keys[2]]
    return np.asarray(1.0 - np.minimum(days / lifetime, 1.0) ** (1.0 / speed))
