"""STIX 1.1.1 with CybOX 2.1, as XML and in the JSON form that its Python library gave it, for old clients. Pure.

One package for each event, inside one package of the export, with an incident: attributes with ``to_ids`` are its
indicators, others its observables. What CybOX has no plain object for stands in the incident's history as
``attribute[category][type]: value``, as misp-stix does, so that nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from fusioncell.exchange.misp.search.model import About
from fusioncell.exchange.misp.search.write_xml import text
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, parse_tlp, strictest

Json = Mapping[str, Any]
VERSION = "1.1.1"
_SPACES = {
    "stix": "http://stix.mitre.org/stix-1", "stixCommon": "http://stix.mitre.org/common-1",
    "incident": "http://stix.mitre.org/Incident-1", "indicator": "http://stix.mitre.org/Indicator-2",
    "cybox": "http://cybox.mitre.org/cybox-2", "cyboxCommon": "http://cybox.mitre.org/common-2",
    "AddressObj": "http://cybox.mitre.org/objects#AddressObject-2",
    "DomainNameObj": "http://cybox.mitre.org/objects#DomainNameObject-1",
    "HostnameObj": "http://cybox.mitre.org/objects#HostnameObject-1",
    "URIObj": "http://cybox.mitre.org/objects#URIObject-2", "FileObj": "http://cybox.mitre.org/objects#FileObject-2",
    "MutexObj": "http://cybox.mitre.org/objects#MutexObject-2",
    "WinRegistryKeyObj": "http://cybox.mitre.org/objects#WinRegistryKeyObject-2",
    "marking": "http://data-marking.mitre.org/Marking-1",
    "tlpMarking": "http://data-marking.mitre.org/extensions/MarkingStructure#TLP-1",
    "hub": "urn:fusion-cell", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Properties:
    """A CybOX object with one value: prefix and name of its type, XML element, JSON key, attributes."""

    prefix: str
    name: str
    element: str
    key: str
    value: str
    attributes: tuple[tuple[str, Any], ...] = ()


def _address(type: str, value: str) -> _Properties:
    kind = "ipv6-addr" if ":" in value else "ipv4-addr"
    source = type.startswith("ip-src")
    return _Properties("AddressObj", "AddressObject", "Address_Value", "address_value", value,
                       (("category", kind), ("is_source", source), ("is_destination", not source)))  # fmt: skip


_PLAIN = {
    "domain": ("DomainNameObj", "DomainNameObject", "Value", "value", (("type", "FQDN"),)),
    "hostname": ("HostnameObj", "HostnameObject", "Hostname_Value", "hostname_value", ()),
    "url": ("URIObj", "URIObject", "Value", "value", (("type", "URL"),)),
    "uri": ("URIObj", "URIObject", "Value", "value", (("type", "URL"),)),
    "link": ("URIObj", "URIObject", "Value", "value", (("type", "URL"),)),
    "filename": ("FileObj", "FileObject", "File_Name", "file_name", ()),
    "mutex": ("MutexObj", "MutexObject", "Name", "name", ()),
    "regkey": ("WinRegistryKeyObj", "WindowsRegistryKeyObject", "Key", "key", ()),
    "email-src": ("AddressObj", "AddressObject", "Address_Value", "address_value", (("category", "e-mail"),)),
    "email-dst": ("AddressObj", "AddressObject", "Address_Value", "address_value", (("category", "e-mail"),)),
}  # fmt: skip
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep"})


def _properties(type: str, value: str) -> _Properties | None:
    if type in ("ip-src", "ip-dst"):
        return _address(type, value)
    if type in _HASHES:
        return _Properties("FileObj", "FileObject", type.upper(), "hash", value)
    if type in _PLAIN:
        prefix, name, element, key, attributes = _PLAIN[type]
        return _Properties(prefix, name, element, key, value, attributes)
    return None


_COLOURS = {Tlp.CLEAR: "WHITE", Tlp.GREEN: "GREEN", Tlp.AMBER: "AMBER", Tlp.AMBER_STRICT: "RED", Tlp.RED: "RED"}
"""TLP 1.0 has no AMBER+STRICT: the next stricter one stands for it."""
_ALL_BELOW = "../../../descendant-or-self::node()"


def _colour(event: Json) -> str:
    """Return the strictest TLP of an event and its attributes as TLP 1.0 names it, "" where none is marked."""
    found = []
    for thing in (event, *_attributes(event)):
        for tag in thing.get("Tag") or ():
            name = str(tag.get("name") or "")
            if name.lower().startswith("tlp:"):
                with suppress(BadInput):
                    found.append(parse_tlp(name))
    tlp = strictest(found)
    return _COLOURS[tlp] if tlp is not None else ""


def write_stix1_json(events: Iterable[Json], about: About) -> bytes:
    """Return the export as JSON."""
    packages = [{"package": _package(event)} for event in events]
    return msgspec.json.encode({
        "id": "hub:Package", "version": VERSION, "stix_header": {"title": f"Export from {about.org}"},
        "related_packages": {"related_packages": packages},
    })  # fmt: skip


def _package(event: Json) -> dict[str, Any]:
    uuid, indicators, observables, journal = str(event.get("uuid", "")), [], [], []
    for one in _attributes(event):
        made = _properties(str(one.get("type", "")), str(one.get("value", "")))
        if made is None:
            journal.append(_line(one))
            continue
        observable = {"id": f"hub:Observable-{one.get('uuid')}",
                      "object": {"id": f"hub:Object-{one.get('uuid')}", "properties": _as_json(made)}}  # fmt: skip
        if one.get("to_ids"):
            indicators.append({"indicator": {
                "id": f"hub:Indicator-{one.get('uuid')}", "title": _title(one), "description": one.get("comment", ""),
                "observable": observable,
            }})  # fmt: skip
        else:
            observables.append({"observable": observable, "relationship": one.get("category", "")})
    incident = {
        "id": f"hub:Incident-{uuid}", "title": event.get("info", ""), "related_indicators": {"indicators": indicators},
        "related_observables": {"observables": observables},
        "history": {"history_items": [{"journal_entry": {"value": line}} for line in journal]},
    }  # fmt: skip
    header: dict[str, Any] = {"title": event.get("info", "")}
    if colour := _colour(event):
        header["handling"] = [{"controlled_structure": _ALL_BELOW, "marking_structures": [
            {"xsi:type": "tlpMarking:TLPMarkingStructureType", "color": colour}]}]  # fmt: skip
    return {"id": f"hub:STIXPackage-{uuid}", "version": VERSION, "stix_header": header, "incidents": [incident]}


def _as_json(made: _Properties) -> dict[str, Any]:
    shared = {"xsi:type": f"{made.name}Type", **dict(made.attributes)}
    if made.key == "hash":
        return {**shared, "hashes": [{"type": made.element, "simple_hash_value": {"value": made.value,
                                                                                "condition": "Equals"}}]}  # fmt: skip
    return {**shared, made.key: {"value": made.value, "condition": "Equals"}}


def write_stix1_xml(events: Iterable[Json], about: About) -> bytes:
    """Return the export as XML."""
    spaces = "".join(f' xmlns:{prefix}="{space}"' for prefix, space in _SPACES.items())
    out = [f'<?xml version="1.0" encoding="UTF-8"?>\n<stix:STIX_Package{spaces} id="hub:Package" version="{VERSION}">',
           f"<stix:STIX_Header><stix:Title>Export from {text(about.org)}</stix:Title></stix:STIX_Header>",
           "<stix:Related_Packages>"]  # fmt: skip
    for event in events:
        out += _package_xml(event)
    return "".join([*out, "</stix:Related_Packages></stix:STIX_Package>\n"]).encode()


def _package_xml(event: Json) -> Iterator[str]:
    uuid, title = quoteattr(str(event.get("uuid", "")))[1:-1], text(event.get("info"))
    yield f'<stix:Related_Package><stix:Package id="hub:STIXPackage-{uuid}" version="{VERSION}">'
    yield f"<stix:STIX_Header><stix:Title>{title}</stix:Title>"
    if colour := _colour(event):
        yield (f"<stix:Handling><marking:Marking><marking:Controlled_Structure>{_ALL_BELOW}"
               "</marking:Controlled_Structure><marking:Marking_Structure "
               f'xsi:type="tlpMarking:TLPMarkingStructureType" color="{colour}"/>'
               "</marking:Marking></stix:Handling>")  # fmt: skip
    yield "</stix:STIX_Header><stix:Incidents>"
    yield f'<stix:Incident id="hub:Incident-{uuid}" xsi:type="incident:IncidentType"><incident:Title>{title}'
    yield "</incident:Title>"
    indicators: list[tuple[Json, _Properties]] = []
    observables: list[tuple[Json, _Properties]] = []
    journal: list[str] = []
    for one in _attributes(event):
        made = _properties(str(one.get("type", "")), str(one.get("value", "")))
        if made is None:
            journal.append(_line(one))
        else:
            (indicators if one.get("to_ids") else observables).append((one, made))
    if indicators:
        yield "<incident:Related_Indicators>"
        for one, made in indicators:
            yield (f'<incident:Related_Indicator><stixCommon:Indicator id="hub:Indicator-{text(one.get("uuid"))}" '
                   f'xsi:type="indicator:IndicatorType"><indicator:Title>{text(_title(one))}</indicator:Title>'
                   f"<indicator:Observable>{_object_xml(one, made)}</indicator:Observable></stixCommon:Indicator>"
                   "</incident:Related_Indicator>")  # fmt: skip
        yield "</incident:Related_Indicators>"
    if observables:
        yield "<incident:Related_Observables>"
        for one, made in observables:
            yield (f"<incident:Related_Observable><stixCommon:Relationship>{text(one.get('category'))}"
                   f"</stixCommon:Relationship><stixCommon:Observable>{_object_xml(one, made)}"
                   "</stixCommon:Observable></incident:Related_Observable>")  # fmt: skip
        yield "</incident:Related_Observables>"
    if journal:
        yield "<incident:History>"
        yield from (f"<incident:History_Item><incident:Journal_Entry>{text(line)}</incident:Journal_Entry>"
                    "</incident:History_Item>" for line in journal)  # fmt: skip
        yield "</incident:History>"
    yield "</stix:Incident></stix:Incidents></stix:Package></stix:Related_Package>"


def _object_xml(one: Json, made: _Properties) -> str:
    attributes = "".join(f" {name}={quoteattr(str(value).lower() if isinstance(value, bool) else value)}"
                         for name, value in made.attributes)  # fmt: skip
    if made.key == "hash":
        inner = (f"<FileObj:Hashes><cyboxCommon:Hash><cyboxCommon:Type>{made.element}</cyboxCommon:Type>"
                 f'<cyboxCommon:Simple_Hash_Value condition="Equals">{text(made.value)}'
                 "</cyboxCommon:Simple_Hash_Value></cyboxCommon:Hash></FileObj:Hashes>")  # fmt: skip
    else:
        name = f"{made.prefix}:{made.element}"
        inner = f'<{name} condition="Equals">{text(made.value)}</{name}>'
    return (f'<cybox:Object id="hub:Object-{text(one.get("uuid"))}">'
            f'<cybox:Properties xsi:type="{made.prefix}:{made.name}Type"{attributes}>{inner}</cybox:Properties>'
            "</cybox:Object>")  # fmt: skip


def _attributes(event: Json) -> Iterator[Json]:
    yield from event.get("Attribute", ())
    for inner in event.get("Object", ()):
        yield from inner.get("Attribute", ())


def _title(one: Json) -> str:
    return f"{one.get('category', '')}: {one.get('value', '')} (MISP Attribute)"


def _line(one: Json) -> str:
    return f"attribute[{one.get('category', '')}][{one.get('type', '')}]: {one.get('value', '')}"
