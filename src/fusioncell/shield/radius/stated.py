"""Read out of an entry which name it says stands on which address. Pure.

1. An entry that says so by itself: MISP's ``domain|ip``, a row of a table with one address, a STIX pattern or (2.0)
   observed-data with ``resolves_to_refs``.
2. An object of MISP (``domain-ip``, ``passive-dns``, ``dns-record`` …), whose attributes are entries of their own, in
   any order: each is an edge from or to the object.
3. STIX 2.1: a ``domain-name`` with ``resolves_to_refs`` and a relationship ``resolves-to``; what they point to are
   entries of their own, too: edges from and to ids.

So a name leads to an address over at most three edges. That a text or report names both says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from xxhash import xxh3_64_hexdigest

from fusioncell.intake.model import Extract
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical

Edge = tuple[str, str]
"""From the side of the name to that of the address: values, or what leads on (it begins with ``NODE``)."""
NODE = "@"
"""No name and no address begins so."""
HOPS = 3
_ADDRESSES = (ObservableType.IPV4, ObservableType.IPV6)
MOST_PAIRS = 16
"""An entry that names more together is a collection, not a statement."""
LONGEST = 253
_NAMES = frozenset({"domain", "hostname", "host"})
OBJECTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "domain-ip": (_NAMES, frozenset({"ip"})),
    "dns-record": (frozenset({"queried-domain"}), frozenset({"a-record", "aaaa-record"})),
    "passive-dns": (frozenset({"rrname"}), frozenset({"rdata"})),
    "ip-port": (_NAMES, frozenset({"ip"})),
    "url": (_NAMES, frozenset({"ip"})),
    "phishing": (_NAMES, frozenset({"ip"})),
    "malicious-website": (_NAMES, frozenset({"ip"})),
    "typosquatting-finder-result": (frozenset({"queried-domain"}), frozenset({"a-record", "aaaa-record"})),
}
"""MISP's object templates that say on which address a name stands, and by which relations."""
_SCO = ("domain-name", "ipv4-addr", "ipv6-addr")


class _Related(msgspec.Struct, gc=False):
    """An attribute of a MISP object."""

    object_relation: str | None = None
    value: str | int | float | bool = ""
    deleted: bool | str | int | None = None


class _Pointing(msgspec.Struct, gc=False):
    """What of STIX points from a name to addresses: a cyber observable, or a relationship."""

    type: str = ""
    value: str = ""
    resolves_to_refs: list[str] = []
    relationship_type: str = ""
    source_ref: str = ""
    target_ref: str = ""
    revoked: bool = False


class _Observed(msgspec.Struct, gc=False):
    """STIX 2.0's observed-data: observables within, which point to each other by key."""

    objects: dict[str, _Pointing] = {}


_related = msgspec.json.Decoder(_Related).decode
_pointing = msgspec.json.Decoder(_Pointing).decode
_observed = msgspec.json.Decoder(_Observed).decode
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def edges_of(entry: Entry, extract: Extract) -> list[Edge]:
    """Return what an entry states, each edge once, in order."""
    payload = entry.payload
    if payload is None:
        return []
    if entry.kind == "misp.attribute":
        template = OBJECTS.get(str(payload.meta.get("object_name", "")))
        found = _pairs(extract) if template is None else _of_object(entry.org, payload, template)
    elif entry.kind == "csv.row":
        found = _pairs(extract, addresses=1)
    elif entry.kind == "stix":
        found = _of_stix(payload, extract)
    else:
        found = []
    return sorted({edge for edge in found if max(map(len, edge)) <= LONGEST}) if found else found


def _values(extract: Extract, types: Iterable[ObservableType]) -> list[str]:
    return sorted({claim.observable.value for claim in extract.claims
                   if claim.observable.type in types and claim.stance is not Stance.END})  # fmt: skip


def _pairs(extract: Extract, addresses: int = MOST_PAIRS) -> list[Edge]:
    """Return each name of an entry with each of its addresses, where they are few."""
    if len(extract.claims) < 2:
        return []
    stood_on = _values(extract, _ADDRESSES)
    names = _values(extract, (ObservableType.DOMAIN,)) if 0 < len(stood_on) <= addresses else []
    return [(name, one) for name in names for one in stood_on] if len(names) * len(stood_on) <= MOST_PAIRS else []


def _of_object(org: str, payload: Payload, template: tuple[frozenset[str], frozenset[str]]) -> list[Edge]:
    try:
        said = _related(payload.body)
    except _BAD:
        return []
    if said.deleted in (True, 1, "1", "true") or payload.meta.get("deleted"):
        return []
    whose = f"{org}|{payload.meta.get('object', '')}"
    node = NODE + xxh3_64_hexdigest(whose.encode())
    if said.object_relation in template[0]:
        return [(one.value, node) for one in _read(said.value, (ObservableType.DOMAIN,))]
    if said.object_relation in template[1]:
        return [(node, one.value) for one in _read(said.value, _ADDRESSES)]
    return []


def _read(value: Any, types: Iterable[ObservableType]) -> list[Observable]:
    """Read a value as the first of these types that it is."""
    for type in types:
        try:
            return [canonical(type, str(value).strip().rstrip("."))]
        except BadValue:
            continue
    return []


def _of_stix(payload: Payload, extract: Extract) -> list[Edge]:
    type, node = payload.subject.partition("--")[0], NODE + payload.subject
    if type in _SCO[1:]:
        return [(node, value) for value in _values(extract, _ADDRESSES)]
    if type not in ("domain-name", "relationship", "observed-data", "indicator"):
        return []
    if type == "indicator" and len(extract.claims) < 2:
        return []  # nearly all; others are looked through
    if extract.ties is not None and extract.ties[2] != "resolves-to":
        return []
    pointing = type != "relationship" and b"resolves_to_refs" in payload.body
    try:
        if type == "relationship":
            return _related_by(_pointing(payload.body)) if b"resolves-to" in payload.body else []
        if type == "domain-name":
            refs = _pointing(payload.body).resolves_to_refs[:MOST_PAIRS] if pointing else []
            names = _values(extract, (ObservableType.DOMAIN,))
            return [(name, other) for name in names
                    for other in (node, *(NODE + ref for ref in refs if ref.startswith(_SCO[1:])))]  # fmt: skip
        if type == "observed-data":
            return _within(_observed(payload.body)) if pointing else []
        return _pairs(extract) if pointing else []
    except _BAD:
        return []


def _related_by(one: _Pointing) -> list[Edge]:
    resolves = one.relationship_type == "resolves-to" and not one.revoked
    ends = one.source_ref.startswith("domain-name--") and one.target_ref.startswith(_SCO[1:])
    return [(NODE + one.source_ref, NODE + one.target_ref)] if resolves and ends else []


def _within(observed: _Observed) -> list[Edge]:
    """Return the edges within a 2.0 observed-data."""
    found: list[Edge] = []
    for one in list(observed.objects.values())[:MOST_PAIRS]:
        if one.type != "domain-name":
            continue
        addresses = [observed.objects[ref] for ref in one.resolves_to_refs[:MOST_PAIRS] if ref in observed.objects]
        found += [(name.value, address.value) for name in _read(one.value, (ObservableType.DOMAIN,))
                  for other in addresses for address in _read(other.value, _ADDRESSES)]  # fmt: skip
    return found
