"""The exchange: every door out and in for machines. Now: the live stream and the bulk match."""

from fusioncell.exchange.live import LiveEvent
from fusioncell.exchange.match import Matcher
from fusioncell.exchange.stream import Streams

__all__ = ["LiveEvent", "Matcher", "Streams"]
