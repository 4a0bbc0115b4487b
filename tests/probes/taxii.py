"""The doors of TAXII: all roots and collections that exist in the world are asked for, whoever asks."""

from __future__ import annotations

import re
from typing import Any

from fusioncell.exchange.taxii.collect import collection_id
from fusioncell.exchange.taxii.model import MEDIA
from partnership import _id
from probes.model import UNKNOWN, Answers, Ask, Probe

GENERATIONS = (1, 2, 3)
FILTERS: tuple[dict[str, str], ...] = (
    {"match[version]": "all", "limit": "3"}, {"match[type]": "indicator,malware", "match[version]": "first"},
    {"match[spec_version]": "2.0,2.1"},
)  # fmt: skip
"""What is asked of collections beside all that they hold, where they hold something."""


async def get(p: Probe, path: str, **parameters: str) -> tuple[str, Any]:
    return await p.ask("GET", path, params=parameters, headers={"Accept": MEDIA})


def _all(some: Any) -> list[str]:
    return list(some.values()) if isinstance(some, dict) else list(some)


def places(p: Probe) -> list[str]:
    """Every collection that a party of the world could have, in its root, whoever asks and whatever it holds."""
    world, found = p.world, ["/taxii2/public/collections/public", "/taxii2/partnership/collections/partnership"]
    for party in (f"org:{one}" for one in _all(world.orgs)):
        found += [f"/taxii2/partnership/collections/{collection_id(f'{party}|{tlp}')}"
                  for tlp in ("amber", "amber+strict", "red")]  # fmt: skip
    found += [f"/taxii2/partnership/collections/{collection_id(f'person:{one}|{tlp}')}"
              for one in _all(world.people) for tlp in ("amber", "red")]  # fmt: skip
    for group in (world.group, getattr(world, "other", UNKNOWN)):
        found += [f"/taxii2/{group}/collections/{collection_id(f'group:{group}.{number}|{tlp}')}"
                  for number in GENERATIONS for tlp in ("amber", "amber+strict")]  # fmt: skip
    return [*found, "/taxii2/partnership-tlp1/collections/own-amber", f"/taxii2/{world.group}/collections/amber"]


def roots(p: Probe) -> list[str]:
    return ["/taxii2/public", "/taxii2/partnership", f"/taxii2/{p.world.group}", "/taxii2/nowhere"]


async def discovery(p: Probe) -> Answers:
    yield await get(p, "/taxii2/")


async def root(p: Probe) -> Answers:
    for one in roots(p):
        yield await get(p, one + "/")


async def collections(p: Probe) -> Answers:
    for one in roots(p):
        yield await get(p, one + "/collections/")


async def collection(p: Probe) -> Answers:
    for one in places(p):
        yield await get(p, one + "/")


def paged(what: str) -> Ask:
    """Make a probe that reads every collection to its end, with several filters."""

    async def ask(p: Probe) -> Answers:
        for one in places(p):
            plain = await get(p, f"{one}/{what}/")
            yield plain
            for given in FILTERS if '"objects":[{' in plain[1] else ():
                asked = dict(given)
                for _ in range(60):
                    answer = await get(p, f"{one}/{what}/", **asked)
                    yield answer
                    after = re.search(r'"next":"([^"]+)"', answer[1])
                    if after is None:
                        break
                    asked["next"] = after[1]

    return ask


def ids(p: Probe) -> list[str]:
    """Ids of objects that the world may hold."""
    made = [f"{kind}--{_id(f'{kind} {number}')}" for kind in ("indicator", "malware") for number in (0, 1)]
    marked = [each.values["stix id"] for each in getattr(p.world, "bundles", {}).values()]
    return [*(marked or made), f"indicator--{UNKNOWN}"]


def of_objects(end: str) -> Ask:
    """Make a probe that asks main collections for single objects."""

    async def ask(p: Probe) -> Answers:
        for one in (*places(p)[:6], f"/taxii2/{p.world.group}/collections/amber"):
            for oid in ids(p):
                yield await get(p, f"{one}/objects/{oid}/{end}")

    return ask


async def status(p: Probe) -> Answers:
    for one in (*p.contributions, UNKNOWN):
        yield await get(p, f"/taxii2/partnership/status/{one}/")


_COLLECTION = "/taxii2/{root:str}/collections/{which:str}"
PROBES: dict[str, Ask] = {
    "GET /taxii2": discovery,
    "GET /taxii2/{root:str}": root,
    "GET /taxii2/{root:str}/collections": collections,
    f"GET {_COLLECTION}": collection,
    f"GET {_COLLECTION}/objects": paged("objects"),
    f"GET {_COLLECTION}/manifest": paged("manifest"),
    f"GET {_COLLECTION}/objects/{{oid:str}}": of_objects(""),
    f"GET {_COLLECTION}/objects/{{oid:str}}/versions": of_objects("versions/"),
    "GET /taxii2/{root:str}/status/{which:str}": status,
}
CHANGES = re.compile(r"(POST|DELETE) /taxii2/.*$")
"""What they answer stands in ``tests/flow/test_taxii.py``."""
