"""Read a STIX 1 package (XML) as one MISP event: its title and the values of its CybOX objects. Pure.

Streaming and bounded: no document type is taken (so no entity is ever expanded), no depth over a bound. Of CybOX the
elements that hold one plain value are read; a composition of them is read value by value.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from fusioncell.exchange.misp.stix.name_type import attribute
from fusioncell.intake import find_observables
from fusioncell.kernel.errors import BadInput

MAX_DEPTH = 100
MOST = 20_000
VALUES = frozenset({
    "Address_Value", "Hostname_Value", "Simple_Hash_Value", "URI_Value", "Value", "CVE_ID", "Domain_Name", "From", "To",
    "Sender",
})  # fmt: skip
"""Elements of CybOX and STIX 1 that hold one value."""
_FILES = frozenset({"File_Name"})
_SEPARATOR = "##comma##"


class _Reader:
    """What is read so far."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.values: list[tuple[str, str, bool]] = []
        self.source: bool | None = None
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise BadInput("the package is nested too deeply")
        local = name.rpartition(":")[2]
        self._path.append(local)
        self._text = []
        if local == "Properties":
            self.source = attributes.get("is_source") == "true"

    def text(self, data: str) -> None:
        if len(self._text) < 1000:
            self._text.append(data)

    def end(self, name: str) -> None:
        local = self._path.pop()
        said = "".join(self._text).strip()
        self._text = []
        if not said or len(said) > 10_000:
            return
        if local == "Title" and self._path[-1:] and self._path[-1] in ("STIX_Header", "Incident"):
            self.titles.append(said)
        elif (local in VALUES or local in _FILES) and len(self.values) < MOST:
            for part in said.split(_SEPARATOR):
                self.values.append((local, part.strip(), "Indicator" in self._path))


def read_stix1(body: bytes) -> dict[str, Any]:
    """Return the event. Raises BadInput for what is no STIX 1 XML."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as fault:
        raise BadInput(f"the body is no STIX 1 XML: {fault}", hint="Send STIX 2 to events/upload_stix/2.") from None
    event: dict[str, Any] = {"info": (reader.titles[-1:] or ["STIX 1 import"])[0][:1000], "Attribute": []}
    seen: set[tuple[str, str]] = set()
    for element, value, to_ids in reader.values:
        for one in _read(element, value, to_ids):
            if (one["type"], one["value"]) not in seen:
                seen.add((one["type"], one["value"]))
                event["Attribute"].append(one)
    return event


def _read(element: str, value: str, to_ids: bool) -> list[dict[str, Any]]:
    if element in _FILES:
        return [{"type": "filename", "category": "Payload delivery", "value": value, "to_ids": to_ids}]
    made = [attribute(found.observable, to_ids=to_ids) for found in find_observables(value[:2000])]
    return [one for one in made if one is not None]


def _refuse(*_: object) -> None:
    raise BadInput("a document type declaration is not taken", hint="Take it out of the package.")
