"""Horizon scanning: signals of what may come, the drivers behind them, scenarios, and forecasts that are scored.

A signal is a thing noticed; a driver a force that it speaks of; a scenario a story of where drivers may lead; a
forecast a question with a deadline, to which each who reads it gives a probability. The terms are those of the Futures
Toolkit (Government Office for Science). What came of a forecast is said by one person and confirmed by another; then
it is scored (Brier), and the scores show how far such probabilities can be trusted. All is entries; nothing changes.
"""

from fusioncell.picture.horizon.model import CATEGORIES, OUTCOMES, Found, Item, Kind, Paper, Track, What
from fusioncell.picture.horizon.score import crowd_of, standing, steps_of
from fusioncell.picture.horizon.service import Horizon

__all__ = [
    "CATEGORIES", "OUTCOMES", "Found", "Horizon", "Item", "Kind", "Paper", "Track", "What", "crowd_of", "standing",
    "steps_of",
]  # fmt: skip
