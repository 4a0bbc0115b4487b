"""What one STIX object claims, read from its exact bytes.

Rules kept here (*mentioned is not guilty*, *old news is history*):

1. An indicator whose pattern is made of equalities speaks of their observables: attacker's and malicious; benign where
   its types say so; suspicious where they say no more than anomalous; a compromised host's where they say only that. A
   revoked one ends what its creator claimed. Whether it has expired is for the reader to decide, who has a clock:
   ``until`` is its ``valid_until``.
2. A pattern that is more than equalities yields context only, and a note: that A **and** B together are malicious says
   nothing of A alone.
3. Cyber observables (STIX 2.1 §6; 2.0's embedded ones too) and a vulnerability's CVE are context.
4. A sighting refreshes what it sights, by id: the observables stand in the other object's entry.
5. The age runs from ``last_seen``, else ``valid_from``, for an indicator; context is dated by ``modified``.

A property of a wrong type is a fault, and the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw

from fusioncell.intake.instants import rfc3339
from fusioncell.intake.model import Extract, Fault, Sighting
from fusioncell.intake.pattern import observables_in
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical

MAX_TEXT = 20_000
"""Characters of an object's text that the search takes."""
MAX_EMBEDDED = 1_000
"""Embedded observables that are read of one 2.0 observed-data (it allows 1 to n)."""

_T = ObservableType


class _Phase(msgspec.Struct, gc=False):
    kill_chain_name: str = ""
    phase_name: str = ""


class _Reference(msgspec.Struct, gc=False):
    source_name: str = ""
    url: str | None = None
    external_id: str | None = None


class _Doc(msgspec.Struct, gc=False):
    """An SDO, SRO or marking, as far as it says something to claims and search.

    What is read for other rooms alone is of any type: it makes no fault here.
    """

    name: str | None = None
    description: str | None = None
    aliases: tuple[str, ...] = ()
    x_mitre_aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    indicator_types: tuple[str, ...] = ()
    malware_types: tuple[str, ...] = ()
    kill_chain_phases: tuple[_Phase, ...] = ()
    external_references: tuple[_Reference, ...] = ()
    created_by_ref: str | None = None
    created: str | None = None
    modified: str | None = None
    revoked: bool = False
    confidence: int | None = None
    pattern: str | None = None
    pattern_type: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    last_seen: str | None = None
    first_seen: str | None = None
    last_observed: str | None = None
    sighting_of_ref: str | None = None
    count: int | None = None
    summary: bool = False
    relationship_type: str | None = None
    source_ref: Any = None
    target_ref: Any = None
    spec_version: Any = None
    content: str | None = None
    abstract: str | None = None
    explanation: str | None = None
    opinion: str | None = None
    objects: dict[str, Raw] = {}


class _Sco(msgspec.Struct, gc=False):
    """A cyber observable (STIX 2.1 §6, STIX 2.0 part 4)."""

    type: str = ""
    value: str | None = None
    name: str | None = None
    hashes: dict[str, str] = {}
    number: int | None = None
    key: str | None = None
    path: str | None = None
    command_line: str | None = None
    account_login: str | None = None
    user_id: str | None = None
    cpe: str | None = None
    subject: str | None = None
    message_id: str | None = None
    display_name: str | None = None
    labels: list[str] = []
    created_by_ref: str | None = None
    modified: str | None = None


_DOC = msgspec.json.Decoder(_Doc)
_SCO = msgspec.json.Decoder(_Sco)

_PROPERTIES: dict[str, tuple[tuple[str, ObservableType], ...]] = {
    "ipv4-addr": (("value", _T.IPV4),),
    "ipv6-addr": (("value", _T.IPV6),),
    "domain-name": (("value", _T.DOMAIN),),
    "url": (("value", _T.URL),),
    "email-addr": (("value", _T.EMAIL),),
    "mac-addr": (("value", _T.MAC),),
    "autonomous-system": (("number", _T.ASN),),
    "file": (("name", _T.FILENAME),),
    "artifact": (),
    "x509-certificate": (),
    "directory": (("path", _T.DIRECTORY),),
    "mutex": (("name", _T.MUTEX),),
    "process": (("command_line", _T.PROCESS),),
    "software": (("cpe", _T.SOFTWARE),),
    "user-account": (("account_login", _T.USER_ACCOUNT), ("user_id", _T.USER_ACCOUNT)),
    "windows-registry-key": (("key", _T.REGISTRY_KEY),),
    "email-message": (("subject", _T.EMAIL_SUBJECT), ("message_id", _T.EMAIL_MESSAGE_ID)),
    "network-traffic": (),
}
"""The observables' types (STIX 2.1 §6) and their properties that are observables of the hub."""

_HASHES = {
    "MD5": _T.MD5, "SHA1": _T.SHA1, "SHA256": _T.SHA256, "SHA512": _T.SHA512, "SHA224": _T.SHA224,
    "SHA384": _T.SHA384, "SHA3256": _T.SHA3_256, "SHA3512": _T.SHA3_512, "SSDEEP": _T.SSDEEP, "TLSH": _T.TLSH,
    "IMPHASH": _T.IMPHASH, "AUTHENTIHASH": _T.AUTHENTIHASH,
}
_CERTIFICATE_HASHES = {"MD5": _T.X509_MD5, "SHA1": _T.X509_SHA1, "SHA256": _T.X509_SHA256}

_WEAK_TYPES = frozenset(("anomalous-activity", "anonymization"))
_NAMED_LABELS = frozenset(("malware", "tool", "intrusion-set", "threat-actor", "campaign"))
_CREDIBILITY_STEPS = ((80, 1), (60, 2), (40, 3), (20, 4), (0, 5))


def credibility(confidence: int | None) -> int:
    """Map STIX confidence 0–100 to Admiralty credibility 1–6 (STIX 2.1 appendix A, "Admiralty Credibility").

    Absent or out of range means 6, cannot be judged.
    """
    if confidence is None or not 0 <= confidence <= 100:
        return 6
    return next(grade for floor, grade in _CREDIBILITY_STEPS if confidence >= floor)


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one object. Never raises for what the object holds; what cannot be read is in the faults."""
    faults: list[Fault] = []
    type = subject.partition("--")[0]
    if type in _PROPERTIES:
        return _extract_sco(subject, type, body, faults)
    doc = _read(_DOC, _Doc, body, faults)
    ties, spec = (_ties(type, doc), _spec(doc)) if not faults else (None, "")
    labels = _labels(type, doc)
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    if type == "indicator":
        claims, notes = _indicator(subject, doc, labels, faults)
    elif type == "sighting":
        sightings = _sighting(doc, faults)
    elif type == "observed-data":
        claims = _embedded(subject, doc, labels, faults)
    elif type == "vulnerability":
        claims = _vulnerability(subject, doc, version, labels, faults)
    return Extract(claims, _title(type, doc), _text(doc), labels, tuple(faults), notes, sightings, ties, spec)


def _read(decoder: msgspec.json.Decoder[Any], shape: Any, body: bytes, faults: list[Fault]) -> Any:
    """Decode; where a property is of a wrong type, list it and read the others."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _mended(shape, body, faults)


def _mended(shape: Any, body: bytes, faults: list[Fault]) -> Any:
    """Read property by property, listing those that are not of their type."""
    try:
        raws = msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        faults.append(Fault("", str(error), body))
        return shape()
    good: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):
        raw = raws.get(field.encode_name)
        if raw is None:
            continue
        try:
            good[field.name] = msgspec.json.decode(raw, type=field.type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            faults.append(Fault(field.encode_name, str(error), bytes(raw)[:MAX_TEXT]))
    return shape(**good)


def _ties(type: str, doc: _Doc) -> tuple[str, str, str] | None:
    """Return what a relationship ties (STIX 2.1 §5.1.2)."""
    if type != "relationship" or doc.revoked or doc.relationship_type is None:
        return None
    source, target = doc.source_ref, doc.target_ref
    return (source, target, doc.relationship_type) if isinstance(source, str) and isinstance(target, str) else None


def _spec(doc: _Doc) -> str:
    """Return what an object that is in order says of its version."""
    said = doc.spec_version
    return said if isinstance(said, str) and doc.modified is not None and doc.created is not None else ""


def _labels(type: str, doc: _Doc) -> tuple[str, ...]:
    """The words that say what kind of thing this is about, in order, each once."""
    found = [*doc.labels, *doc.indicator_types, *doc.malware_types]
    if doc.kill_chain_phases:
        found += [f"{phase.kill_chain_name}:{phase.phase_name}" for phase in doc.kill_chain_phases]
    found += [ref.external_id for ref in doc.external_references
              if ref.external_id and ref.source_name.startswith(("mitre", "cve"))]
    if type in _NAMED_LABELS and doc.name:
        found.append(doc.name)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _title(type: str, doc: _Doc) -> str:
    return (doc.name or doc.abstract or doc.relationship_type or doc.pattern or type)[:500]


def _text(doc: _Doc) -> str:
    """All that a search may find the object by, bounded."""
    parts = [doc.description, doc.content, doc.explanation, doc.opinion, doc.pattern, *doc.aliases,
             *doc.x_mitre_aliases]
    parts += [ref.external_id for ref in doc.external_references if ref.external_id]
    return "\n".join([part for part in parts if part])[:MAX_TEXT]


def _instant(doc: _Doc, name: str, faults: list[Fault]) -> int | None:
    """Read one of the object's times; a fault where it is none."""
    text = getattr(doc, name)
    if not text:
        return None
    try:
        return rfc3339(text)
    except ValueError as error:
        faults.append(Fault(name, str(error)))
        return None


def _keys(subject: str, doc: _Doc) -> tuple[str, ...]:
    return (subject, *[ref.url for ref in doc.external_references if ref.url])


def _indicator(subject: str, doc: _Doc, labels: tuple[str, ...],
               faults: list[Fault]) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Read an indicator (STIX 2.1 §4.7; 2.0 has its types in ``labels`` and always STIX patterns)."""
    if doc.pattern is None:
        return (), ("the indicator has no pattern",)
    if doc.pattern_type not in (None, "stix"):
        return (), (f"a pattern of type {doc.pattern_type[:40]} is kept and not read",)
    reading = observables_in(doc.pattern)
    faults += [Fault("pattern", reason, doc.pattern[:MAX_TEXT].encode("utf-8", "replace")) for reason in reading.bad]
    role, stance = _judgement(doc)
    notes: tuple[str, ...] = ()
    if not reading.complete:
        notes = (reading.reason or "the pattern is more than equalities",)
        if stance is not Stance.END:
            role, stance = Role.CONTEXT, Stance.NONE
    stated = _instant(doc, "last_seen", faults)
    if stated is None:
        stated = _instant(doc, "valid_from", faults)
    if stated is None:
        stated = _instant(doc, "modified", faults)
    until = _instant(doc, "valid_until", faults)
    grade, creator, keys = credibility(doc.confidence), doc.created_by_ref or "", _keys(subject, doc)
    claims = [Claim(observable, role, stance, stated, until, grade, creator, keys, labels)
              for observable in reading.equalities]
    claims += [Claim(observable, Role.CONTEXT, Stance.NONE, stated, until, grade, creator, keys, labels)
               for observable in reading.beside]
    return tuple(claims), notes


def _judgement(doc: _Doc) -> tuple[Role, Stance]:
    """Tell what an indicator says of its observables (open vocabulary, STIX 2.1 §10.5)."""
    if doc.revoked:
        return Role.ATTACKER, Stance.END
    types = {word.lower() for word in doc.indicator_types or doc.labels}
    if "benign" in types:
        return Role.CONTEXT, Stance.BENIGN
    if types == {"compromised"}:
        return Role.COMPROMISED, Stance.NONE
    if types and types <= _WEAK_TYPES:
        return Role.ATTACKER, Stance.SUSPICIOUS
    return Role.ATTACKER, Stance.MALICIOUS


def _sighting(doc: _Doc, faults: list[Fault]) -> tuple[Sighting, ...]:
    """Read a sighting (STIX 2.1 §5.2). A revoked one, or one that counts nothing, refreshes nothing."""
    if not doc.sighting_of_ref or doc.revoked or doc.count == 0:
        return ()
    stated = _instant(doc, "last_seen", faults)
    for name in ("first_seen", "modified"):
        if stated is None:
            stated = _instant(doc, name, faults)
    return (Sighting(doc.sighting_of_ref, Stance.MALICIOUS, stated, max(doc.count or 1, 1), doc.created_by_ref or ""),)


def _vulnerability(subject: str, doc: _Doc, version: int, labels: tuple[str, ...],
                   faults: list[Fault]) -> tuple[Claim, ...]:
    """A vulnerability speaks of the CVE that it is (STIX 2.1 §4.18)."""
    names = [ref.external_id for ref in doc.external_references if ref.source_name == "cve" and ref.external_id]
    if not names and doc.name and doc.name.upper().startswith("CVE-"):
        names = [doc.name]
    found = [_observable(_T.VULNERABILITY, name, "external_references", faults) for name in names]
    return _context(subject, [one for one in found if one], version or None, doc.created_by_ref, labels)


def _embedded(subject: str, doc: _Doc, labels: tuple[str, ...], faults: list[Fault]) -> tuple[Claim, ...]:
    """Read the observables inside a STIX 2.0 observed-data (2.0 part 2 §2.8)."""
    found: list[Observable] = []
    for key, raw in list(doc.objects.items())[:MAX_EMBEDDED]:
        inner: list[Fault] = []
        sco = _read(_SCO, _Sco, bytes(raw), inner)
        found += _observables(sco.type, sco, inner)
        faults += [Fault(f"objects.{key}.{fault.place}", fault.reason, fault.body) for fault in inner]
    if len(doc.objects) > MAX_EMBEDDED:
        faults.append(Fault("objects", f"only the first {MAX_EMBEDDED:,} embedded observables are read"))
    return _context(subject, found, _instant(doc, "last_observed", faults), doc.created_by_ref, labels)


def _extract_sco(subject: str, type: str, body: bytes, faults: list[Fault]) -> Extract:
    """Read a cyber observable of STIX 2.1."""
    sco = _read(_SCO, _Sco, body, faults)
    found = list(_observables(type, sco, faults))
    stated = None
    if sco.modified:
        try:
            stated = rfc3339(sco.modified)
        except ValueError as error:
            faults.append(Fault("modified", str(error)))
    labels = tuple(sco.labels)
    title = sco.value or sco.name or (found[0].value if found else type)
    return Extract(_context(subject, found, stated, sco.created_by_ref, labels), title[:500],
                   sco.display_name or "", labels, tuple(faults))


def _observables(type: str, sco: _Sco, faults: list[Fault]) -> Iterator[Observable]:
    """The observables that a cyber observable object is made of."""
    for name, kind in _PROPERTIES.get(type, ()):
        value = getattr(sco, name)
        if value is not None and value != "":
            observable = _observable(kind, str(value), name, faults)
            if observable is not None:
                yield observable
    if sco.hashes:
        known = _CERTIFICATE_HASHES if type == "x509-certificate" else _HASHES
        for name, value in sco.hashes.items():
            algorithm = known.get(name.upper().replace("-", "").replace("_", ""))
            if algorithm is not None:
                observable = _observable(algorithm, value, f"hashes.{name}", faults)
                if observable is not None:
                    yield observable


def _observable(kind: ObservableType, value: str, place: str, faults: list[Fault]) -> Observable | None:
    try:
        return canonical(kind, value)
    except BadValue as error:
        faults.append(Fault(place, str(error)))
        return None


def _context(subject: str, found: Iterable[Observable], stated: int | None, creator: str | None,
             labels: tuple[str, ...]) -> tuple[Claim, ...]:
    """Claims that say no more than *mentioned*."""
    return tuple([Claim(observable, Role.CONTEXT, Stance.NONE, stated, None, 6, creator or "", (subject,), labels)
                  for observable in found])
