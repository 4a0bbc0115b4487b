"""Redact: take out of an item the fields that name its originator, and find what its words still say. Pure.

1. Fields that say who made something, or passes it on, go wherever they stand: ``created_by_ref``, ``Orgc``, authors …
2. A field whose value is the originator's name or id goes, and so do references to the identities that stand for it.
3. Objects that are nothing without what went (the identity itself, a relationship to it) go.
4. TLP labels go: the publication has its own marking. All other markings stay.
5. Words stay as they are. Names and addresses in them are found, so that a person can decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.intake import BUILT_IN_MARKINGS
from fusioncell.intake.model import Extract
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FAULTS_OF_CONTENT

NAMING = frozenset({
    "created_by_ref", "author", "authors", "author_name", "creator", "creator_email", "reporter", "contact_information",
    "x_opencti_created_by_ref", "x_misp_orgc", "x_misp_org",
})  # fmt: skip
"""Keys, in lower case, that say who made something: STIX 2.1 §3.2, usual extensions."""
NAMING_MISP = NAMING | {
    "orgc", "org", "org_id", "orgc_id", "organisation", "sharinggroup", "sharing_group_id", "event_creator_email",
    "user_id",
}
"""The MISP core format's; in STIX an account has a ``user_id``, which is an observable."""
_SUBSTANCE = {
    "relationship": ("source_ref", "target_ref"), "sighting": ("sighting_of_ref",), "identity": ("name",),
    "misp.event": ("info",), "misp.object": ("name",), "misp.attribute": ("value",),
}  # fmt: skip
"""Type of a STIX object, or kind of a MISP item → the properties without which it says nothing."""
_META = ("event", "object", "date", "published", "deleted", "credibility", "tags", "format", "columns", "delimiter",
         "markings")  # fmt: skip
"""What of an item's meta goes on: what its extraction needs, and nothing that says whose it was or where it stood."""
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_GONE = object()
MAX_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class Originator:
    """By what an originator is known: exact values (names and ids, in lower case) and words to look for in texts."""

    exact: frozenset[str]
    words: tuple[str, ...]


def known_as(names: frozenset[str], words: tuple[str, ...], entries: list[Entry]) -> Originator:
    """Add the STIX identities that the originator's items name as their creator, or that bear its name."""
    found = set(names)
    for entry in entries:
        if entry.kind != "stix" or entry.payload is None:
            continue
        body = _object(entry.payload.body)
        creator = body.get("created_by_ref")
        if isinstance(creator, str):
            found.add(creator.lower())
        if body.get("type") == "identity" and str(body.get("name", "")).strip().lower() in names:
            found.add(entry.payload.subject.lower())
    return Originator(frozenset(found), words)


def redact(entry: Entry, originator: Originator) -> tuple[bytes, dict[str, object]] | None:
    """Return an item's bytes and meta without what names the originator; None for an item that is nothing without."""
    assert entry.payload is not None
    meta = {name: value for name, value in entry.payload.meta.items() if name in _META}
    if isinstance(meta.get("tags"), (list, tuple)):
        meta["tags"] = [tag for tag in meta["tags"] if not _is_label(tag)]  # type: ignore[attr-defined]
    body = entry.payload.body
    if entry.kind != "stix" and not entry.kind.startswith("misp."):
        return body, meta
    if entry.payload.subject.lower() in originator.exact:
        return None
    before = _object(body)
    naming = NAMING if entry.kind == "stix" else NAMING_MISP
    after = _cleaned(before, originator, naming)
    if after == before:
        return body, meta
    substance = _SUBSTANCE.get(str(before.get("type", "")) if entry.kind == "stix" else entry.kind, ())
    if not isinstance(after, dict) or any(name in before and name not in after for name in substance):
        return None
    return msgspec.json.encode(after), meta


def warn(entry: Entry, body: bytes, extract: Extract, originator: Originator) -> list[str]:
    """Return what the words of an item still say of its originator, and addresses of people in them."""
    text = body.decode("utf-8", "replace")
    found = [
        f"the text names {word!r}"
        for word in originator.words
        if word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
    ]
    values = {claim.observable.value.lower() for claim in extract.claims if claim.role}
    prose = f"{extract.title}\n{extract.text}"
    found += [
        f"the address {address} stands in the text"
        for address in dict.fromkeys(_ADDRESS.findall(prose))
        if address.lower() not in values
    ]
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = msgspec.json.decode(body)
    except FAULTS_OF_CONTENT:
        return {}
    return read if isinstance(read, dict) else {}


def _is_label(tag: object) -> bool:
    return isinstance(tag, str) and tag.strip().lower().startswith("tlp:")


def _cleaned(value: Any, originator: Originator, naming: frozenset[str]) -> Any:
    if isinstance(value, str):
        lower = value.strip().lower()
        return _GONE if lower in originator.exact or lower in BUILT_IN_MARKINGS else value
    if isinstance(value, list):
        kept = [one for each in value if (one := _cleaned(each, originator, naming)) is not _GONE]
        return _GONE if value and not kept else kept
    if isinstance(value, dict):
        if _is_label(value.get("name")) or (value.get("definition_type") == "tlp"):
            return _GONE
        kept_fields = {
            name: one
            for name, each in value.items()
            if name.lower() not in naming and (one := _cleaned(each, originator, naming)) is not _GONE
        }
        return _GONE if value and not kept_fields else kept_fields
    return value
