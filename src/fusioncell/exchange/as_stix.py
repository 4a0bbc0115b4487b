"""Show what did not come as STIX as a STIX 2.1 object: one entry, one object. Pure.

1. What is called malicious, suspicious or benign is an ``indicator``: its observables joined by OR.
2. What is only mentioned is ``observed-data`` that holds the observables: it accuses nobody.
3. The id follows from contributor and subject (a MISP attribute keeps its uuid), so another listing of the same row is
   a later version of the same object.
4. A product of analysis is a ``report`` that holds the observables it names; where it names none, its contributor.

What has no observable that STIX can write has no object: a comment, a picture, a post.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from fusioncell.intake import read_product, since_of
from fusioncell.intake.model import Extract
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.clock import Instant, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import Observable, ObservableType, sco, stix_type

NAMESPACE = UUID("5b8a7a52-3f0e-5c52-8e5d-6f1d0f0c9a31")
KINDS = frozenset({"misp.attribute", "csv.row", "text", "product"})
"""Kinds of entries that are shown so."""
MAX_OBSERVABLES = 100
_JUDGED = (Stance.MALICIOUS, Stance.SUSPICIOUS, Stance.BENIGN)
_TYPES = {Stance.MALICIOUS: "malicious-activity", Stance.SUSPICIOUS: "anomalous-activity", Stance.BENIGN: "benign"}
_WRITABLE = frozenset(type for type in ObservableType if stix_type(type) is not None)
"""What STIX can write."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def name_of(entry: Entry, extract: Extract) -> tuple[str, str, Instant] | None:
    """Return (id, type, version) of the object that stands for an entry; None where there is none."""
    if entry.kind not in KINDS or entry.payload is None:
        return None
    if entry.kind == "product":
        return f"report--{_uuid(entry)}", "report", _version(entry)
    name = ""
    for claim in extract.claims[:MAX_OBSERVABLES]:
        if claim.observable.type in _WRITABLE:
            if claim.stance in _JUDGED:
                name = "indicator"
                break
            if claim.stance is Stance.NONE:
                name = "observed-data"
    return (f"{name}--{_uuid(entry)}", name, _version(entry)) if name else None


def object_of(entry: Entry, extract: Extract) -> dict[str, Any] | None:
    """Return the object that stands for an entry, without markings; None where there is none."""
    named = name_of(entry, extract)
    if named is None or entry.payload is None:
        return None
    identifier, name, version = named
    stamp = format_instant(version)
    made: dict[str, Any] = {
        "type": name, "spec_version": "2.1", "id": identifier, "created": stamp, "modified": stamp,
    }  # fmt: skip
    labels = sorted({label for label in extract.labels if label})[:100]
    if labels:
        made["labels"] = labels
    if entry.kind == "product":
        return made | _report(entry, extract)
    judged, mentioned = _read(extract)
    return made | (_indicator(extract, judged, version) if judged else _observed(mentioned, version))


def _read(extract: Extract) -> tuple[list[Claim], list[Claim]]:
    """Return the claims that judge and those that only mention, as far as STIX can write their observables."""
    writable = [claim for claim in extract.claims[:MAX_OBSERVABLES] if claim.observable.type in _WRITABLE]
    judged = [claim for claim in writable if claim.stance in _JUDGED]
    if judged:
        # One object says one thing: the gravest.
        gravest = min(judged, key=lambda claim: _JUDGED.index(claim.stance)).stance
        return [claim for claim in judged if claim.stance is gravest], []
    return [], [claim for claim in writable if claim.stance is Stance.NONE]


def _indicator(extract: Extract, claims: list[Claim], version: Instant) -> dict[str, Any]:
    first = claims[0]
    begins = min((claim.stated for claim in claims if claim.stated is not None), default=version)
    ends = max((claim.until for claim in claims if claim.until is not None), default=0)
    kind = "compromised" if first.role is Role.COMPROMISED else _TYPES[first.stance]
    said: dict[str, Any] = {
        "name": (extract.title or first.observable.value)[:300],
        "indicator_types": [kind],
        "pattern": " OR ".join(dict.fromkeys(f"[{comparison(claim.observable)}]" for claim in claims)),
        "pattern_type": "stix",
        "valid_from": format_instant(begins),
    }
    return said | ({"valid_until": format_instant(ends)} if ends > begins else {})


def _observed(claims: Iterable[Claim], version: Instant) -> dict[str, Any]:
    seen = dict.fromkeys(claim.observable for claim in claims)
    stated = [claim.stated for claim in claims if claim.stated is not None] or [version]
    objects = {str(number): sco(observable) for number, observable in enumerate(seen)}
    return {
        "first_observed": format_instant(min(stated)), "last_observed": format_instant(max(stated)),
        "number_observed": 1, "objects": objects,
    }  # fmt: skip


_REPORTS = {"advisory": "vulnerability"}
"""What a product is in the open vocabulary report-type-ov (STIX 2.1 §10.22), by its form; else a threat report."""


def _report(entry: Entry, extract: Extract) -> dict[str, Any]:
    """Return what a product says as a report (STIX 2.1 §4.16), whose ``object_refs`` may not be empty."""
    assert entry.payload is not None
    body = read_product(entry.payload.body)
    named = [sco(claim.observable) for claim in extract.claims[:MAX_OBSERVABLES]]
    refs = [one["id"] for one in named if one is not None and "id" in one]
    return {
        "name": extract.title[:300] or "A product", "description": extract.text,
        "report_types": [_REPORTS.get(body.form, "threat-report")],
        "published": format_instant(body.begun or entry.payload.version),
        "object_refs": list(dict.fromkeys(refs)) or [f"identity--{uuid5(NAMESPACE, entry.org)}"],
    }  # fmt: skip


def comparison(observable: Observable) -> str:
    """Return the comparison of a pattern that holds for an observable (STIX 2.1 §9.2); it has an SCO."""
    made = sco(observable)
    assert made is not None
    name = made["type"]
    key, value = next((key, value) for key, value in made.items() if key not in ("type", "spec_version", "id"))
    if key == "hashes":
        algorithm, value = next(iter(value.items()))
        key = f"hashes.'{algorithm}'"
    if isinstance(value, int):
        return f"{name}:{key} = {value}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}:{key} = '{escaped}'"


def _uuid(entry: Entry) -> str:
    assert entry.payload is not None
    subject = entry.payload.subject
    if entry.kind in ("misp.attribute", "product") and _UUID.match(lowered := subject.lower()):
        return lowered
    return str(uuid5(NAMESPACE, f"{entry.org}|{entry.kind}|{subject}"))


def _version(entry: Entry) -> Instant:
    """Return when it was last changed: a MISP attribute and a product say so, a row by being listed."""
    assert entry.payload is not None
    version = entry.payload.version
    return version if entry.kind in ("misp.attribute", "product") and version else since_of(entry.payload, entry.at)
