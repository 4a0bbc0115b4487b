"""STIX 2.0 and 2.1: bundles, TAXII 2.1 envelopes, lists of objects and a single object, cut into objects.

Rules kept here:

1. An object is taken with its exact bytes; what this hub does not know of it stays in them (STIX 2.1 §3.1 and §11).
2. An object needs a ``type`` and an ``id`` of that type (§2.9). Nothing more is asked: strict validators refuse all of
   ATT&CK. One bad object is a fault; the others are kept.
3. The version is ``modified``, else ``created``, else 0, as an instant: producers differ in their digits (§3.6).
4. TLP is read from ``object_marking_refs`` and, since a marked part withholds the whole object, from
   ``granular_markings`` (§7.2); the strictest counts. The fixed ids of TLP 1.0 (§7.2.1.4) and TLP 2.0 are built in and
   **a posted marking-definition never overrides them** (eight public bundles carry WHITE's id with another content).
   A reference that neither is built in nor stands in the same body is recorded in ``meta["markings"]``.

Not here: what an object claims (``stix_claims``), storing, defaults for what is unmarked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from fusioncell.intake import jsonbody
from fusioncell.intake.instants import rfc3339
from fusioncell.intake.model import Fault, Item, Limits, Split
from fusioncell.intake.pap import KEPT, may_say_passive, says_passive
from fusioncell.intake.stix_claims import extract
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, parse_tlp, strictest

__all__ = ["BUILT_IN_MARKINGS", "assemble", "extract", "split"]

BUILT_IN_MARKINGS: dict[str, Tlp] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
}
"""TLP 1.0 (STIX 2.1 §7.2.1.4), then TLP 2.0 (extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d)."""

_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\Z")


class _Granular(msgspec.Struct, gc=False):
    marking_ref: str | None = None


class _Head(msgspec.Struct, gc=False):
    """What the envelope check looks at."""

    type: str
    id: str
    modified: str | None = None
    created: str | None = None
    object_marking_refs: list[str] = []
    granular_markings: list[_Granular] = []


_Kept = tuple[int, bytes, _Head]
"""An object that passed: its index, its bytes, its head."""
_UNMARKED: tuple[Tlp | None, dict[str, object]] = (None, {})


class _Envelope(msgspec.Struct):
    """A bundle (STIX 2.1 §8), a TAXII 2.1 envelope (§3.7), or the start of a single object."""

    type: str | None = None
    id: str | None = None
    objects: list[Raw] | None = None


class _TlpDefinition(msgspec.Struct):
    tlp: str | None = None


class _Tlp2Extension(msgspec.Struct):
    tlp_2_0: str | None = None


class _Marking(msgspec.Struct):
    """A marking-definition, as far as it may state a TLP."""

    name: str | None = None
    definition_type: str | None = None
    definition: _TlpDefinition | None = None
    extensions: dict[str, _Tlp2Extension] = {}


class _Named(msgspec.Struct):
    name: str | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_RAWS = msgspec.json.Decoder(list[Raw])
_HEAD = msgspec.json.Decoder(_Head)
_MARKING = msgspec.json.Decoder(_Marking)
_NAMED = msgspec.json.Decoder(_Named)
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body into STIX objects.

    Raises BadInput where the JSON or its envelope is malformed, TooLarge over a limit.
    """
    body = jsonbody.checked(body, limits)
    prefix, raws = _objects_of(body)
    jsonbody.bound_items(len(raws), limits)
    faults: list[Fault] = []
    kept = _heads(raws, prefix, jsonbody.flat_length(body, limits), limits, faults)
    items = _items(kept, prefix, may_say_passive(body), faults)
    return Split(tuple(items), tuple(faults), _title(kept))


def _heads(raws: Sequence[Raw], prefix: str, flat: int, limits: Limits, faults: list[Fault]) -> list[_Kept]:
    """Check the objects' heads; the hot loop."""
    kept: list[_Kept] = []
    decode, match = _HEAD.decode, _UUID.match
    for index, raw in enumerate(raws):
        item = bytes(raw)
        reason = jsonbody.item_fault(item, limits) if len(item) > flat else ""
        if not reason:
            try:
                head = decode(item)
            except _DECODE_ERRORS as error:
                reason = str(error)
            else:
                type, identifier = head.type, head.id
                size = len(type)
                if identifier.startswith(type) and identifier[size:size + 2] == "--" and match(identifier, size + 2):
                    kept.append((index, item, head))
                    continue
                reason = f"the id {identifier[:80]!r} is no {type[:80]!r} id (STIX 2.1 §2.9)"
        faults.append(Fault(f"{prefix}[{index}]" if prefix else "object", reason, item))
    return kept


def _objects_of(body: bytes) -> tuple[str, Sequence[Raw]]:
    """Return the objects of any of the four envelopes, and the name under which they stand ("" for a single one).

    A list may hold bundles, too: their objects are counted through.
    """
    if body.lstrip()[:1] == b"[":
        return "list", [one for raw in jsonbody.decode(_RAWS, body) for one in _unwrapped(raw)]
    envelope = jsonbody.decode(_ENVELOPE, body)
    if envelope.type not in (None, "bundle"):
        return "", (Raw(body),)
    if envelope.objects is not None:
        return "objects", envelope.objects
    if envelope.type is None and envelope.id is not None:
        raise BadInput('the object has no "type"', hint='A STIX object has "type" and "id" (STIX 2.1 §3.2).')
    return "objects", ()


def _unwrapped(raw: Raw) -> Sequence[Raw]:
    """Return the objects of a bundle; anything else as it is."""
    try:
        found = _ENVELOPE.decode(raw)
    except _DECODE_ERRORS:
        return (raw,)
    return found.objects if found.type == "bundle" and found.objects is not None else (raw,)


def _items(kept: Sequence[_Kept], prefix: str, pap: bool, faults: list[Fault]) -> list[Item]:
    """Make the items, once all marking-definitions of the body are known. ``pap``: whether any may carry a PAP."""
    labels, known = _markings(kept)
    passive = frozenset(head.id for _, item, head in kept
                        if pap and head.type == "marking-definition" and says_passive(item))  # fmt: skip
    marks: dict[tuple[str, ...], tuple[Tlp | None, dict[str, object]]] = {}
    versions: dict[str, int] = {}
    items = []
    for index, item, head in kept:
        refs = head.object_marking_refs
        if head.granular_markings:
            refs = refs + [part.marking_ref for part in head.granular_markings if part.marking_ref]
        mark = _UNMARKED
        if refs:
            key = tuple(refs)
            mark = marks.get(key) or marks.setdefault(key, _mark(key, labels, known, passive))
        place = f"{prefix}[{index}]" if prefix else "object"
        stamp = head.modified or head.created or ""
        version = versions.get(stamp)
        if version is None:
            try:
                version = versions[stamp] = rfc3339(stamp) if stamp else 0
            except ValueError as error:
                faults.append(Fault(place, str(error), item))
                continue
        meta = {**mark[1], KEPT: True} if pap and says_passive(item) else mark[1]
        items.append(Item("stix", head.id, version, place, item, mark[0], meta))
    return items


def _mark(
    refs: Sequence[str], labels: dict[str, Tlp], known: set[str], passive: frozenset[str]
) -> tuple[Tlp | None, dict[str, object]]:
    """Return the TLP that the references mean, and the meta that lists those that nobody knows, and a PAP."""
    unknown = [ref for ref in refs if ref not in labels and ref not in known]
    meta: dict[str, object] = {"markings": unknown} if unknown else {}
    if not passive.isdisjoint(refs):
        meta[KEPT] = True
    return strictest([labels[ref] for ref in refs if ref in labels]), meta


def _markings(kept: Iterable[_Kept]) -> tuple[dict[str, Tlp], set[str]]:
    """Return the TLP of each marking id, built in or defined here, and the ids of definitions that state none."""
    labels = dict(BUILT_IN_MARKINGS)
    known: set[str] = set()
    for _, item, head in kept:
        if head.type == "marking-definition" and head.id not in BUILT_IN_MARKINGS:
            label = _label_of(item)
            if label is None:
                known.add(head.id)
            else:
                before = labels.get(head.id)
                labels[head.id] = label if before is None else max(before, label, key=lambda tlp: tlp.strictness)
    return labels, known


def _label_of(item: bytes) -> Tlp | None:
    """Read the TLP of a marking-definition: by its definition, the TLP 2.0 extension, or its name."""
    try:
        marking = _MARKING.decode(item)
    except _DECODE_ERRORS:
        return None
    said = [marking.definition.tlp if marking.definition and marking.definition_type == "tlp" else None]
    said += [extension.tlp_2_0 for extension in marking.extensions.values()]
    if marking.name and marking.name.lower().startswith("tlp:"):
        said.append(marking.name)
    found = []
    for text in said:
        try:
            found.append(parse_tlp(text or ""))
        except BadInput:
            continue
    return strictest(found)


def _title(kept: Sequence[_Kept]) -> str:
    """Name the body after its first report or grouping, if it has one."""
    for _, item, head in kept:
        if head.type in ("report", "grouping"):
            try:
                return (_NAMED.decode(item).name or "")[:200]
            except _DECODE_ERRORS:
                break
    return f"{len(kept):,} STIX objects" if len(kept) != 1 else kept[0][2].id


def assemble(objects: Iterable[bytes], *, bundle_id: str) -> bytes:
    """Put objects, byte for byte, into a bundle (STIX 2.1 §8)."""
    head = msgspec.json.encode({"type": "bundle", "id": bundle_id})
    return head[:-1] + b',"objects":[' + b",".join(objects) + b"]}"
