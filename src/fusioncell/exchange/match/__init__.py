"""Bulk match: a log's values against all that the viewer may see, and the ways to do so without showing them."""

from fusioncell.exchange.match.filter import Change, changed, filter_body, holds, read_filter
from fusioncell.exchange.match.model import ALL, Asked, How
from fusioncell.exchange.match.read import CsvRows, asked_of, host_of
from fusioncell.exchange.match.service import Matcher

__all__ = [
    "ALL", "Asked", "Change", "CsvRows", "How", "Matcher", "asked_of", "changed", "filter_body", "holds", "host_of",
    "read_filter",
]  # fmt: skip
