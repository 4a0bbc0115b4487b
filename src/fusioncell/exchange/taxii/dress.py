"""Make a stored object ready to leave: TLP markings, ``spec_version``, neutral values for what was withdrawn. Pure.

The bytes are those that came in, but for two properties: ``spec_version`` where it lacks, and the TLP in
``object_marking_refs``, which is the one that holds here. A marking-definition under a built-in id is always the
built-in one, whatever was posted (real bundles carry WHITE's id with another content).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from fusioncell.exchange.taxii.model import STIX_20
from fusioncell.intake import BUILT_IN_MARKINGS
from fusioncell.kernel.marking import Tlp

_TLP1 = {
    Tlp.CLEAR: "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    Tlp.GREEN: "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    Tlp.AMBER: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    Tlp.RED: "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""STIX 2.1 §7.2.1.4. AMBER+STRICT has no TLP 1.0 form: it is withheld from those who know no other."""
_TLP2 = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_CREATED = {1: "2017-01-20T00:00:00.000Z", 2: "2022-10-01T00:00:00.000Z"}
_WORDS = {1: {Tlp.CLEAR: "WHITE"}, 2: {}}


class _Seen(msgspec.Struct, gc=False):
    spec_version: Any = ...
    object_marking_refs: msgspec.Raw = msgspec.Raw(b"")
    granular_markings: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_seen = msgspec.json.Decoder(_Seen).decode
_raws = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_texts = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.encode
_SPECS = {21: b'"spec_version":"2.1",', 20: b'"spec_version":"2.0",'}


def dress(body: bytes, oid: str, tlp: Tlp, spec: int, generation: int = 2, *, plain_20: bool = False) -> bytes:
    """Return an object as it leaves. ``generation``: of TLP, 1 or 2. ``plain_20``: STIX 2.0 as it was, without the
    ``spec_version`` that its objects do not have.
    """
    if oid in BUILT_IN_MARKINGS:
        return built_in(oid)
    seen = _seen(body)
    refs, parts = bytes(seen.object_marking_refs), seen.granular_markings
    marked = not oid.startswith("marking-definition--")
    wanted = _refs(refs, (_TLP1 if generation == 1 else _TLP2)[tlp]) if marked else refs
    granular = b"" if parts is msgspec.UNSET else bytes(parts)
    wanted_parts = _mapped(granular, generation) if granular else granular
    front = b"" if seen.spec_version is not ... or (plain_20 and spec == STIX_20) else _SPECS[spec]
    changed = (wanted != refs and refs) or wanted_parts != granular
    if changed:
        around = body.split(refs) if wanted_parts == granular else []
        body = wanted.join(around) if len(around) == 2 else _rebuilt(body, wanted, wanted_parts)
    elif wanted != refs:
        front += b'"object_marking_refs":' + wanted + b","
    return b"".join((b"{", front, memoryview(body.lstrip())[1:])) if front else body


@lru_cache(4096)
def _refs(refs: bytes, marking: str) -> bytes:
    """Return the references with the TLP that holds in place of those that they name."""
    try:
        named = _texts(refs) if refs else []
    except msgspec.DecodeError:
        named = []
    kept = [ref for ref in named if ref not in BUILT_IN_MARKINGS]
    return refs if named == [*kept, marking] else _encode([*kept, marking])


def _mapped(granular: bytes, generation: int) -> bytes:
    """Return granular markings with each TLP in its form of this generation; AMBER+STRICT as RED where it has none."""
    forms = _TLP1 if generation == 1 else _TLP2
    for known, tlp in BUILT_IN_MARKINGS.items():
        granular = granular.replace(known.encode(), forms.get(tlp, forms[Tlp.RED]).encode())
    return granular


def _rebuilt(body: bytes, refs: bytes, granular: bytes) -> bytes:
    parts = _raws(body)
    if refs:
        parts["object_marking_refs"] = msgspec.Raw(refs)
    if granular:
        parts["granular_markings"] = msgspec.Raw(granular)
    return _encode(parts)


@lru_cache(16)
def built_in(oid: str) -> bytes:
    """Return a built-in marking-definition, as its standard has it."""
    generation = 1 if oid in _TLP1.values() else 2
    tlp = BUILT_IN_MARKINGS[oid]
    made: dict[str, Any] = {"type": "marking-definition", "spec_version": "2.1", "id": oid,
                            "created": _CREATED[generation]}  # fmt: skip
    if generation == 1:
        word = _WORDS[1].get(tlp, tlp.value.upper())
        return _encode({**made, "definition_type": "tlp", "name": f"TLP:{word}", "definition": {"tlp": word.lower()}})
    return _encode({**made, "name": tlp.label, "extensions": {
        _EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.value}}})


# -- what was withdrawn ------------------------------------------------------------------------------------------------

_NOBODY = "identity--6e9f5a2b-3b1c-5f47-8f7e-0d4a3c2b1a90"
"""Whom neutral references name: an identity that is nowhere."""
_ID = "file--00abedb4-aa42-566c-9c01-fed23315a9b7"
_AT = "created"
"""Stands in the table for the object's own instant of creation."""
_NEUTRAL: dict[str, dict[str, Any]] = {
    "attack-pattern": {"name": "withdrawn"},
    "campaign": {"name": "withdrawn"},
    "course-of-action": {"name": "withdrawn"},
    "grouping": {"context": "unspecified", "object_refs": [_NOBODY]},
    "identity": {"name": "withdrawn"},
    "incident": {"name": "withdrawn"},
    "indicator": {"pattern": "[file:name = 'withdrawn']", "pattern_type": "stix", "valid_from": _AT},
    "infrastructure": {"name": "withdrawn"},
    "intrusion-set": {"name": "withdrawn"},
    "language-content": {"object_ref": _NOBODY, "contents": {"en": {"name": "withdrawn"}}},
    "location": {"region": "world"},
    "malware": {"is_family": False},
    "malware-analysis": {"product": "withdrawn", "result": "unknown"},
    "note": {"content": "withdrawn", "object_refs": [_NOBODY]},
    "observed-data": {"first_observed": _AT, "last_observed": _AT, "number_observed": 1, "object_refs": [_ID]},
    "opinion": {"opinion": "neutral", "object_refs": [_NOBODY]},
    "report": {"name": "withdrawn", "published": _AT, "object_refs": [_NOBODY]},
    "threat-actor": {"name": "withdrawn"},
    "tool": {"name": "withdrawn"},
    "vulnerability": {"name": "withdrawn"},
    "relationship": {"relationship_type": "related-to", "source_ref": _NOBODY, "target_ref": _NOBODY},
    "sighting": {"sighting_of_ref": _NOBODY},
    "extension-definition": {
        "name": "withdrawn", "schema": "withdrawn", "version": "0.0.0", "extension_types": ["property-extension"],
        "created_by_ref": _NOBODY,
    },
}  # fmt: skip
"""What STIX 2.1 §4, §5, §7.3 require of each type beside the common properties, saying nothing."""


class _Origin(msgspec.Struct, gc=False):
    created: str = ""
    created_by_ref: str = ""


_origin = msgspec.json.Decoder(_Origin).decode


def withdrawn(body: bytes, type: str, oid: str, spec: int, stamp: str, tlp: Tlp, generation: int = 2) -> bytes:
    """Return the version that says that an object was withdrawn: revoked, and nothing of what it held.

    Its creator stays, for only the creator's revocation counts (STIX 2.1 §3.6).
    """
    try:
        origin = _origin(body)
    except msgspec.DecodeError:
        origin = _Origin()
    created = origin.created or stamp
    neutral = {name: created if value == _AT else value for name, value in _NEUTRAL.get(type, {}).items()}
    made: dict[str, Any] = {"type": type, "spec_version": "2.0" if spec == STIX_20 else "2.1", "id": oid}
    if origin.created_by_ref:
        made["created_by_ref"] = origin.created_by_ref
    if spec == STIX_20:
        neutral = {"labels": ["withdrawn"], **neutral}
    marks = [(_TLP1 if generation == 1 else _TLP2)[tlp]]
    return _encode(neutral | made | {
        "created": created, "modified": stamp, "revoked": True, "object_marking_refs": marks})
