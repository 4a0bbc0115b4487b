"""Make a CSAF 2.0 document of an advisory. Pure.

1. Vendor, product and version are branches of the product tree, in the order in which the advisory names them; what
   means several versions is a range (§3.1.2.3, 6.1.31).
2. It is a security advisory, unless nothing is known yet of some vulnerability but that it is looked at: then it keeps
   to the base profile (§4).
3. Revisions are counted among the versions for the same readers, from 1: what others got does not show.
4. CSAF 2.0 knows the labels of TLP 1: CLEAR is WHITE; AMBER+STRICT is AMBER, and the text says the rest (§3.2.1.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from fusioncell.intake import Affected, ProductBody, plain
from fusioncell.intake.csaf import base_score, is_range, severity, version_of
from fusioncell.kernel.clock import Instant, format_instant
from fusioncell.kernel.marking import Tlp

Json = dict[str, Any]
_LABELS = {Tlp.CLEAR: "WHITE", Tlp.GREEN: "GREEN", Tlp.AMBER: "AMBER", Tlp.AMBER_STRICT: "AMBER", Tlp.RED: "RED"}
_CONCLUSIVE = frozenset({"known_affected", "fixed", "known_not_affected"})
_UPDATE = "Update to a version that is fixed."
_Key = tuple[str, str, str]
Revision = tuple[Instant, str]
"""When a version was published, and what changed."""


def tracking_id(product: str, begun: Instant) -> str:
    """Return the id under which an advisory is tracked."""
    return f"FC-{format_instant(begun)[:4]}-{product}"


def file_name(identifier: str) -> str:
    """Return the name of a document's file (§5.1)."""
    return re.sub(r"[^+\-a-z0-9]+", "_", identifier.lower()) + ".json"


def path_of(product: str, begun: Instant) -> str:
    """Return where a document stands within its folder: a folder for each year (§7.1.11)."""
    return f"{format_instant(begun)[:4]}/{file_name(tracking_id(product, begun))}"


def make(body: ProductBody, product: str, tlp: Tlp, revisions: Sequence[Revision], publisher: Json, url: str) -> Json:
    """Return the document. ``revisions``: of the versions for these readers, oldest first; ``url``: where it stands."""
    tree, ids = _tree(body.affected)
    vulnerabilities = [_vulnerability(cve, [one for one in body.affected if one.cve == cve], ids)
                       for cve in dict.fromkeys(one.cve for one in body.affected)]  # fmt: skip
    known = all(not _CONCLUSIVE.isdisjoint(one["product_status"]) for one in vulnerabilities)
    history = [{"date": format_instant(at), "number": str(number), "summary": said or "Published."}
               for number, (at, said) in enumerate(revisions, 1)]  # fmt: skip
    distribution: Json = {"tlp": {"label": _LABELS[tlp], "url": "https://www.first.org/tlp/"}}
    if tlp is Tlp.AMBER_STRICT:
        distribution["text"] = f"{tlp.label}: not for clients."
    document: Json = {
        "category": "csaf_security_advisory" if known else "csaf_base", "csaf_version": "2.0",
        "distribution": distribution, "lang": "en",
        "notes": [{"category": "description", "text": plain(body.text), "title": "Description"}],
        "publisher": publisher, "references": [{"category": "self", "summary": "This document", "url": url}],
        "title": body.title,
        "tracking": {
            "current_release_date": history[-1]["date"], "id": tracking_id(product, body.begun),
            "initial_release_date": history[0]["date"], "revision_history": history, "status": "final",
            "version": str(len(history)),
        },
    }  # fmt: skip
    worst = max((score for one in body.affected if (score := base_score(one.vector)) is not None), default=None)
    if worst is not None:
        document["aggregate_severity"] = {"namespace": "https://www.first.org/cvss/", "text": severity(worst)}
    return {"document": document, "product_tree": tree, "vulnerabilities": vulnerabilities}


def _key(one: Affected) -> _Key:
    return one.vendor.casefold(), one.product.casefold(), one.version.casefold()


def _tree(lines: Iterable[Affected]) -> tuple[Json, dict[_Key, str]]:
    """Return the product tree, and the id of each product (rule 1)."""
    ids: dict[_Key, str] = {}
    vendors: dict[str, Json] = {}
    names: dict[tuple[str, str], Json] = {}
    for one in lines:
        key = _key(one)
        if key in ids:
            continue
        ids[key] = f"CSAFPID-{len(ids) + 1:04}"
        vendor = vendors.setdefault(key[0], {"category": "vendor", "name": one.vendor, "branches": []})
        name = names.get(key[:2])
        if name is None:
            name = names[key[:2]] = {"category": "product_name", "name": one.product, "branches": []}
            vendor["branches"].append(name)
        version = one.version or "unspecified"
        name["branches"].append({
            "category": "product_version_range" if is_range(version) else "product_version", "name": version,
            "product": {"name": f"{one.vendor} {one.product} {version}", "product_id": ids[key]},
        })  # fmt: skip
    return {"branches": list(vendors.values())}, ids


def _vulnerability(cve: str, lines: Sequence[Affected], ids: dict[_Key, str]) -> Json:
    status: dict[str, list[str]] = {}
    remedies: dict[tuple[str, str], list[str]] = {}
    scores: dict[str, list[str]] = {}
    scored: set[str] = set()
    for one in lines:
        name = ids[_key(one)]
        _put(status, one.status, name)
        fixed = one.status == "fixed"
        remedy = one.remedy or (_UPDATE if fixed else "")
        if remedy:
            _put(remedies, ("vendor_fix" if fixed else "mitigation", remedy), name)
        if one.vector and name not in scored:
            scored.add(name)
            _put(scores, one.vector, name)
    made: Json = {
        "cve": cve, "notes": [{"category": "summary", "text": f"{cve} in the products that are named."}],
        "product_status": dict(sorted(status.items())),
    }  # fmt: skip
    if remedies:
        made["remediations"] = [{"category": category, "details": said, "product_ids": names}
                                for (category, said), names in remedies.items()]  # fmt: skip
    if scores:
        made["scores"] = [{"cvss_v3": _score(vector), "products": names} for vector, names in scores.items()]
    return made


def _put(into: dict[Any, list[str]], key: Any, name: str) -> None:
    if name not in into.setdefault(key, []):
        into[key].append(name)


def _score(vector: str) -> Json:
    score = base_score(vector) or 0.0
    return {"baseScore": score, "baseSeverity": severity(score), "vectorString": vector, "version": version_of(vector)}
