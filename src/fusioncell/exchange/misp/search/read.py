"""Read a search's parameters, as MISP's clients send them, into a :class:`Query`. Pure.

Rules kept here (MISP/MISP 2.5, restSearch; what its clients really send):

1. Names count without regard to case, ``_`` and ``-``; unknown ones are ignored: clients add their own to be safe
   from caches. Values come as strings, numbers, booleans or lists, and mean the same.
2. ``x`` is one value, ``["x", "y"]`` either, ``!x`` not, ``%x%`` any text that holds x, ``{"OR": […], "AND": […],
   "NOT": […]}`` all three; a text may join several by ``&&``, and any parameter by ``||``.
3. A time is a moment from which on; two make a range, in either order.
4. What is empty (``""``, null, ``[]``) is as if it were not given; ``0`` and false are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.search.model import (
    ATTRIBUTES,
    EVENTS,
    MAX_LIMIT,
    MAX_PATTERNS,
    MAX_TERMS,
    NO_TERMS,
    Query,
    Span,
    Terms,
)
from fusioncell.exchange.misp.search.times import day, seconds
from fusioncell.kernel.ports import storable

_TERMS = {
    "values": ("value", "value1", "value2", "attribute"),
    "types": ("type", "typeattribute"),
    "categories": ("category",),
    "comments": ("comment",),
    "relations": ("objectrelation",),
    "tags": ("tags", "tag"),
    "event_tags": ("eventtags",),
    "orgs": ("org", "orgc", "orgcid", "orgid"),
    "uuids": ("uuid", "uuids"),
    "event_ids": ("eventid", "eventids", "idlist"),
    "ids": ("id",),
    "titles": ("eventinfo", "info"),
    "threats": ("threatlevelid", "threatlevel"),
    "analyses": ("analysis",),
    "distributions": ("distribution",),
    "sharing_groups": ("sharinggroup", "sharinggroupid"),
    "extends": ("eventsextendinguuid",),
    "object_names": ("objectname",),
    "object_templates": ("objecttemplateuuid",),
    "object_versions": ("objecttemplateversion",),
}
"""Field of the query → the parameters that fill it; the first that is given counts."""
_SPANS = {
    "timestamp": ("timestamp", "attributetimestamp", "searchtimestamp"),
    "event_timestamp": ("eventtimestamp",),
    "publish_timestamp": ("publishtimestamp", "last", "searchpublishtimestamp"),
    "first_seen": ("firstseen",),
    "last_seen": ("lastseen",),
}
_FIELDS = {text: name for name, texts in _TERMS.items() for text in texts}
_FLAGS = frozenset({
    "includecontext", "includeeventtags", "includeeventuuid", "includesightings", "includecorrelations",
    "includedecayscore", "excludedecayed", "includefullmodel", "includewarninglisthits", "enforcewarninglist",
    "includealltags", "includeproposals", "includeattributeuuid", "includegalaxy", "withattachments", "headerless",
    "metadata", "sgreferenceonly", "excludelocaltags", "excludegalaxy", "includeattachments", "minimal", "flatten",
    "includeanalystdata", "noeventreports", "noshadowattributes", "includeevent", "includeattribute", "includeuuid",
    "nosightings", "extended", "list", "first", "count", "includerelatedtags", "hasproposal",
})  # fmt: skip
_OPTIONS = frozenset({
    "policy", "walledgarden", "ns", "nsalt", "email", "serial", "refresh", "retry", "expiry", "minimumttl", "ttl",
    "ipaddress", "netfilteraction", "hashtype", "decayingmodel", "modeloverrides", "score", "attackgalaxy", "sector",
    "context", "orgid", "source", "sort", "direction", "statichtml",
})  # fmt: skip
_FALSE = frozenset({"0", "false", "no", "off", "none", "null", ""})
_ORDERS = frozenset({
    "id", "timestamp", "event_id", "type", "category", "value", "uuid", "info", "date", "publish_timestamp",
    "threat_level_id", "analysis", "distribution", "published", "first_seen", "last_seen", "to_ids", "date_sighting",
    "orgc", "org", "orgc_id", "org_id",
})  # fmt: skip
_EMPTY: tuple[object, ...] = (None, "", [], {})


def plain_name(name: str) -> str:
    """Return a parameter's name as it is compared: without case, ``_``, ``-`` and ``.``."""
    return name.replace("_", "").replace("-", "").replace(".", "").lower()


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are given, by their plain names."""
    return {plain_name(str(name)): _either(value) for name, value in given.items() if value not in _EMPTY}


def _either(given: Any) -> Any:
    """Return ``a||b`` as a list: MISP's own pages ask for ``published:1||0``."""
    return given.split("||") if type(given) is str and given.find("||") > 0 else given


def read_query(scope: str, given: Mapping[str, Any], now: float, *, restrictive: frozenset[str] = frozenset()) -> Query:
    """Read a search. ``now`` (s): what ``5d`` counts back from. ``restrictive``: formats that mean to_ids=1 and
    published=1 unless the client says otherwise. Raises MispRefused for what is over a bound."""
    asked = plain(given)
    fields: dict[str, Any] = {name: _first(asked, _TERMS[name], read_terms, NO_TERMS)
                              for name in {_FIELDS[text] for text in asked if text in _FIELDS}}  # fmt: skip
    nothing = False
    for name, names in _SPANS.items():
        fields[name] = span = _first(asked, names, lambda value: read_span(value, now), None)
        nothing = nothing or span is NEVER
    fields["dates"] = (_day(asked, ("from", "datefrom", "searchdatefrom"), now),
                       _day(asked, ("to", "dateto", "until", "searchdateuntil", "dateuntil"), now))  # fmt: skip
    if "date" in asked and fields["dates"] == ("", ""):
        pair = asked["date"] if isinstance(asked["date"], list) else [asked["date"]]
        known = [day(one, now) or "9999" for one in pair[:2]]
        fields["dates"] = (min(known), max(known) if len(known) > 1 else "")
    _searchall(asked, fields)
    _check(fields)
    form = str(asked.get("returnformat") or "json").lower()
    published, to_ids = _tristate(asked.get("published")), _bits(asked.get("toids"))
    if form in restrictive:
        published, to_ids = (published if "published" in asked else True), (to_ids or frozenset((1,)))
    return Query(
        scope=scope, format=form, published=published, to_ids=to_ids or frozenset((0, 1)),
        deleted=_deleted(asked.get("deleted")), order=_order(asked), limit=_number(asked, "limit", MAX_LIMIT),
        page=_number(asked, "page", 1_000_000) or 1, requested=_requested(asked),
        flags=frozenset(name for name in asked if name in _FLAGS and is_true(asked[name])),
        options={name: value for name, value in asked.items() if name in _OPTIONS}, nothing=nothing, **fields,
    )  # fmt: skip


NEVER = Span(1.0, 0.0)
"""The span of a time that is none: nothing lies in it."""


def _first(asked: Mapping[str, Any], names: tuple[str, ...], reader: Any, default: Any) -> Any:
    for name in names:
        if name in asked:
            return reader(asked[name])
    return default


def read_terms(given: object) -> Terms:
    """Read values in any of MISP's forms."""
    if isinstance(given, Mapping):
        parts = {str(key).upper(): _texts(value) for key, value in given.items()}
        if not parts.keys() & {"OR", "AND", "NOT"}:
            return _split([text for texts in parts.values() for text in texts])
        return Terms(tuple(parts.get("OR", ())), tuple(parts.get("AND", ())),
                     tuple(text.removeprefix("!") for text in parts.get("NOT", ())))  # fmt: skip
    if isinstance(given, str):
        return _split(storable(given).split("&&"))
    return _split(_texts(given))


def _split(texts: list[str]) -> Terms:
    return Terms(
        tuple(dict.fromkeys(text for text in texts if text and text[0] != "!")), (),
        tuple(dict.fromkeys(text[1:] for text in texts if len(text) > 1 and text[0] == "!")),
    )  # fmt: skip


def _texts(given: object) -> list[str]:
    listed = given if isinstance(given, list | tuple) else [given]
    if len(listed) > MAX_TERMS:
        raise MispRefused(400, f"A parameter has at most {MAX_TERMS:,} values.")
    return [text for text in (_text(one) for one in listed) if text]


def _text(given: object) -> str:
    if type(given) is str:  # nearly always; what follows asks for abstract kinds, at ten times the cost
        return storable(given.strip())
    if given is None or isinstance(given, list | tuple | Mapping):
        return ""
    if isinstance(given, bool):
        return str(int(given))
    return storable(str(given).strip())


def read_span(given: object, now: float) -> Span:
    """Read a time, from which on, or a range of two; :data:`NEVER` for what is no time."""
    pair = list(given.values()) if isinstance(given, Mapping) else given if isinstance(given, list | tuple) else [given]
    found = [seconds(one, now) for one in pair[:2]]
    if not found or None in found:
        return NEVER
    known = sorted(moment for moment in found if moment is not None)
    return Span(known[0], known[1] if len(known) > 1 else None)


def _day(asked: Mapping[str, Any], names: tuple[str, ...], now: float) -> str:
    return str(_first(asked, names, lambda value: day(value, now) or "9999-99-99", ""))


def _searchall(asked: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """``searchall`` and ``quickFilter`` look everywhere: for their own text, or for that of ``value``."""
    text = asked.get("quickfilter", asked.get("searchall", asked.get("all", asked.get("searchallfields"))))
    if text is None or str(text).lower() in _FALSE:
        return
    if "quickfilter" not in asked and fields.get("values"):
        fields["wildcard"], fields["values"] = fields["values"], NO_TERMS
    else:
        fields["wildcard"], fields["values"] = read_terms(text), NO_TERMS


def _check(fields: Mapping[str, Any]) -> None:
    texts = [text for value in fields.values() if isinstance(value, Terms) and value for text in value.every]
    if len(texts) > MAX_TERMS:
        raise MispRefused(400, f"A search has at most {MAX_TERMS:,} values.")
    if "%" in "\n".join(texts) and sum("%" in text for text in texts) > MAX_PATTERNS:
        raise MispRefused(400, f"A search has at most {MAX_PATTERNS} values with a %.")


def is_true(given: object) -> bool:
    """Tell whether a flag is set, in any spelling."""
    return str(given).strip().lower() not in _FALSE


def _tristate(given: object) -> bool | None:
    """Read yes, no or either (``[0, 1]``, nothing)."""
    found = _bits(given)
    return None if len(found) != 1 else 1 in found


def _bits(given: object) -> frozenset[int]:
    """Read which of 0 and 1 are asked for; empty where nothing is said. ``exclude`` is 0, ``only`` is 1."""
    if given in _EMPTY:
        return frozenset()
    listed = given if isinstance(given, list | tuple) else [given]
    if isinstance(given, Mapping):
        listed = [one for part in given.values() for one in (part if isinstance(part, list) else [part])]
    return frozenset(0 if str(one).lower() == "exclude" or not is_true(one) else 1 for one in listed)


def _deleted(given: object) -> frozenset[int]:
    """Read what of the deleted is wanted: nothing said or 0: none of it; 1 or ``only``: it alone; ``[0, 1]``: both."""
    return frozenset((1,)) if str(given).lower() == "only" else _bits(given) or frozenset((0,))


def _order(asked: Mapping[str, Any]) -> tuple[str, bool] | None:
    """Read ``Event.id ASC``, ``timestamp``, ``["timestamp desc"]`` or ``sort`` with ``direction`` or ``desc``."""
    given = asked.get("order", asked.get("sort"))
    if isinstance(given, list | tuple):
        given = given[0] if given else None
    if isinstance(given, Mapping):
        given = " ".join(str(part) for part in next(iter(given.items()), ("",)))
    if not given:
        return None
    words = str(given).strip().split()
    name = words[0].rpartition(".")[2].lower() if words else ""
    if name not in _ORDERS:
        return None
    down = words[-1].lower() == "desc" or str(asked.get("direction")).lower() == "desc"
    return name, down or ("desc" in asked and is_true(asked["desc"]))


def _number(asked: Mapping[str, Any], name: str, most: int) -> int | None:
    try:
        value = int(float(str(asked[name])))
    except (KeyError, ValueError, OverflowError):
        return None
    return min(value, most) if value > 0 else None


def _requested(asked: Mapping[str, Any]) -> tuple[str, ...]:
    given = asked.get("requestedattributes", asked.get("requestedattribute"))
    if isinstance(given, str):
        given = given.replace("|", ",").split(",")
    return tuple(str(one).strip() for one in given[:100] if str(one).strip()) if isinstance(given, list | tuple) else ()


def says_nothing(given: Mapping[str, Any]) -> bool:
    """Tell whether a request has no parameter at all beside the format."""
    return not (plain(given).keys() - {"returnformat", "key"})


__all__ = ["ATTRIBUTES", "EVENTS", "NEVER", "is_true", "plain", "read_query", "read_span", "read_terms", "says_nothing"]
