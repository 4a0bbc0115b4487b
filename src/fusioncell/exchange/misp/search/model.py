"""The frozen values of the MISP door's search: what is asked for, and one hit with what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

MAX_TERMS = 20_000
"""Most values of one parameter."""
MAX_PATTERNS = 100
"""Most of them with a ``%``: each is a walk over all that the viewer may see."""
MAX_LIMIT = 100_000
"""Most rows of one page; a request without a limit gets as many."""
MOST_ROWS = 300_000
"""Rows that one search without a limit finds or looks through."""

EVENTS, ATTRIBUTES, OBJECTS, SIGHTINGS = "events", "attributes", "objects", "sightings"


class Terms(msgspec.Struct, frozen=True):
    """Values of one parameter: one of ``any_of``, all of ``all_of``, none of ``none_of``. ``%`` stands for any text."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.any_of or self.all_of or self.none_of)

    @property
    def every(self) -> tuple[str, ...]:
        """All values, wherever they stand."""
        return self.any_of + self.all_of + self.none_of


NO_TERMS = Terms()


class Span(msgspec.Struct, frozen=True):
    """A range of instants in seconds since 1970 (UTC), both ends included; None: open."""

    since: float | None = None
    until: float | None = None


class Query(msgspec.Struct, frozen=True):
    """One search, read from its parameters. All that is given must hold (AND); see ``read.read_query``.

    ``scope``: what is returned. ``wildcard``: MISP's ``searchall``: in values, comments, titles or tags. ``dates``: the
    event's date, as ISO days. ``deleted``: which of 0 and 1. ``order``: (field, descending), None for the order of
    arrival. ``flags``: the ``include…`` and the like that are set, in lower case. ``options``: what formats are told.
    ``nothing``: a parameter that nothing can fulfil, a time that is none say.
    """

    scope: str
    format: str = "json"
    values: Terms = NO_TERMS
    wildcard: Terms = NO_TERMS
    types: Terms = NO_TERMS
    categories: Terms = NO_TERMS
    comments: Terms = NO_TERMS
    relations: Terms = NO_TERMS
    tags: Terms = NO_TERMS
    event_tags: Terms = NO_TERMS
    orgs: Terms = NO_TERMS
    uuids: Terms = NO_TERMS
    event_ids: Terms = NO_TERMS
    ids: Terms = NO_TERMS
    titles: Terms = NO_TERMS
    threats: Terms = NO_TERMS
    analyses: Terms = NO_TERMS
    distributions: Terms = NO_TERMS
    sharing_groups: Terms = NO_TERMS
    extends: Terms = NO_TERMS
    object_names: Terms = NO_TERMS
    object_templates: Terms = NO_TERMS
    object_versions: Terms = NO_TERMS
    timestamp: Span | None = None
    event_timestamp: Span | None = None
    publish_timestamp: Span | None = None
    first_seen: Span | None = None
    last_seen: Span | None = None
    dates: tuple[str, str] = ("", "")
    published: bool | None = None
    to_ids: frozenset[int] = frozenset((0, 1))
    deleted: frozenset[int] = frozenset((0,))
    order: tuple[str, bool] | None = None
    limit: int | None = None
    page: int = 1
    requested: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    nothing: bool = False

    def has(self, flag: str) -> bool:
        """Tell whether a flag is set; its name as MISP spells it."""
        return flag.lower() in self.flags


class On(msgspec.Struct, frozen=True):
    """One condition. ``column``: of the document, or one of the special ones:

    ``value``: hashes of values; ``tag``: hashes of tags on the row itself; ``tag_around``: on it or its event;
    ``tag_inside``: on an event or an attribute in it; ``creator``: (uuids of creators, then hub ids of contributors,
    after a None) of an event; ``shared_around``: sharing groups of the row or, where it inherits, of its event;
    ``uuid_or_event``: uuids of the row or of what it stands in. ``like``: patterns, lower case, ``%``.
    ``low``/``high``: a range. ``negated``: must not hold.
    """

    column: str
    any_of: tuple[int | str, ...] = ()
    like: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    also: tuple[str, ...] = ()
    negated: bool = False


class Search(msgspec.Struct, frozen=True):
    """What rows of one model must meet: ``here``; ``event``: the event that they stand in; ``inside``: for events,
    each group by some attribute in them. ``limit`` 0: all."""

    model: str
    here: tuple[On, ...] = ()
    event: tuple[On, ...] = ()
    inside: tuple[tuple[On, ...], ...] = ()
    order: str = "number"
    descending: bool = False
    limit: int = 0
    offset: int = 0


class Hit(NamedTuple):
    """One attribute as a format gets it, with its event and, where it stands in one, its object (shells as JSON)."""

    attribute: Mapping[str, Any]
    event: Mapping[str, Any]
    object: Mapping[str, Any] | None = None

    @property
    def type(self) -> str:
        """The attribute's type."""
        return str(self.attribute.get("type") or "")

    @property
    def value(self) -> str:
        """The attribute's value."""
        value = self.attribute.get("value")
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class About:
    """What a format is told beside the hits: where the hub is, what time it is (s), the query's options."""

    base: str = ""
    now: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    requested: tuple[str, ...] = ()
    instance: str = ""
    org: str = ""
