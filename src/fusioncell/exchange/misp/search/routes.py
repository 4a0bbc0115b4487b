"""The MISP door's actions of searching: ``restSearch`` in each scope, indexes, statistics, downloads, the feed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.search import legacy, write_csv, write_xml
from fusioncell.exchange.misp.search.formats import FORMATS, RESTRICTIVE, Format
from fusioncell.exchange.misp.search.model import ATTRIBUTES, EVENTS, OBJECTS, SIGHTINGS, About, Query, Terms
from fusioncell.exchange.misp.search.quick import Found
from fusioncell.exchange.misp.search.read import read_query, says_nothing
from fusioncell.exchange.misp.search.service import MispSearch

NO_PARAMETERS = (
    "A search by GET needs at least one parameter, such as /value:example.com or ?type=domain; send a search without "
    "any by POST."
)
MAX_NAMED = 10_000
"""Events or attributes whose sightings one request asks for."""
_NOT_SAID = frozenset({"", "0", "null", "false"})
"""What stands in a path where nothing is said."""
OBJECT_FORMATS = frozenset({"json"})
SIGHTING_FORMATS = frozenset({"json", "xml", "csv"})
_encode = msgspec.json.Encoder().encode


def parameters(call: Call) -> dict[str, Any]:
    """Return all that was asked: the body's fields over those of the path and the query."""
    given = {name: value for name, value in call.named.items() if name != "key"}
    if isinstance(given.get("tags"), str):  # a colon in a path is CakePHP's: MISP has one write ``tlp;green``
        given["tags"] = given["tags"].replace(";", ":")
    if isinstance(call.body, Mapping):
        given |= {str(name): value for name, value in call.body.items()}
    return given


class Doors:
    """The actions over one service."""

    def __init__(self, search: MispSearch) -> None:
        self.search = search

    # -- restSearch ----------------------------------------------------------------------------------------------------

    def query(self, call: Call, scope: str, given: Mapping[str, Any] | None = None) -> Query:
        """Read a request's query. Raises MispRefused for an unknown format, and for a GET that says nothing."""
        asked = dict(parameters(call) if given is None else given)
        if given is None:
            asked = _placed(call.arguments) | asked
            if call.method in ("GET", "HEAD") and says_nothing(asked):
                raise MispRefused(400, NO_PARAMETERS)
        if "returnFormat" not in asked and "xml" in call.accept and "json" not in call.accept:
            asked["returnFormat"] = "xml"
        if str(asked.get("returnFormat", "")).lower() == "stix" and "xml" in call.accept and "json" not in call.accept:
            asked["returnFormat"] = "stix-xml"
        found = read_query(scope, asked, self.search.now(), restrictive=RESTRICTIVE)
        known = {OBJECTS: OBJECT_FORMATS, SIGHTINGS: SIGHTING_FORMATS}.get(scope)
        if found.format not in (known or {*FORMATS, "json", "xml", "count"}):
            raise MispRefused(404, f"Invalid returnFormat: {found.format[:40]!r} is none of this door's formats.")
        only = FORMATS[found.format].types if found.format in FORMATS else ()
        if scope == ATTRIBUTES and only and not found.types:
            found = replace(found, types=Terms(only))
        return found

    def about(self, call: Call, query: Query) -> About:
        """Return what formats are told."""
        org = self.search.core.people.organisation(call.caller, call.caller.org) if call.caller.org else {"name": ""}
        return About(self.search.base, self.search.now(), query.options, query.flags, query.requested,
                     self.search.instance, str(org["name"]))  # fmt: skip

    def events(self, call: Call) -> Reply:
        """``events/restSearch``: whole events that meet the query."""
        return self.find_events(call, self.query(call, EVENTS))

    def find_events(self, call: Call, query: Query) -> Reply:
        """Answer a query for events in its format."""
        rows, total = self.search.events(call.caller, query)
        if query.format == "count":
            return _text(str(total).encode(), query, total)
        if query.format in ("json", "xml"):
            shown = self.search.shown_events(call.caller, query, rows)
            if query.format == "xml":
                body = write_xml.write_response("Event", shown)
                return _reply(body, "application/xml", query, total)
            body = b'{"response":[' + b",".join(b'{"Event":' + _encode(one) + b"}" for one in shown) + b"]}"
            return _reply(body, "application/json", query, total)
        form = FORMATS[query.format]
        if form.events is not None:
            body = form.events(self.search.shown_events(call.caller, query, rows), self.about(call, query))
        else:
            assert form.hits is not None
            body = form.hits(_narrowed(form, self.search.hits_of_events(call.caller, query, rows)),
                             self.about(call, query))  # fmt: skip
        return _reply(body, form.media, query, total)

    def attributes(self, call: Call) -> Reply:
        """``attributes/restSearch``: attributes that meet the query."""
        return self.find_attributes(call, self.query(call, ATTRIBUTES))

    def find_attributes(self, call: Call, query: Query) -> Reply:
        """Answer a query for attributes in its format."""
        quick = self.search.hot(call.caller, query)
        if quick is not None:
            return _reply(*self._quickly(call, query, quick[0]), query, quick[1])
        rows, total = self.search.attributes(call.caller, query)
        if query.format == "count":
            return _text(str(total).encode(), query, total)
        if query.format == "json":
            body = b",".join(map(_encode, self.search.shown.shown_attributes(call.caller, query, rows)))
            return _reply(b'{"response":{"Attribute":[' + body + b"]}}", "application/json", query, total)
        if query.format == "xml":
            shown = self.search.shown.shown_attributes(call.caller, query, rows)
            return _reply(write_xml.write_response("Attribute", shown), "application/xml", query, total)
        form = FORMATS[query.format]
        if form.events is not None:
            # What is written from events takes those that the attributes stand in, cut to these attributes.
            body = form.events(self.search.events_of(call.caller, rows), self.about(call, query))
        else:
            assert form.hits is not None
            hits = (self.search.scored_hits(call.caller, query, rows) if query.has("includeDecayScore")
                    else self.search.shown.hits(call.caller, query, rows))  # fmt: skip
            body = form.hits(hits, self.about(call, query))
        return _reply(body, form.media, query, total)

    def _quickly(self, call: Call, query: Query, found: Found) -> tuple[bytes, str]:
        """Write rows of the hot path; return the body and its media type."""
        shown = self.search.shown
        if query.format == "json":
            return shown.quick_json(call.caller, query, found), "application/json"
        if query.format == "csv":
            return shown.quick_csv(call.caller, query, found), "text/csv"
        form = FORMATS[query.format]
        assert form.hits is not None
        return form.hits(shown.quick_hits(call.caller, found), self.about(call, query)), form.media

    def objects(self, call: Call) -> Reply:
        """``objects/restSearch``: objects that meet the query."""
        query = self.query(call, OBJECTS)
        rows, total = self.search.objects(call.caller, query)
        shown = self.search.shown_objects(call.caller, query, rows)
        body = b'{"response":[' + b",".join(b'{"Object":' + _encode(one) + b"}" for one in shown) + b"]}"
        return _reply(body, "application/json", query, total)

    def sightings(self, call: Call) -> Reply:
        """``sightings/restSearch[/event|/attribute]``: sightings that meet the query."""
        given = parameters(call)
        if str(given.get("last")) == "0":
            del given["last"]  # A MISP that synchronises asks so for all of them.
        query = self.query(call, SIGHTINGS, {**given, "from": "", "to": ""})
        context = call.argument(0) or str(given.get("context") or "")
        if context not in ("", "event", "attribute"):
            raise MispRefused(400, 'The context is "event", "attribute" or none.')
        dated = {"timestamp": [one for one in (given.get("from"), given.get("to")) if one]}
        if dated["timestamp"] and query.publish_timestamp is None:
            query = replace(query, timestamp=read_query(SIGHTINGS, dated, self.search.now()).timestamp)
        asked = given.get("id") or given.get("uuid") or []
        named = [str(one) for one in (asked if isinstance(asked, list) else [asked])][:MAX_NAMED]
        rows = self.search.sightings(call.caller, query, context, named)
        shown = self.search.shown_sightings(call.caller, query, rows)
        if query.format == "csv":
            columns = query.requested or ("id", "attribute_id", "event_id", "org_id", "date_sighting", "uuid", "source",
                                          "type", "value", "attribute_uuid")  # fmt: skip
            flat = [_flat(one) for one in shown]
            return _reply(write_csv.write_rows(flat, columns), "text/csv", query, len(shown))
        if query.format == "xml":
            return _reply(write_xml.write_response("Sighting", shown), "application/xml", query, len(shown))
        body = _encode({"response": [{"Sighting": one} for one in shown]})
        return _reply(body, "application/json", query, len(shown))

    # -- indexes and counts --------------------------------------------------------------------------------------------

    def index(self, call: Call) -> Reply:
        """``events/index``: the shells of events, filtered, sorted and paged."""
        query = self.query(call, EVENTS, _index_names(parameters(call)))
        query = replace(query, format="json", deleted=frozenset((0,)), titles=_anywhere_in(query.titles))
        rows, total = self.search.events(call.caller, query)
        shown = self.search.shown.index(call.caller, rows)
        if query.has("minimal"):
            seen = self.search.last_sighted(call.caller, rows)
            body: Any = [{"id": one["id"], "timestamp": one["timestamp"],
                          "sighting_timestamp": str(seen.get(one["uuid"], 0)),
                          "published": one["published"], "uuid": one["uuid"], "orgc_uuid": one["Orgc"]["uuid"]}
                         for one in shown]  # fmt: skip
        else:
            body = shown
        return _tagged_reply(_encode(body), "application/json", {"X-Result-Count": str(total)})

    def attributes_index(self, call: Call) -> Reply:
        """``attributes/index``: attributes that are not deleted, newest last; ``limit`` and ``page``."""
        query = self.query(call, ATTRIBUTES, parameters(call))
        rows, total = self.search.attributes(call.caller, replace(query, limit=query.limit or 10_000))
        shown = [{name: value for name, value in one.items() if name != "Event"}
                 for one in self.search.shown.shown_attributes(call.caller, query, rows)]  # fmt: skip
        return _tagged_reply(_encode(shown), "application/json", {"X-Result-Count": str(total)})

    def statistics(self, call: Call) -> Reply:
        """``attributes/attributeStatistics/{type|category}[/percentage]``."""
        column = call.argument(0, "type")
        if column not in ("type", "category"):
            raise MispRefused(400, 'Statistics are by "type" or "category".')
        counted = self.search.statistics(call.caller, column)
        if call.argument(1).lower() not in ("", "0", "false"):
            whole = sum(count for _, count in counted)
            return Reply({name: f"{round(100 * count / whole, 3):g}%" for name, count in counted})
        return Reply({name: str(count) for name, count in counted})

    # -- old export paths and the feed ---------------------------------------------------------------------------------

    def download(self, call: Call) -> Reply:
        """``events/nids/suricata/download/…`` and the like: MISP's exports of before ``restSearch``."""
        asked = legacy.read_path(call.controller, call.action, call.arguments, parameters(call))
        if asked.zeek:
            query = self.query(call, ATTRIBUTES, {**asked.parameters, "published": 1, "to_ids": 1})
            query = replace(query, types=Terms(legacy.zeek_types(asked.zeek)))
            rows, total = self.search.attributes(call.caller, query)
            hits = self.search.shown.hits(call.caller, query, rows)
            return _reply(legacy.write_zeek(asked.zeek, hits, self.about(call, query)), "text/plain", query, total)
        query = self.query(call, asked.scope, asked.parameters)
        return self.find_events(call, query) if asked.scope == EVENTS else self.find_attributes(call, query)

    def manifest(self, call: Call) -> Reply:
        """``feed/manifest.json``: the published events that the caller sees."""
        return _tagged_reply(_encode(self.search.manifest(call.caller)), "application/json")

    def hashes(self, call: Call) -> Reply:
        """``feed/hashes.csv``: the digests of their values."""
        return _tagged_reply(self.search.feed_hashes(call.caller), "text/csv")

    def feed_event(self, call: Call) -> Reply:
        """``feed/{uuid}.json``: one of them. NotFound for any other."""
        return _tagged_reply(_encode(self.search.feed_event(call.caller, call.argument(0))), "application/json")


def _placed(arguments: tuple[str, ...]) -> dict[str, str]:
    """Read ``restSearch/json/VALUE``. What stood behind them in MISP moved between versions: it is refused."""
    if any(text.lower() not in _NOT_SAID for text in arguments[2:]):
        raise MispRefused(400, "Send what is searched for by name: /restSearch/json/value:x/type:domain, or by POST.")
    form, value = (*arguments, "", "")[:2]
    made = {"returnFormat": form} if form in FORMATS or form in ("json", "xml", "count") else {}
    return made | ({"value": value} if value.lower() not in _NOT_SAID else {})


def _narrowed(form: Format, hits: Any) -> Any:
    return (hit for hit in hits if hit.type in form.types) if form.types else hits


def _headers(query: Query, total: int) -> dict[str, str]:
    return {"X-Result-Count": str(total), "X-Export-Module-Used": query.format, "X-Response-Format": query.format}


def _reply(body: bytes, media: str, query: Query, total: int) -> Reply:
    return Reply(body, 200, media, _headers(query, total))


def _text(body: bytes, query: Query, total: int) -> Reply:
    return _reply(body, "text/plain", query, total)


def _tagged_reply(body: bytes, media: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with the body's digest as its ETag."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    return Reply(body, 200, media, {**(headers or {}), "ETag": f'"{tag}"'})


def _flat(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sighting's row for CSV: what is around it as ``event_…`` and ``attribute_…``."""
    made = dict(one)
    for name in ("Event", "Attribute"):
        inner = made.pop(name, None)
        if isinstance(inner, Mapping):
            made |= {f"{name.lower()}_{key}": value for key, value in inner.items()}
    return made


_INDEX = {"searchinfo": "eventinfo", "searcheventid": "eventid", "searcheventinfo": "eventinfo",
          "searchattribute": "value", "searchdistribution": "distribution", "searchanalysis": "analysis",
          "searchthreatlevel": "threat_level_id", "searchtag": "tags", "searchtags": "tags", "searchorg": "org",
          "searchpublished": "published", "searchtimestamp": "timestamp", "searchpublishtimestamp": "publish_timestamp",
          "searchdatefrom": "from", "searchdateuntil": "to", "searchsharinggroup": "sharinggroup",
          "searchall": "searchall", "searchuuid": "uuid", "datefrom": "from", "dateuntil": "to", "attribute": "value",
          "all": "searchall", "threatlevel": "threat_level_id"}  # fmt: skip


def _index_names(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the index's parameters by restSearch's names; ``a|b`` means either, published 2 means both."""
    made: dict[str, Any] = {}
    for name, value in given.items():
        plain = _INDEX.get(name.replace("_", "").lower(), name)
        if isinstance(value, str) and "|" in value and plain != "searchall":
            value = value.split("|")
        if plain == "published" and str(value) == "2":
            continue
        made[plain] = value
    return made


def _anywhere_in(titles: Terms) -> Terms:
    """The index looks for a title's part; a backslash is written twice."""
    def wide(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"%{text.replace(chr(92) * 2, chr(92)).strip('%')}%" for text in texts)

    return Terms(wide(titles.any_of), wide(titles.all_of), wide(titles.none_of))


def actions(search: MispSearch) -> Actions:
    """Return the package's actions."""
    doors = Doors(search)

    def reads(run: Callable[[Call], Reply]) -> Action:
        return Action(run)

    downloads = {("events", name) for name in ("nids", "hids", "csv", "xml", "stix", "text", "restDownload")}
    downloads |= {("attributes", name) for name in ("text", "rpz", "bro")}
    return {
        ("events", "restSearch"): reads(doors.events), ("attributes", "restSearch"): reads(doors.attributes),
        ("objects", "restSearch"): reads(doors.objects), ("sightings", "restSearch"): reads(doors.sightings),
        ("events", "index"): reads(doors.index), ("attributes", "index"): reads(doors.attributes_index),
        ("attributes", "attributeStatistics"): reads(doors.statistics),
        ("feed", "manifest"): reads(doors.manifest), ("feed", "hashes.csv"): reads(doors.hashes),
        ("feed", "view"): reads(doors.feed_event),
        **{name: reads(doors.download) for name in sorted(downloads)},
    }  # fmt: skip

