"""MISP events (JSON of the core format), cut into the event's shell, its objects' shells and its attributes.

Rules kept here (MISP/misp-rfc, misp-core-format):

1. Taken are ``{"Event": …}``, ``{"response": [{"Event": …}, …]}``, an event without that wrapping (as PyMISP's
   ``MISPEvent.to_json`` writes it), a list of any, a feed's event file, and the attributes that a search gave. A
   feed's ``manifest.json`` and ``hashes.csv`` are recognised and left out with a note: they hold nothing of their own.
2. An attribute is taken with its exact bytes; an event or an object as its *shell*: all its fields, in their order,
   with the child lists emptied to ``[]``. :func:`assemble` puts them together again, and nothing is lost.
3. One bad attribute is a fault; the others are kept. A thing without a ``uuid`` gets one made of its content.
4. The marking is the strictest ``tlp:`` tag of the event and the attribute; a misspelt one counts as AMBER+STRICT.
   Distribution adds no marking: 0 (own organisation), 4 (a sharing group) and the rest stand in
   ``meta["distribution"]``, the most restrictive of the chain event → object → attribute;
   ``meta["own_organisation_only"]`` is set for 0.
5. What an attribute's claims need of its event stands in its ``meta``, one value shared by all of them.

Not here: what an attribute claims (``misp_claims``), storing, defaults for what is unmarked.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from fusioncell.intake import jsonbody
from fusioncell.intake.instants import end_of_day, epoch_seconds
from fusioncell.intake.misp_claims import admiralty, extract
from fusioncell.intake.model import Fault, Item, Limits, Split
from fusioncell.intake.pap import KEPT, any_passive, is_passive
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, parse_tlp

__all__ = ["assemble", "event_meta", "extract", "is_feed_index", "split"]

_EMPTY = Raw(b"[]")
_NO_UUID = uuid.UUID("3a2f4b83-0c1e-5d5c-9d33-0a5b1b4a6c11")
"""Namespace (made for this hub) of the ids given to things that came without a uuid."""

Number = str | int | float | None


class _Tag(msgspec.Struct, gc=False):
    name: str = ""


class _Org(msgspec.Struct, gc=False):
    uuid: str | None = None
    name: str | None = None


class _EventHead(msgspec.Struct, gc=False):
    """What the cut looks at in an event."""

    uuid: str | None = None
    info: str | None = None
    date: str | None = None
    timestamp: Number = None
    published: bool | str | int | None = None
    distribution: Number = None
    Orgc: _Org | None = None
    Tag: list[_Tag] | None = None


class _ObjectHead(msgspec.Struct, gc=False):
    """What the cut looks at in an object."""

    uuid: str | None = None
    name: str | None = None
    timestamp: Number = None
    distribution: Number = None
    deleted: bool | str | int | None = None


class _AttributeHead(msgspec.Struct, gc=False):
    """What the cut looks at in an attribute: that it is one, its id, version and marking."""

    type: str
    value: str | int | float | bool
    uuid: str | None = None
    timestamp: Number = None
    distribution: Number = None
    Tag: list[_Tag] | None = None


class _Found(msgspec.Struct):
    """Attributes that a search of MISP's gave (``attributes/restSearch``), each with what it says of its event."""

    Attribute: list[Raw]


class _Parent(msgspec.Struct):
    Event: dict[str, Raw] = {}
    event_id: Raw = Raw(b"")


class _Top(msgspec.Struct):
    """The envelopes; the events of a list are kept raw, so that one bad one does not sink the others."""

    Event: dict[str, Raw] | None = None
    response: list[Raw] | _Found | None = None
    info: Raw = Raw(b"")
    Attribute: Raw = Raw(b"")
    Object: Raw = Raw(b"")

    @property
    def bare(self) -> bool:
        """Whether it is itself an event, without the wrapping."""
        return bool(len(self.info) and (len(self.Attribute) or len(self.Object)))


_TOP = msgspec.json.Decoder(_Top)
_PARENT = msgspec.json.Decoder(_Parent)
_RAWS = msgspec.json.Decoder(list[Raw])
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_EVENT = msgspec.json.Decoder(_EventHead)
_OBJECT = msgspec.json.Decoder(_ObjectHead)
_ATTRIBUTE = msgspec.json.Decoder(_AttributeHead)
_ENCODER = msgspec.json.Encoder()
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\Z")
_FEED_INDEX = re.compile(rb'\s*\{\s*"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"\s*:\s*\{')
_FEED_HASHES = re.compile(rb"(?:[0-9a-f]{32},[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*\n?){1,5}")
_RESTRICTIVE = {"0": 0, "4": 1, "1": 2, "2": 3, "3": 4}
"""Order of the distributions, most restrictive first; "5" (inherit) has no place in it."""


@dataclass(slots=True)
class _Cut:
    """The items and faults of one body as they are found."""

    limits: Limits
    flat: int
    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def is_feed_index(body: bytes) -> bool:
    """Tell whether the body is a MISP feed's ``manifest.json`` or ``hashes.csv``."""
    return bool(_FEED_INDEX.match(body) or _FEED_HASHES.match(body))


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body into MISP items, in document order: an event's shell, its attributes, each object and its attributes.

    Raises BadInput where the JSON or its envelope is malformed, TooLarge over a limit.
    """
    body = jsonbody.checked(body, limits)
    if is_feed_index(body):
        return Split((), notes=("the index of a MISP feed (manifest.json or hashes.csv) holds no events: left out",))
    cut = _Cut(limits, jsonbody.flat_length(body, limits))
    titles = [_event(raw, place, cut) for place, raw in _events(body, cut)]
    title = titles[0] if len(titles) == 1 else f"{len(titles):,} MISP events"
    return Split(tuple(cut.items), tuple(cut.faults), title)


def _events(body: bytes, cut: _Cut) -> Sequence[tuple[str, dict[str, Raw]]]:
    """Find the events and their places in any of the envelopes."""
    if body.lstrip()[:1] == b"[":
        raws = jsonbody.decode(_RAWS, body)
        return _listed(raws, "", cut)
    top = jsonbody.decode(_TOP, body)
    if top.Event is not None:
        return [("Event", top.Event)]
    if isinstance(top.response, _Found):
        if top.response.Attribute:
            return _by_event(top.response.Attribute, cut)
    elif top.response is not None:
        return _listed(top.response, "response", cut)
    if top.bare:
        return [("$", jsonbody.decode(_FIELDS, body))]
    raise BadInput('the JSON holds no "Event" and no "response"', hint="A MISP event is {\"Event\": {…}}.")


def _by_event(raws: Sequence[Raw], cut: _Cut) -> list[tuple[str, dict[str, Raw]]]:
    """Put the attributes of a search back into their events, of which each says a little."""
    events: dict[bytes, tuple[dict[str, Raw], list[bytes]]] = {}
    for index, raw in enumerate(raws):
        try:
            parent = _PARENT.decode(raw)
        except _DECODE_ERRORS as error:
            cut.faults.append(Fault(f"response.Attribute[{index}]", str(error), bytes(raw)))
            continue
        key = bytes(parent.Event.get("uuid", parent.event_id))
        events.setdefault(key, (parent.Event, []))[1].append(bytes(raw))
    return [(f"response[{number}].Event", {**event, "Attribute": Raw(b"[" + b",".join(found) + b"]")})
            for number, (event, found) in enumerate(events.values())]


def _listed(raws: Sequence[Raw], name: str, cut: _Cut) -> list[tuple[str, dict[str, Raw]]]:
    found = []
    for index, raw in enumerate(raws):
        try:
            top = _TOP.decode(raw)
        except _DECODE_ERRORS as error:
            cut.faults.append(Fault(f"{name}[{index}]", str(error), bytes(raw)))
            continue
        if top.Event is not None:
            found.append((f"{name}[{index}].Event", top.Event))
        elif top.bare:
            found.append((f"{name}[{index}]", _FIELDS.decode(raw)))
        else:
            cut.faults.append(Fault(f"{name}[{index}]", 'no "Event"', bytes(raw)))
    return found


def _event(fields: dict[str, Raw], place: str, cut: _Cut) -> str:
    """Cut one event; return its title."""
    whole = dict(fields)
    try:
        attributes = _emptied(fields, "Attribute", place, cut)
        objects = _emptied(fields, "Object", place, cut)
        shell = _ENCODER.encode(fields)
        head = _EVENT.decode(shell)
    except _DECODE_ERRORS as error:
        cut.faults.append(Fault(place, str(error), _ENCODER.encode(whole)))
        return ""
    reason = _bounds_fault(shell, cut) or _uuid_fault(head.uuid)
    if reason:
        cut.faults.append(Fault(place, reason, _ENCODER.encode(whole)))
        return ""
    subject = head.uuid.lower() if head.uuid else _made_uuid(shell)
    tlp, meta = _event_meta(subject, head)
    own: dict[str, object] = {key: meta[key] for key in ("distribution", "own_organisation_only", KEPT) if key in meta}
    cut.items.append(Item("misp.event", subject, epoch_seconds(head.timestamp) or 0, place, shell, tlp, own))
    _attributes(attributes, f"{place}.Attribute", tlp, meta, cut)
    for index, inner in enumerate(objects):
        _object(inner, f"{place}.Object[{index}]", subject, tlp, meta, cut)
    return (head.info or "")[:200]


def _emptied(fields: dict[str, Raw], name: str, place: str, cut: _Cut) -> list[Raw]:
    """Empty a child list in its place and return the children. A list that is none is a fault."""
    raw = fields.get(name)
    if raw is None:
        return []
    given = bytes(raw)
    if given[:1] == b"[":
        fields[name] = _EMPTY
        return _RAWS.decode(given)
    if given != b"null":
        cut.faults.append(Fault(f"{place}.{name}", "not a list", given))
        fields[name] = _EMPTY
    return []


def _event_meta(subject: str, head: _EventHead) -> tuple[Tlp | None, dict[str, object]]:
    """Return the event's marking, and what its attributes' claims need of it."""
    names = [tag.name for tag in head.Tag or ()]
    meta: dict[str, object] = {"event": subject}
    if head.date:
        day = end_of_day(head.date)
        if day is not None:
            meta["date"] = day
    if head.Orgc is not None:
        meta["creator"] = head.Orgc.uuid or ""
        meta["creator_name"] = head.Orgc.name or ""
    tags = [name for name in names if name and name[:4].lower() != "tlp:"]
    if tags:
        meta["tags"] = tags
        grade = admiralty(tags)
        if grade is not None:
            meta["credibility"] = grade
    if any_passive(tags):
        meta[KEPT] = True
    meta["published"] = head.published in (True, 1, "1", "true")
    _distribute(meta, head.distribution)
    tlp: Tlp | None = None
    for name in names:
        if name[:4].lower() == "tlp:":
            tlp = _stricter(tlp, name)
    return tlp, meta


def event_meta(subject: str, shell: bytes) -> dict[str, object]:
    """Return what the claims of an event's attributes need of its shell, as :func:`split` gives it to each of them."""
    return _event_meta(subject, _EVENT.decode(shell))[1]


_UNCLEAR = frozenset({"tlp:unclear", "tlp:"})


def _stricter(tlp: Tlp | None, tag: str) -> Tlp | None:
    """Return the stricter of a marking and a ``tlp:`` tag. ``tlp:unclear`` says nothing; what is misspelt meant to keep
    something back, so it is kept in the own organisation (AMBER+STRICT) until somebody mends it."""
    if tag.lower() in _UNCLEAR:
        return tlp
    try:
        label = parse_tlp(tag)
    except BadInput:
        label = Tlp.AMBER_STRICT
    return label if tlp is None or label.strictness > tlp.strictness else tlp


def _distribute(meta: dict[str, object], distribution: Number) -> bool:
    """Note the distribution if it is more restrictive than what stands; tell whether it changed anything."""
    level = str(distribution)
    if level not in _RESTRICTIVE:
        return False
    standing = meta.get("distribution")
    if standing is not None and _RESTRICTIVE[str(standing)] <= _RESTRICTIVE[level]:
        return False
    meta["distribution"] = int(level)
    if level == "0":
        meta["own_organisation_only"] = True
    return True


def _narrowed(meta: dict[str, object], distribution: Number) -> dict[str, object]:
    """Return the meta for something with a distribution of its own; the shared one where that changes nothing."""
    if distribution == "5" or distribution is None:
        return meta
    own = dict(meta)
    return own if _distribute(own, distribution) else meta


def _object(raw: Raw, place: str, event: str, tlp: Tlp | None, meta: dict[str, object], cut: _Cut) -> None:
    """Cut one object of an event."""
    try:
        fields = _FIELDS.decode(raw)
        attributes = _emptied(fields, "Attribute", place, cut)
        shell = _ENCODER.encode(fields)
        head = _OBJECT.decode(shell)
    except _DECODE_ERRORS as error:
        cut.faults.append(Fault(place, str(error), bytes(raw)))
        return
    reason = _bounds_fault(shell, cut) or _uuid_fault(head.uuid)
    if reason:
        cut.faults.append(Fault(place, reason, bytes(raw)))
        return
    subject = head.uuid.lower() if head.uuid else _made_uuid(event.encode(), bytes(raw))
    own = {**_narrowed(meta, head.distribution), "object": subject}
    if head.name:
        own["object_name"] = head.name
    if head.deleted in (True, 1, "1", "true"):
        own["deleted"] = True
    said: dict[str, object] = {
        key: own[key] for key in ("event", "distribution", "own_organisation_only", KEPT) if key in own}
    cut.items.append(Item("misp.object", subject, epoch_seconds(head.timestamp) or 0, place, shell, tlp, said))
    _attributes(attributes, f"{place}.Attribute", tlp, own, cut)


def _attributes(raws: Sequence[Raw], prefix: str, event_tlp: Tlp | None, meta: dict[str, object], cut: _Cut) -> None:
    """Take the attributes of an event or an object: the hot loop, a few µs each."""
    jsonbody.bound_items(len(cut.items) + len(raws), cut.limits)
    flat, decode, add, is_uuid = cut.flat, _ATTRIBUTE.decode, cut.items.append, _UUID.match
    for index, raw in enumerate(raws):
        item = bytes(raw)
        try:
            head = decode(item)
        except _DECODE_ERRORS as error:
            cut.faults.append(Fault(f"{prefix}[{index}]", str(error), item))
            continue
        subject = head.uuid
        if subject is None or len(item) > flat or not is_uuid(subject):
            reason = _bounds_fault(item, cut) or _uuid_fault(subject)
            if reason:
                cut.faults.append(Fault(f"{prefix}[{index}]", reason, item))
                continue
            subject = subject or _made_uuid(str(meta["event"]).encode(), item)
        tlp = event_tlp
        own = meta if head.distribution == "5" else _narrowed(meta, head.distribution)
        if head.Tag:
            for tag in head.Tag:
                if tag.name[:4].lower() == "tlp:":
                    tlp = _stricter(tlp, tag.name)
                elif is_passive(tag.name):
                    own = {**own, KEPT: True}
        add(Item("misp.attribute", subject.lower(), epoch_seconds(head.timestamp) or 0, f"{prefix}[{index}]", item,
                 tlp, own))


def _bounds_fault(item: bytes, cut: _Cut) -> str:
    """Return why an item is over its bounds, or ""."""
    return jsonbody.item_fault(item, cut.limits) if len(item) > cut.flat else ""


def _uuid_fault(given: str | None) -> str:
    """Return what is wrong with a uuid that was given; none given is no fault."""
    return f"{given[:60]!r} is no uuid" if given and not _UUID.match(given) else ""


def _made_uuid(*content: bytes) -> str:
    """Make the id of a thing that has none, from its content: the same content again is the same thing."""
    return str(uuid.uuid5(_NO_UUID, hashlib.sha256(b"\0".join(content)).hexdigest()))


_PLACE = re.compile(r"(?:Object\[(\d+)\])?\.?(?:Attribute\[(\d+)\])?\Z")


def assemble(shell: bytes, children: Iterable[tuple[str, bytes]]) -> bytes:
    """Put an event together again from its shell and its children, each with the place that :func:`split` gave it.

    Returns the event (without the ``{"Event": …}`` around it), equal as JSON to what came in, less what was left out
    of the children. Order is the places' order. Raises ValueError for a place that is no child's.
    """
    attributes: dict[int, bytes] = {}
    shells: dict[int, bytes] = {}
    inner: dict[int, dict[int, bytes]] = {}
    for place, body in children:
        found = _PLACE.match(place.rpartition("Event")[2].lstrip("."))
        if found is None or not found[0]:
            raise ValueError(f"{place!r} is not a place inside an event")
        if found[1] is None:
            attributes[int(found[2])] = body
        elif found[2] is None:
            shells[int(found[1])] = body
        else:
            inner.setdefault(int(found[1]), {})[int(found[2])] = body
    objects = {index: _filled(body, {"Attribute": inner.get(index, {})}) for index, body in shells.items()}
    return _filled(shell, {"Attribute": attributes, "Object": objects})


def _filled(shell: bytes, lists: dict[str, dict[int, bytes]]) -> bytes:
    """Put child lists into a shell. A list that the shell does not have is added only if it has children."""
    fields = _FIELDS.decode(shell)
    for name, children in lists.items():
        if children:
            fields[name] = Raw(b"[" + b",".join(children[index] for index in sorted(children)) + b"]")
    return _ENCODER.encode(fields)
