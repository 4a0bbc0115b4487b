"""The values of CSAF's tests, and how a document of unknown form is walked without surprises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fusioncell.intake.model import Codes

__all__ = [
    "MAX_FAILED", "NO_CODES", "Codes", "Failed", "Found", "Json", "branches", "expanded", "groups", "items", "member",
    "products", "repeated", "text", "texts", "vulnerabilities",
]  # fmt: skip
Json = Any
MAX_FAILED = 200
"""Failures that are listed of one document."""
MAX_DEPTH = 40
"""Levels of branches that are walked."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A mandatory test that a document fails: ``test`` (``6.1.7``, or ``schema``), JSON pointer, and why."""

    test: str
    path: str
    why: str


NO_CODES = Codes()
Found = Iterator[tuple[str, str]]
"""(JSON pointer, why) of each failure of one test."""


def member(value: Json, *names: str) -> Json:
    """Return a member of nested objects, None where there is none."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: Json) -> str:
    """Return a text, "" for anything else."""
    return value if isinstance(value, str) else ""


def items(value: Json, *names: str) -> list[tuple[int, dict[str, Json]]]:
    """Return the objects of a list with their places; empty where there is no list."""
    found = member(value, *names)
    return [(place, one) for place, one in enumerate(found) if isinstance(one, dict)] if isinstance(found, list) else []


def texts(value: Json, *names: str) -> list[str]:
    """Return the texts of a list; empty where there is no list."""
    found = member(value, *names)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def branches(document: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield (pointer, branch) of the product tree, in order."""
    waiting = [("/product_tree", member(document, "product_tree"), 0)]
    while waiting:
        path, node, depth = waiting.pop()
        below = [(f"{path}/branches/{place}", one, depth + 1) for place, one in items(node, "branches")]
        yield from ((at, one) for at, one, _ in below)
        if depth < MAX_DEPTH:
            waiting += reversed(below)


def products(document: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield (pointer, full product name) of all that is defined: in branches, in the list, by relationships."""
    for path, branch in branches(document):
        if isinstance(branch.get("product"), dict):
            yield f"{path}/product", branch["product"]
    for place, one in items(document, "product_tree", "full_product_names"):
        yield f"/product_tree/full_product_names/{place}", one
    for place, one in items(document, "product_tree", "relationships"):
        if isinstance(one.get("full_product_name"), dict):
            yield f"/product_tree/relationships/{place}/full_product_name", one["full_product_name"]


def groups(document: Json) -> dict[str, list[str]]:
    """Return product group id → ids of its products."""
    return {text(one.get("group_id")): texts(one, "product_ids")
            for _, one in items(document, "product_tree", "product_groups")}  # fmt: skip


def expanded(one: Json, group: Mapping[str, list[str]]) -> set[str]:
    """Return the ids of the products that something names, by itself or by its groups."""
    return {*texts(one, "product_ids"), *(each for name in texts(one, "group_ids") for each in group.get(name, ()))}


def vulnerabilities(document: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield (pointer, vulnerability)."""
    for place, one in items(document, "vulnerabilities"):
        yield f"/vulnerabilities/{place}", one


def repeated(found: Iterable[tuple[str, str]], what: str) -> Found:
    """Yield those of (pointer, name) whose name came before."""
    seen: set[str] = set()
    for path, name in found:
        if name in seen:
            yield path, f"{what} {name!r} is defined more than once"
        seen.add(name)
