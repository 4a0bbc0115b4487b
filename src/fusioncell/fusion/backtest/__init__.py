"""The backtest: replay dated feeds day by day, ask of each value whether it will be reported again, and keep score.

The hub's own model of P(active) (``fusion.learn``) and the decay models of peers are asked the same questions on the
same days, and none of them knows more than the days before (docs/fusion.md says how to read the figures).

What is *not* here: files and progress bars (``cli.backtest``).
"""

from fusioncell.fusion.backtest.model import ASKED_EVERY, HORIZONS, SILENT, Sighting, Step
from fusioncell.fusion.backtest.read import read_sightings
from fusioncell.fusion.backtest.replay import backtest

__all__ = ["ASKED_EVERY", "HORIZONS", "SILENT", "Sighting", "Step", "backtest", "read_sightings"]
