"""What a client asks, read from its query; and ``next``, which carries it on (TAXII 2.1 §3.4, §3.5). Pure.

``next`` holds the filters and the place that was reached. A client that sends it without the filters (several do) gets
the rest of what it had asked; one that sends it with others is refused, for it means something else.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

from fusioncell.exchange.taxii.model import MAX_PAGE, STIX_20, STIX_21, Ask
from fusioncell.kernel.clock import Instant, parse_instant
from fusioncell.kernel.errors import BadInput

PAGED = frozenset({"added_after", "limit", "next"})
VERSIONED = frozenset({"match[version]", "match[spec_version]"})
MATCHED = VERSIONED | {"match[id]", "match[type]"}
OBJECTS = PAGED | MATCHED | {"contributor"}
"""What objects and manifests are filtered by."""
ONE_OBJECT = PAGED | VERSIONED | {"contributor"}
VERSIONS = PAGED | {"match[spec_version]"}
_SPECS = {"2.0": STIX_20, "2.1": STIX_21}
_MAX_VALUES = 500
_NOTHING = Ask()


class _Next(msgspec.Struct, array_like=True):
    """What ``next`` says: the place reached, the filters in their canonical form."""

    after: int
    filters: dict[str, str]


def read_query(query: bytes, known: frozenset[str]) -> dict[str, str]:
    """Return the parameters; of one that is given twice the values joined. Raises BadInput for one unknown."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise BadInput("the query cannot be read", hint="Write it as UTF-8, percent-encoded.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise BadInput(f"unknown parameter {name[:60]!r}", hint=f"This door knows: {', '.join(sorted(known))}.",
                           place=name[:60])  # fmt: skip
        if name == "added_after":
            value = value.replace(" ", "+")  # an offset's plus that was not percent-encoded
        given[name] = f"{given[name]},{value}" if name in given else value
    return given


def read_ask(given: Mapping[str, str]) -> Ask:
    """Read what is asked. Raises BadInput."""
    if not given:
        return _NOTHING
    after = _instant(given["added_after"], "added_after") if given.get("added_after") else 0
    filters = {name: given[name] for name in sorted(given) if name not in PAGED and given[name]}
    if given.get("next"):
        token = _open(given["next"])
        if filters and filters != token.filters:
            raise BadInput("the filters are not those under which this next was given",
                           hint="Repeat them as they were, or leave them out.", place="next")  # fmt: skip
        filters, after = token.filters, max(after, token.after)
    return _filtered(filters, after, _limit(given.get("limit", "")))


def next_of(ask: Ask, after: Instant) -> str:
    """Return the ``next`` under which a query goes on after a place."""
    token = msgspec.json.encode(_Next(after, dict(ask.filters)))
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def _open(token: str) -> _Next:
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        read = msgspec.json.decode(raw, type=_Next)
    except ValueError:
        raise BadInput("that is no next of this server", hint="Send it as it was given, or begin anew.",
                       place="next") from None  # fmt: skip
    if not read.filters.keys() <= (MATCHED | {"contributor"}) or not 0 <= read.after < 1 << 62:
        raise BadInput("that is no next of this server", hint="Begin anew.", place="next")
    return read


def _limit(text: str) -> int:
    if not text:
        return MAX_PAGE
    if not text.isascii() or not text.isdigit() or int(text[:12]) < 1:
        raise BadInput(f"limit is a whole number from 1, not {text[:20]!r}", place="limit")
    return min(int(text[:12]), MAX_PAGE)


def _instant(text: str, place: str) -> Instant:
    try:
        return max(0, parse_instant(text))
    except (ValueError, OverflowError):
        raise BadInput(f"{place} is no time: {text[:40]!r}", hint="Write it as 2026-01-20T12:00:00Z.",
                       place=place) from None  # fmt: skip


def _filtered(filters: Mapping[str, str], after: Instant, limit: int) -> Ask:
    words = _values(filters, "match[version]")
    named = {word for word in words if word in ("first", "last", "all")}
    specs = []
    for text in _values(filters, "match[spec_version]"):
        if text not in _SPECS:
            raise BadInput(f"{text[:20]!r} is no version of STIX that is held here", hint="2.0 or 2.1",
                           place="match[spec_version]")  # fmt: skip
        specs.append(_SPECS[text])
    return Ask(
        after=after, limit=limit, ids=_values(filters, "match[id]"), types=_values(filters, "match[type]"),
        specs=tuple(sorted(set(specs))),
        versions=tuple(sorted({_instant(w, "match[version]") for w in words if w not in named})),
        first="first" in named, last="last" in named or not words, all="all" in named,
        contributor=filters.get("contributor", ""), filters=tuple(sorted(filters.items())),
    )  # fmt: skip


def _values(filters: Mapping[str, str], name: str) -> tuple[str, ...]:
    text = filters.get(name, "")
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(found) > _MAX_VALUES:
        raise BadInput(f"{name} takes at most {_MAX_VALUES} values", place=name)
    return found
