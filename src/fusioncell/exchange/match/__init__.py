"""Bulk match: a log's values against all that the viewer may see, and the ways to do so without showing them."""

from fusioncell.exchange.match.model import ALL, Asked, How
from fusioncell.exchange.match.service import Matcher

__all__ = ["ALL", "Asked", "How", "Matcher"]
