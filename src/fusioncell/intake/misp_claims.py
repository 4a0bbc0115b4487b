"""What one MISP event shell, object shell or attribute claims, read from its exact bytes and its meta.

Rules kept here (*mentioned is not guilty*, *old news is history*):

1. ``to_ids: true`` and not deleted: the attacker's, malicious. ``to_ids: false``: context. ``deleted`` (the attribute
   or its object): what was claimed ends. Targets (``target-*``, category *Targeting data*) are victims, whatever
   ``to_ids`` says.
2. A composite value (``domain|ip``) is a claim for each of its parts.
3. The age runs from ``last_seen``, else from the earlier of the attribute's timestamp and the event's date (the end of
   that day): a timestamp moves with every edit. ``first_seen`` says nothing of age.
4. Sightings inside the attribute: 0 refreshes, 1 (false positive) is a benign claim, 2 (expiration) ends the claim:
   what the party claimed before, and of this attribute all that is not later than it.
5. The source is the event's ``Orgc``, who made it, and never ``Org``, who passes it on.
6. The Admiralty credibility comes from the tag ``admiralty-scale:information-credibility``, the attribute's before the
   event's.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.intake.instants import epoch_seconds, rfc3339
from fusioncell.intake.misp_types import observables_of
from fusioncell.intake.model import Extract, Fault, Sighting
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.observable import BadValue, Observable

MAX_TEXT = 20_000
"""Characters of an item's text that the search takes."""
MAX_SIGHTINGS = 1_000
"""Sightings that are read of one attribute."""

Number = str | int | float | None
Flag = bool | str | int | None

_TRUE = frozenset((True, 1, "1", "true"))
_CREDIBILITY = "admiralty-scale:information-credibility="


class _Tag(msgspec.Struct, gc=False):
    name: str = ""


class _SightingOrg(msgspec.Struct, gc=False):
    uuid: str | None = None


class _Seen(msgspec.Struct, gc=False):
    type: Number = None
    date_sighting: Number = None
    Organisation: _SightingOrg | None = None


class _Attribute(msgspec.Struct, gc=False):
    type: str
    value: str | int | float | bool
    category: str | None = None
    to_ids: Flag = None
    deleted: Flag = None
    comment: str | None = None
    timestamp: Number = None
    last_seen: Number = None
    Tag: list[_Tag] | None = None
    Sighting: list[_Seen] | None = None


class _Report(msgspec.Struct, gc=False):
    name: str | None = None
    content: str | None = None


class _Event(msgspec.Struct, gc=False):
    info: str | None = None
    Tag: list[_Tag] | None = None
    EventReport: list[_Report] | None = None


class _Object(msgspec.Struct, gc=False):
    name: str | None = None
    comment: str | None = None


_ATTRIBUTE = msgspec.json.Decoder(_Attribute)
_EVENT = msgspec.json.Decoder(_Event)
_OBJECT = msgspec.json.Decoder(_Object)


def admiralty(tags: Iterable[str]) -> int | None:
    """Return the information credibility 1–6 that tags state, None where they state none (admiralty-scale taxonomy)."""
    for tag in tags:
        if tag.startswith(_CREDIBILITY):
            grade = tag[len(_CREDIBILITY):].strip('"')
            if grade in ("1", "2", "3", "4", "5", "6"):
                return int(grade)
    return None


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one MISP item. Never raises for what the item holds; what cannot be read is in the faults."""
    try:
        if kind == "misp.attribute":
            return _extract_attribute(subject, meta, _ATTRIBUTE.decode(body))
        if kind == "misp.event":
            return _extract_event(_EVENT.decode(body))
        made = _OBJECT.decode(body)
        return Extract(title=made.name or "", text=(made.comment or "")[:MAX_TEXT])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Extract(faults=(Fault("", str(error), body[:MAX_TEXT]),))


class _More(msgspec.Struct, gc=False):
    type: Number = None
    value: str | int | float | bool | None = None
    name: str | None = None
    note: str | None = None
    content: str | None = None
    comment: str | None = None
    source: str | None = None
    date_sighting: Number = None
    deleted: Flag = None


_MORE = msgspec.json.Decoder(_More)
_STANCES = {"0": Stance.MALICIOUS, "3": Stance.MALICIOUS, "1": Stance.BENIGN, "2": Stance.END}


def extract_more(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read what is about another thing (``misp.more``): a sighting speaks of an attribute, by the attribute's uuid.

    A proposal claims nothing before it is accepted; notes, opinions and reports are text for the search.
    """
    try:
        more = _MORE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Extract(faults=(Fault("", str(error), body[:MAX_TEXT]),))
    if more.deleted in _TRUE:
        return Extract()
    if meta.get("model") == "Sighting":
        stance = _STANCES.get(str(0 if more.type is None else more.type))
        on = meta.get("on")
        if stance is None or not isinstance(on, str):
            return Extract()
        return Extract(sightings=(Sighting(on, stance, epoch_seconds(more.date_sighting)),))
    text = "\n".join(part for part in (more.note, more.content, more.comment) if part)
    title = more.name or ("" if more.value is None else str(more.value))
    return Extract(title=title[:500], text=text[:MAX_TEXT])


def _extract_event(event: _Event) -> Extract:
    """Read an event's shell: its title, tags and reports, for the search."""
    labels = tuple([tag.name for tag in event.Tag or () if tag.name])
    parts = [text for report in event.EventReport or () for text in (report.name, report.content) if text]
    return Extract(title=(event.info or "")[:500], text="\n".join([*parts, *labels])[:MAX_TEXT], labels=labels)


def _extract_attribute(subject: str, meta: dict[str, object], attribute: _Attribute) -> Extract:
    value = attribute.value if isinstance(attribute.value, str) else str(attribute.value)
    labels: tuple[str, ...] = ()
    if attribute.Tag:
        labels = tuple([tag.name for tag in attribute.Tag if tag.name[:4].lower() != "tlp:"])
    text = (attribute.comment or "")[:MAX_TEXT]
    try:
        observables = observables_of(attribute.type, value)
    except BadValue as error:
        return Extract((), value[:500], text, labels, (Fault("value", str(error), value[:1000].encode()),))
    if not observables:
        return Extract((), value[:500], text, labels)
    faults: list[Fault] = []
    claims = _claims(subject, meta, attribute, observables, labels, faults)
    return Extract(tuple(claims), value[:500], text, labels, tuple(faults))


def _claims(subject: str, meta: dict[str, object], attribute: _Attribute, observables: Iterable[Observable],
            labels: tuple[str, ...], faults: list[Fault]) -> list[Claim]:
    """Make the claims of one attribute: its own for each observable, then those of its sightings."""
    role, stance = _judgement(attribute, "deleted" in meta)
    grade = admiralty(labels) if labels else None
    if grade is None:
        known = meta.get("credibility")
        grade = known if isinstance(known, int) else 6
    stated = _stated(attribute, meta, faults)
    creator = str(meta.get("creator", ""))
    tags = meta.get("tags")
    context = labels
    if isinstance(tags, (list, tuple)):
        context += tuple(tags)
    if attribute.category:
        context += (attribute.category,)
    keys = (subject,)
    claims = [Claim(observable, role, stance, stated, None, grade, creator, keys, context)
              for observable in observables]
    if attribute.Sighting:
        own = list(claims)
        for sighting in attribute.Sighting[:MAX_SIGHTINGS]:
            claims += _sighted(sighting, own, attribute, creator, keys)
        claims = _expired(claims)
        if len(attribute.Sighting) > MAX_SIGHTINGS:
            faults.append(Fault("Sighting", f"only the first {MAX_SIGHTINGS:,} sightings are read"))
    return claims


def _judgement(attribute: _Attribute, object_deleted: bool) -> tuple[Role, Stance]:
    """Tell what the attribute says of its value (rule 1)."""
    if attribute.type.startswith("target-") or attribute.category == "Targeting data":
        return Role.VICTIM, Stance.NONE
    if attribute.deleted in _TRUE or object_deleted:
        return (Role.ATTACKER if attribute.to_ids in _TRUE else Role.CONTEXT), Stance.END
    if attribute.to_ids in _TRUE:
        return Role.ATTACKER, Stance.MALICIOUS
    return Role.CONTEXT, Stance.NONE


def _stated(attribute: _Attribute, meta: dict[str, object], faults: list[Fault]) -> int | None:
    """Return from when the claim's age runs (rule 3)."""
    if attribute.last_seen:
        seen = _seen(attribute.last_seen)
        if seen is not None:
            return seen
        faults.append(Fault("last_seen", f"{str(attribute.last_seen)[:40]!r} is no time"))
    edited = epoch_seconds(attribute.timestamp)
    day = meta.get("date")
    if not isinstance(day, int):
        return edited
    return day if edited is None or day < edited else edited


def _expired(claims: list[Claim]) -> list[Claim]:
    """Take the accusation from claims that an expiration in the same attribute came after; undated, it is the last."""
    ends = [claim.stated for claim in claims if claim.stance is Stance.END]
    if not ends:
        return claims
    dated = [end for end in ends if end is not None]
    latest = max(dated) if len(dated) == len(ends) else None
    return [
        msgspec.structs.replace(claim, stance=Stance.NONE)
        if claim.stance is Stance.MALICIOUS and (latest is None or claim.stated is None or claim.stated <= latest)
        else claim
        for claim in claims
    ]


def _seen(value: str | int | float) -> int | None:
    """Read ``last_seen``: RFC 3339 by the format, Unix seconds by some tools."""
    if isinstance(value, str) and not value.isdigit():
        try:
            return rfc3339(value)
        except ValueError:
            return None
    return epoch_seconds(value)


def _sighted(sighting: _Seen, own: list[Claim], attribute: _Attribute, creator: str,
             keys: tuple[str, ...]) -> list[Claim]:
    """Make the claims of one sighting (rule 4). Type 3, *true positive* in the RFC, refreshes as 0 does."""
    if attribute.deleted in _TRUE:
        return []
    kind = str(sighting.type if sighting.type is not None else 0)
    stated = epoch_seconds(sighting.date_sighting)
    seer = sighting.Organisation.uuid if sighting.Organisation else None
    if kind in ("0", "3"):
        return [Claim(claim.observable, claim.role, claim.stance, stated, None, claim.credibility, creator, keys,
                      claim.context) for claim in own]
    if kind == "1":
        return [Claim(claim.observable, Role.CONTEXT, Stance.BENIGN, stated, None, claim.credibility, seer or creator,
                      keys, claim.context) for claim in own]
    if kind == "2":
        return [Claim(claim.observable, claim.role, Stance.END, stated, None, claim.credibility, creator, keys,
                      claim.context) for claim in own]
    return []
