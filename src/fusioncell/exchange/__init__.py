"""The exchange: every door out and in for machines. Now: the live stream; packages for the rest."""

from fusioncell.exchange.live import LiveEvent
from fusioncell.exchange.stream import Streams

__all__ = ["LiveEvent", "Streams"]
