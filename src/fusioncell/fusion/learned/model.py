"""Values that were learned, and the entries that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from fusioncell.kernel.marking import Audience, Tlp, Uses
from fusioncell.kernel.observable import Observable

CALIBRATED = "learned.calibration"
LIVED = "learned.half-lives"
FORESEEN = "learned.outlook"
KINDS = frozenset({CALIBRATED, LIVED, FORESEEN})
"""Entries of this package, each with the audience of the tier that it was learned for. A batch of the river is cut
before each, so that what stands before it is weighed by what was known then (``intake.project.cuts``)."""

_USES = Uses.ANALYSIS | Uses.BLOCKING | Uses.PRODUCTS
TIERS = (Audience(Tlp.CLEAR, uses=_USES), Audience(Tlp.GREEN, uses=_USES))
"""Whom what is learned is for, by number. The shield's rule uses it too."""
WIDE = ((Tlp.CLEAR,), (Tlp.CLEAR, Tlp.GREEN))
"""The markings of what every reader of each tier sees."""

ANCHOR = 0.75
"""Log-odds above any that one origin can bring about alone (the least unlikely prior and ``ORIGIN_CAP``)."""
ENOUGH, ENOUGH_OF_EACH = 40, 5
"""Verdicts, and verdicts of either kind, below which P(malicious) is called uncalibrated."""


class Line(NamedTuple):
    """How far P(malicious) can be believed: a line on its log-odds, fitted to ``verdicts`` (0: uncalibrated)."""

    shift: float
    slope: float
    verdicts: int
    tier: int = 0

    def says(self, score: float) -> float:
        """Return the log-odds to believe where the evidence adds up to ``score``. It never turns an order round.

        Verdicts are on what several origins accuse. What one origin says alone was hardly ever judged: its word may
        be believed less for that, and never more, or one voice could cross the blocking threshold (DESIGN §4).
        """
        fitted = self.shift + self.slope * score
        return fitted if score >= ANCHOR else min(score, fitted)


RAW = Line(0.0, 1.0, 0)
"""Uncalibrated: as the evidence adds up."""


class Life(msgspec.Struct, frozen=True):
    """A half-life in ``days``, of a type (its code) in a context (``context.Context``; 0: in any). Of so many questions
    ``asked`` so many values came ``back``; both 0 where it only stands on."""

    type: int
    context: int
    days: int
    asked: int = 0
    back: int = 0


class LivesBody(msgspec.Struct, frozen=True):
    """The body of ``learned.half-lives``: all that differ from the usual ones. Claims weigh by it from here on."""

    tier: int
    lives: tuple[Life, ...]


class Horizon(msgspec.Struct, frozen=True):
    """What was learned of "accused again within so many ``days``": a regression (``learn.Logit``) and a line on it.

    ``brier``: mean squared gap on the newest questions, which it had not seen; ``brier_base``: that of saying the base
    rate each time.
    """

    days: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    weights: tuple[float, ...]
    shift: float
    slope: float
    asked: int
    back: int
    brier: float
    brier_base: float


class OutlookBody(msgspec.Struct, frozen=True):
    """The body of ``learned.outlook``."""

    tier: int
    horizons: tuple[Horizon, ...]


class Again(NamedTuple):
    """P(a value is accused again within so many ``days``)."""

    days: int
    probability: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned, as a viewer may know it."""

    line: Line = RAW
    horizons: tuple[Horizon, ...] = ()


NOTHING = Learned()


class Bin(msgspec.Struct, frozen=True):
    """Of ``count`` verdicts on what was said to be malicious with P in a tenth, what was ``said`` and ``held``."""

    said: float
    held: float
    count: int


class CalibrationBody(msgspec.Struct, frozen=True):
    """The body of ``learned.calibration``. ``brier_before`` and ``brier``: mean squared gap between P and the verdicts,
    as the evidence adds up and as the line says it; ``bins``: of the former. ``verdicts`` 0: too few again."""

    tier: int
    shift: float
    slope: float
    verdicts: int
    upheld: int
    brier_before: float = 0.0
    brier: float = 0.0
    bins: tuple[Bin, ...] = ()


class Judged(NamedTuple):
    """A verdict to learn from: who judged it ``malicious`` saw what stood before position ``seq``."""

    observable: Observable
    malicious: bool
    seq: int
