"""The step that says what an item refers to: entities by id, tag, ATT&CK number, CVE, or a label that is a name. Pure.

A reference is a text, and knows no galaxy: which entity it means is said when it is read (``knowledge``), so that a new
version of the galaxies rebuilds nothing. Its forms:

* a UUID: of a STIX object, or of a galaxy's cluster;
* ``T1566.001``, ``G0016``, ``S0154``, ``C0024``: an ATT&CK id, also out of a galaxy tag that ends with one;
* ``CVE-2026-1234``;
* ``threat-actor=apt29``: of the tag ``misp-galaxy:threat-actor="APT29"``;
* ``~emotet``: a plain label, which may be a name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from fusioncell.intake.model import Extract
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import ObservableType
from fusioncell.kernel.ports import storable

MAX_REFS = 200
"""References that are kept of one item."""
MAX_NAMES = 100
MAX_NAME = 120
ENTITY_TYPES = {
    "intrusion-set": "actor", "threat-actor": "actor", "malware": "malware", "tool": "tool",
    "attack-pattern": "technique", "campaign": "campaign", "vulnerability": "vulnerability",
}  # fmt: skip
"""STIX's types that are entities (STIX 2.1 §4)."""

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
_ATTACK = re.compile(r"\b(?:T\d{4}(?:\.\d{3})?|[GSC]\d{4})\b")
_ATTACK_ONLY = re.compile(r"(?:T\d{4}(?:\.\d{3})?|[GSC]\d{4})\Z")
_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_GALAXY = re.compile(r'misp-galaxy:([^="]{1,60})="([^"]{1,200})"\Z', re.IGNORECASE)
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}\Z", re.IGNORECASE)


class Said(NamedTuple):
    """What a STIX object says of the entity that it is. ``names``: its own first. ``external``: its ATT&CK id."""

    entity: str
    kind: str
    names: tuple[str, ...]
    external: str
    tactics: tuple[str, ...]
    description: str


class Related(NamedTuple):
    """What a STIX relationship says of two objects, by UUID."""

    source: str
    target: str
    type: str


class _Reference(msgspec.Struct, gc=False):
    source_name: str = ""
    external_id: str | None = None


class _Phase(msgspec.Struct, gc=False):
    kill_chain_name: str = ""
    phase_name: str = ""


class _Object(msgspec.Struct, gc=False):
    name: str = ""
    description: str = ""
    aliases: list[str] = []
    x_mitre_aliases: list[str] = []
    external_references: list[_Reference] = []
    kill_chain_phases: list[_Phase] = []
    revoked: bool = False


class _Relationship(msgspec.Struct, gc=False):
    source_ref: str = ""
    target_ref: str = ""
    relationship_type: str = ""
    revoked: bool = False


class _Report(msgspec.Struct, gc=False):
    object_refs: list[str] = []


_object = msgspec.json.Decoder(_Object).decode
_relationship = msgspec.json.Decoder(_Relationship).decode
_report = msgspec.json.Decoder(_Report).decode
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def fold(name: str) -> str:
    """Return a name as names are compared: letter case, and white space at the ends and doubled, do not count."""
    return " ".join(name.lower().split())


@lru_cache(maxsize=16384)
def number_of(ref: str) -> int:
    """Return the number under which a reference is kept, 64 bits that nobody can make another reference to meet."""
    return int.from_bytes(blake2b(ref.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=8192)
def refs_of_label(label: str) -> tuple[str, ...]:
    """Return what one label or tag refers to, mostly nothing."""
    if not 3 <= len(label) <= 240:
        return ()
    tag = _GALAXY.match(label)
    if tag:
        kind, value = tag[1].strip().lower(), tag[2].strip()
        number = _ATTACK.findall(value)
        if number and value.endswith(number[-1]):
            return (number[-1],)
        return (value.lower(),) if _UUID.match(value.lower()) else (f"{kind}={fold(value)}",)
    if _ATTACK_ONLY.match(label):
        return (label,)
    if _CVE.match(label):
        return (label.upper(),)
    if ":" in label or "=" in label:
        return tuple(dict.fromkeys(_TECHNIQUE.findall(label)))
    numbers = tuple(dict.fromkeys(_TECHNIQUE.findall(label)))
    return numbers or ((f"~{fold(label)}",) if len(label) <= MAX_NAME else ())


def refs_in(entry: Entry, extract: Extract) -> tuple[str, ...]:
    """Return what an item refers to, each once, in a fixed order."""
    claims = extract.claims
    common: tuple[str, ...] = ()
    more: list[str] = []
    if claims or extract.labels:
        common = _refs_of_labels(extract.labels, tuple([claim.context for claim in claims]))
        more = [storable(claim.observable.value) for claim in claims
                if claim.observable.type is ObservableType.VULNERABILITY]  # fmt: skip
    if "T" in extract.title:
        more += _TECHNIQUE.findall(extract.title)
    if extract.ties is not None:
        more += [number for number in map(_entity_of, extract.ties[:2]) if number]
    elif entry.kind == "stix" and entry.payload is not None:
        more += _of_stix(entry.payload.subject, entry.payload.body)
    return common[:MAX_REFS] if not more else tuple(sorted({*common, *more})[:MAX_REFS])


@lru_cache(maxsize=1024)
def _refs_of_labels(labels: tuple[str, ...], contexts: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Return what labels refer to; the items of one event mostly bear the same."""
    said = dict.fromkeys(labels) | dict.fromkeys(label for context in contexts for label in context)
    return tuple(sorted({storable(ref) for label in said for ref in refs_of_label(label)}))


def _of_stix(subject: str, body: bytes) -> list[str]:
    """Return the ids that a STIX object itself is or points to."""
    type, _, number = subject.partition("--")
    if type in ENTITY_TYPES and _UUID.match(number):
        return [number]
    try:
        if type == "relationship":
            return [number for ref in _ties(body)[:2] if (number := _entity_of(ref))]
        if type == "report":
            return [n for ref in _report(body).object_refs[:MAX_REFS] if (n := _entity_of(ref))]
    except _BAD:
        pass  # intake lists it as a fault
    return []


def _ties(body: bytes) -> tuple[str, str, str]:
    """Return source, target and type of a relationship that intake did not read so."""
    one = _relationship(body)
    return ("", "", "") if one.revoked else (one.source_ref, one.target_ref, one.relationship_type)


@lru_cache(maxsize=8192)
def _entity_of(ref: str) -> str:
    """Return the UUID of a reference to an entity, "" for one to anything else."""
    type, _, number = ref.partition("--")
    return number if type in ENTITY_TYPES and _UUID.match(number) else ""


def said_of(entry: Entry) -> Said | None:
    """Return what an entry says of the entity that it is; None for one that is none."""
    payload = entry.payload
    if entry.kind != "stix" or payload is None:
        return None
    type, _, number = payload.subject.partition("--")
    if type not in ENTITY_TYPES or not _UUID.match(number):
        return None
    try:
        one = _object(payload.body)
    except _BAD:
        return None
    names = [" ".join(storable(name)[:MAX_NAME].split()) for name in (one.name, *one.aliases, *one.x_mitre_aliases)]
    own = tuple(dict.fromkeys(name for name in names if name))[:MAX_NAMES]
    if one.revoked or not own:
        return None
    external = next((ref.external_id for ref in one.external_references if ref.external_id
                     and (_ATTACK_ONLY.match(ref.external_id) or _CVE.match(ref.external_id))), "")  # fmt: skip
    tactics = [f"{phase.kill_chain_name}:{phase.phase_name}"[:MAX_NAME] for phase in one.kill_chain_phases[:40]]
    return Said(number, ENTITY_TYPES[type], own, external, tuple(map(storable, tactics)),
                storable(one.description[:2000]))  # fmt: skip


def related_by(entry: Entry, extract: Extract) -> Related | None:
    """Return what a relationship between two entities says; None for any other entry."""
    payload = entry.payload
    if entry.kind != "stix" or payload is None or not payload.subject.startswith("relationship--"):
        return None
    try:
        source, target, type = extract.ties or _ties(payload.body)
    except _BAD:
        return None
    source, target = _entity_of(source), _entity_of(target)
    return Related(source, target, storable(type[:60])) if source and target else None
