"""Trend and early warning: which counts rise above their own baseline, with a stated rate of false alarms. Pure steps.

A series is how often something was reported a day. Its baseline is learned from the days before the watched ones, so
that a rise does not hide itself; what the sectors of the partnership make of it is ``picture.trend``.
"""

from fusioncell.fusion.trend.baseline import Baseline, learn_baseline, weekday_factors
from fusioncell.fusion.trend.cusum import ALARM_DAYS, Watched, arl, ewma, threshold, watch

__all__ = [
    "ALARM_DAYS", "Baseline", "Watched", "arl", "ewma", "learn_baseline", "threshold", "watch", "weekday_factors",
]  # fmt: skip
