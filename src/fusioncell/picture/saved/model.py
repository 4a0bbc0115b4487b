"""The values of saved queries, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience

SAVED = "query.saved"
"""Kind of the entry in which a query is saved, changed or dropped; its subject is the query's id."""
MOST_NAME = 120
MOST_WORDS = 300
MOST_FOUND = 1000
"""Values that a query gives."""
MOST_HITS = 500
"""Entries, the newest first, in which a query's words are sought."""
MOST_LISTED = 200


class Query(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a :data:`SAVED` entry. ``words``: as in the search, "" for what was named last; ``types``: () is all.

    ``least``: P(malicious) from which a value is given, in percent; ``dropped``: it is no more.
    """

    name: str
    words: str = ""
    types: tuple[str, ...] = ()
    least: int = 0
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved query: ``by`` whom, for which audience, when it was last changed."""

    id: str
    by: str
    org: str
    audience: Audience
    at: Instant
    query: Query
