"""Turn a :class:`Query` into conditions on the read model. Pure: what ids, names and tags mean is handed in.

Onitions on attributes select events when events are searched, each by itself, as MISP does: an event with a domain
somewhere and ``to_ids`` somewhere else meets ``type=domain, to_ids=1``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from fusioncell.exchange.misp.model import value_hash
from fusioncell.exchange.misp.search.match import escaped, has_pattern
from fusioncell.exchange.misp.search.model import EVENTS, On, Query, Span, Terms

NOTHING = On("uuid", ("",))
"""A condition that nothing meets."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the query's ids and names mean to the caller: resolved before planning. All by the query's own texts.

    ``events``: event ids and uuids → uuids. ``numbers``: ids → inner numbers. ``orgs``: → (uuid, the hub's id).
    ``groups``: sharing groups → uuids. ``tags``: tag patterns → hashes.
    """

    events: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    orgs: dict[str, tuple[str, str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    tags: dict[str, tuple[int, ...]] = field(default_factory=dict)


def each(column: str, wanted: Terms) -> list[On]:
    """Onitions on a column of texts, patterns too."""
    made = []
    if wanted.any_of:
        made.append(_texts(column, wanted.any_of))
    made += [_texts(column, (text,)) for text in wanted.all_of]
    if wanted.none_of:
        made.append(replace(_texts(column, wanted.none_of), negated=True))
    return made


def lowered(wanted: Terms) -> Terms:
    """Return the terms in lower case: uuids stand so."""
    return Terms(*(tuple(text.lower() for text in texts) for texts in (wanted.any_of, wanted.all_of, wanted.none_of)))


def _texts(column: str, texts: tuple[str, ...]) -> On:
    plain = tuple(text for text in texts if "%" not in text)
    return On(column, plain, tuple(escaped(text) for text in texts if "%" in text))


def _meant(column: str, wanted: Terms, means: dict[str, str] | dict[str, int]) -> list[On]:
    """Onitions on what ids or names mean; those that mean nothing are met by nothing."""
    made = []
    if wanted.any_of or wanted.all_of:
        found = tuple(means[text] for text in wanted.any_of + wanted.all_of if text in means)
        made.append(On(column, found) if found else NOTHING)
    hidden = tuple(means[text] for text in wanted.none_of if text in means)
    if hidden:
        made.append(On(column, hidden, negated=True))
    return made


def span(column: str, given: Span | None) -> list[On]:
    """Conditions on a column of seconds; MISP's times are whole seconds, so a fraction is cut off."""
    if given is None or (given.since is None and given.until is None):
        return []
    low, high = (None if moment is None else int(moment // 1) for moment in (given.since, given.until))
    return [On(column, low=low, high=high)]


def tag_conditions(column: str, wanted: Terms, known: Known) -> list[On]:
    """Onitions on tags: one of, each of, none of."""
    made = []
    if wanted.any_of:
        made.append(_tag(column, wanted.any_of, known))
    made += [_tag(column, (text,), known) for text in wanted.all_of]
    if wanted.none_of:
        made.append(replace(_tag(column, wanted.none_of, known), negated=True))
    return made


def _tag(column: str, texts: tuple[str, ...], known: Known) -> On:
    hashes: dict[int, None] = {}
    for text in texts:
        hashes.update(dict.fromkeys(known.tags[text] if text in known.tags else (value_hash(text),)))
    return On(column, tuple(hashes))


def _values(wanted: Terms) -> list[On]:
    """Onitions on values by hash; where one has a pattern, the bodies are asked instead."""
    if not wanted or has_pattern(wanted):
        return []
    made = []
    if wanted.any_of:
        made.append(On("value", tuple({value_hash(text) for text in wanted.any_of})))
    made += [On("value", (value_hash(text),)) for text in wanted.all_of]
    if wanted.none_of:
        made.append(On("value", tuple({value_hash(text) for text in wanted.none_of}), negated=True))
    return made


def flag(column: str, wanted: frozenset[int]) -> list[On]:
    """A condition on a column of 0 and 1, none where both will do."""
    return [On(column, tuple(wanted))] if len(wanted) == 1 else []


def attribute_conditions(query: Query, known: Known) -> list[On]:
    """Onitions on attributes themselves, by what they are: value, type, category, to_ids, deleted."""
    return [
        *_values(query.values), *each("type", query.types), *each("category", query.categories),
        *flag("to_ids", query.to_ids), *flag("deleted", query.deleted),
    ]  # fmt: skip


def attributes_plan(query: Query, known: Known) -> list[On]:
    """Onitions on the rows of ``attributes/restSearch``."""
    return [
        *attribute_conditions(query, known), *span("timestamp", query.timestamp),
        *tag_conditions("tag_around", query.tags, known), *_meant("event", query.event_ids, known.events),
        *each("uuid_or_event", lowered(query.uuids)), *_meant("number", query.ids, known.numbers),
        *_meant("shared_around", query.sharing_groups, known.groups),
    ]  # fmt: skip


def objects_plan(query: Query, known: Known) -> list[On]:
    """Conditions on the rows of ``objects/restSearch``."""
    return [
        *span("timestamp", query.timestamp), *tag_conditions("tag_holding", query.tags, known),
        *_meant("event", query.event_ids, known.events), *each("uuid_or_event", lowered(query.uuids)),
        *_meant("number", query.ids, known.numbers), *_meant("shared_around", query.sharing_groups, known.groups),
    ]  # fmt: skip


def event_conditions(query: Query, known: Known, *, own: bool) -> list[On]:
    """Onitions on events: of those searched (``own``), or of those that what is searched stands in."""
    made = [
        *([On("published", (int(query.published),))] if query.published is not None else []),
        *span("timestamp", query.event_timestamp), *span("published_at", query.publish_timestamp),
        *_dates(query.dates), *each("type", query.threats), *each("category", query.analyses),
        *_creators(query.orgs, known), *tag_conditions("tag", query.event_tags, known),
    ]  # fmt: skip
    if query.distributions:
        made += _numbers("distribution", query.distributions)
    if own:
        made += [
            *span("timestamp", query.timestamp), *_meant("uuid", query.event_ids, known.events),
            *_meant("number", query.ids, known.numbers), *each("uuid", lowered(query.uuids)),
            *_meant("shared", query.sharing_groups, known.groups), *_meant("extends", query.extends, known.events),
            *tag_conditions("tag_inside", replace(query.tags, none_of=()), known),
            *tag_conditions("tag", Terms(none_of=query.tags.none_of), known),
        ]  # fmt: skip
    return made


def _numbers(column: str, wanted: Terms) -> list[On]:
    made = []
    if wanted.any_of or wanted.all_of:
        made.append(On(column, _small(wanted.any_of + wanted.all_of)))
    if wanted.none_of:
        made.append(On(column, _small(wanted.none_of), negated=True))
    return made


def _small(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Return the numbers among texts, -1 where there is none; a database takes none of more digits."""
    return tuple(int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10) or (-1,)


def _dates(dates: tuple[str, str]) -> list[On]:
    low, high = (int(text.replace("-", "")) if text else None for text in dates)
    return [On("day", low=low, high=high)] if low is not None or high is not None else []


def _creators(wanted: Terms, known: Known) -> list[On]:
    made = []
    for texts, negated in ((wanted.any_of + wanted.all_of, False), (wanted.none_of, True)):
        found = [known.orgs[text] for text in texts if text in known.orgs]
        if found or (texts and not negated):
            made.append(On("creator", tuple(uuid for uuid, _ in found if uuid), negated=negated,
                             also=tuple(org for _, org in found if org)))  # fmt: skip
    return made


def inside_groups(query: Query, known: Known) -> list[tuple[On, ...]]:
    """Onitions on attributes in the events that are searched: each a group by itself."""
    alive = tuple(flag("deleted", query.deleted))
    parts = [*_values(query.values), *each("type", query.types), *each("category", query.categories),
             *flag("to_ids", query.to_ids)]  # fmt: skip
    return [(part, *alive) for part in parts if not part.negated] + [
        (part, *alive) for part in parts if part.negated
    ]  # fmt: skip


def order_of(query: Query) -> tuple[str, bool]:
    """Return the read model's column that an order means, and whether it descends; "" for one that bodies tell."""
    if query.order is None:
        return "number", False
    name, down = query.order
    if query.scope == EVENTS:
        column = {"id": "number", "timestamp": "timestamp", "date": "day", "publish_timestamp": "published_at",
                  "threat_level_id": "type", "analysis": "category", "uuid": "uuid", "distribution": "distribution",
                  "published": "published", "orgc": "orgc", "orgc_id": "orgc", "org": "org", "org_id": "org"}.get(name)
        return ("" if name == "info" else column or "number"), down  # fmt: skip
    column = {"timestamp": "timestamp", "type": "type", "category": "category", "uuid": "uuid", "to_ids": "to_ids",
              "date_sighting": "seen", "event_id": "event"}.get(name)  # fmt: skip
    return ("" if name == "value" else column or "number"), down
