"""Mandatory tests of ids and of what a product is called: CSAF 2.0 §6.1.1–6.1.6, 6.1.13, 6.1.25, 6.1.31. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fusioncell.intake.csaf.model import (
    Found,
    Json,
    branches,
    items,
    member,
    products,
    repeated,
    text,
    texts,
    vulnerabilities,
)

_STATUSES = ("first_affected", "first_fixed", "fixed", "known_affected", "known_not_affected", "last_affected",
             "recommended", "under_investigation")  # fmt: skip
_CONTRADICT = {
    "first_affected": "affected", "known_affected": "affected", "last_affected": "affected",
    "known_not_affected": "not affected", "first_fixed": "fixed", "fixed": "fixed",
    "under_investigation": "under investigation",
}  # fmt: skip
"""Product status → the group within which statuses agree (§6.1.6)."""
_NAMES_PRODUCTS = ("flags", "remediations", "threats", "scores", "ids")
_PURL = re.compile(r"pkg:[A-Za-z][A-Za-z0-9.+-]*/+(?P<rest>[^?#]+)")
_RANGE = re.compile(
    r"^[<>]|(?:^|\s)(?:[<>]=?|after|all|before|earlier|later|prior|versions)(?:\s|$)"
    r"|\b(?:prior\s+to|before|and\s+(?:earlier|later)|through)\b|\.x(?:\b|$)|\.\*",
    re.IGNORECASE,
)
"""What shows that a name means several versions: the words of §6.1.31, and forms that vendors write."""


def _used_products(document: Json) -> Iterator[tuple[str, str]]:
    """Yield (pointer, id) wherever a product is meant by its id."""
    for place, one in items(document, "product_tree", "product_groups"):
        yield from _named(one, f"/product_tree/product_groups/{place}", "product_ids")
    for place, one in items(document, "product_tree", "relationships"):
        for key in ("product_reference", "relates_to_product_reference"):
            if isinstance(one.get(key), str):
                yield f"/product_tree/relationships/{place}/{key}", one[key]
    for path, vulnerability in vulnerabilities(document):
        for status in _STATUSES:
            yield from _named(member(vulnerability, "product_status"), f"{path}/product_status", status)
        for key in _NAMES_PRODUCTS:
            for place, one in items(vulnerability, key):
                yield from _named(one, f"{path}/{key}/{place}", "product_ids")
                yield from _named(one, f"{path}/{key}/{place}", "products")


def _named(one: Json, path: str, key: str) -> Iterator[tuple[str, str]]:
    return ((f"{path}/{key}/{place}", name) for place, name in enumerate(texts(one, key)))


def _used_groups(document: Json) -> Iterator[tuple[str, str]]:
    for path, vulnerability in vulnerabilities(document):
        for key in _NAMES_PRODUCTS:
            for place, one in items(vulnerability, key):
                yield from _named(one, f"{path}/{key}/{place}", "group_ids")


def _defined(document: Json) -> list[tuple[str, str]]:
    return [(f"{path}/product_id", text(one.get("product_id"))) for path, one in products(document)]


def _groups(document: Json) -> list[tuple[str, str]]:
    return [(f"/product_tree/product_groups/{place}/group_id", text(one.get("group_id")))
            for place, one in items(document, "product_tree", "product_groups")]  # fmt: skip


def _missing(used: Iterable[tuple[str, str]], known: list[tuple[str, str]], what: str) -> Found:
    names = {name for _, name in known}
    return ((path, f"{what} {name!r} is not defined") for path, name in used if name not in names)


def missing_product(document: Json) -> Found:
    """6.1.1: each product that is meant is defined."""
    return _missing(_used_products(document), _defined(document), "the product")


def twice_product(document: Json) -> Found:
    """6.1.2: no product is defined more than once."""
    return repeated(_defined(document), "the product")


def circular_product(document: Json) -> Found:
    """6.1.3: no product is defined by a relationship that leads back to itself."""
    edges: dict[str, set[str]] = {}
    place_of: dict[str, str] = {}
    for place, one in items(document, "product_tree", "relationships"):
        made = text(member(one, "full_product_name", "product_id"))
        edges.setdefault(made, set()).update(
            text(one.get(key)) for key in ("product_reference", "relates_to_product_reference")
        )
        place_of.setdefault(made, f"/product_tree/relationships/{place}")
    for made, path in place_of.items():
        waiting, seen = list(edges[made]), set[str]()
        while waiting:
            name = waiting.pop()
            if name == made:
                yield path, f"the product {made!r} is defined by itself"
                break
            if name not in seen:
                seen.add(name)
                waiting += edges.get(name, ())


def missing_group(document: Json) -> Found:
    """6.1.4: each group of products that is meant is defined."""
    return _missing(_used_groups(document), _groups(document), "the product group")


def twice_group(document: Json) -> Found:
    """6.1.5: no group of products is defined more than once."""
    return repeated(_groups(document), "the product group")


def contradiction(document: Json) -> Found:
    """6.1.6: no product has statuses of one vulnerability that contradict each other."""
    for path, vulnerability in vulnerabilities(document):
        said: dict[str, str] = {}
        for status, group in _CONTRADICT.items():
            for name in texts(vulnerability, "product_status", status):
                if said.setdefault(name, group) != group:
                    yield f"{path}/product_status", f"the product {name!r} is {said[name]} and {group}"


def purl(document: Json) -> Found:
    """6.1.13: each package URL is one (purl specification)."""
    for path, one in products(document):
        given = member(one, "product_identification_helper", "purl")
        if isinstance(given, str) and not _is_purl(given):
            yield f"{path}/product_identification_helper/purl", f"{given[:120]!r} is no package URL"


def _is_purl(given: str) -> bool:
    found = _PURL.match(given)
    name = found["rest"].partition("@")[0].strip("/").rpartition("/")[2] if found else ""
    return bool(name)


def twice_hashed(document: Json) -> Found:
    """6.1.25: no file has two hashes by the same algorithm."""
    for path, one in products(document):
        for place, file in items(one, "product_identification_helper", "hashes"):
            at = f"{path}/product_identification_helper/hashes/{place}/file_hashes"
            yield from repeated(
                ((at, text(each.get("algorithm"))) for _, each in items(file, "file_hashes")), "the algorithm"
            )


def is_range(name: str) -> bool:
    """Tell whether what is given as a version means several (6.1.31)."""
    return _RANGE.search(name) is not None


def version_range(document: Json) -> Found:
    """6.1.31: what is called a version is no range of versions."""
    for path, branch in branches(document):
        name = text(branch.get("name"))
        if branch.get("category") == "product_version" and is_range(name):
            yield f"{path}/name", f"{name[:120]!r} is a range, and category product_version names one version"
