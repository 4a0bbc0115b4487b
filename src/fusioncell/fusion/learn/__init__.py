"""Learning from outcomes: will a value be reported again, and how far a probability can be believed.

Steps only, on arrays: no database, no clock, no randomness but what is seeded here, so that a replay ends the same.
They serve the backtest (``fusion.backtest``) and, with the parameters in entries, the hub (``docs/fusion.md``).

What is *not* here: where outcomes come from, and what is done with a probability.
"""

from fusioncell.fusion.learn.calibrate import Calibration, Curve, calibrated, fit_curve, identity, recalibrate
from fusioncell.fusion.learn.logit import Logit, fit_logit, log_odds, sigmoid
from fusioncell.fusion.learn.outlook import Outlook, Pupil

__all__ = [
    "Calibration", "Curve", "Logit", "Outlook", "Pupil", "calibrated", "fit_curve", "fit_logit", "identity",
    "log_odds", "recalibrate", "sigmoid",
]  # fmt: skip
