"""The doors of TAXII: all roots and collections that exist in the world are asked for, whoever asks."""

from __future__ import annotations

import re

from fusioncell.exchange.taxii.collect import collection_id, keys_of
from probes.model import UNKNOWN, Answers, Ask, Probe, each

FILTERS: tuple[dict[str, str], ...] = (
    {}, {"limit": "2"}, {"match[version]": "all"}, {"match[type]": "indicator,malware", "match[version]": "first"},
    {"match[spec_version]": "2.0,2.1"},
)  # fmt: skip


def places(p: Probe) -> list[str]:
    """Every collection that any audience of the world makes, in every root in which it could stand."""
    record = p.world.hub.record
    audiences = [record.audience(number) for number in sorted(record.audiences_where(lambda _: True))]
    keys = sorted({key for audience in audiences for key in keys_of(audience)})
    found = []
    for key in keys:
        party = key.partition("|")[0]
        root = party.removeprefix("group:").rpartition(".")[0] if party.startswith("group:") else "partnership"
        found.append(f"/taxii2/{'public' if key == 'public' else root}/collections/{collection_id(key)}")
    return [*found, "/taxii2/partnership/collections/partnership", "/taxii2/partnership-tlp1/collections/own-amber",
            "/taxii2/public-tlp1/collections/public"]  # fmt: skip


def roots(p: Probe) -> list[str]:
    return sorted({place.rpartition("/collections/")[0] for place in places(p)} | {"/taxii2/nowhere"})


async def root(p: Probe) -> Answers:
    for one in roots(p):
        yield await p.get(one + "/")


async def collections(p: Probe) -> Answers:
    for one in roots(p):
        yield await p.get(one + "/collections/")


async def collection(p: Probe) -> Answers:
    for one in places(p):
        yield await p.get(one + "/")


async def paged(p: Probe, what: str) -> Answers:
    for one in places(p):
        for given in FILTERS:
            asked = dict(given)
            for _ in range(60):
                answer = await p.get(f"{one}/{what}/", **asked)
                yield answer
                after = re.search(r'"next":"([^"]+)"', answer[1])
                if after is None:
                    break
                asked["next"] = after[1]


async def objects(p: Probe) -> Answers:
    async for answer in paged(p, "objects"):
        yield answer


async def manifest(p: Probe) -> Answers:
    async for answer in paged(p, "manifest"):
        yield answer


def ids(p: Probe) -> list[str]:
    hub = p.world.hub
    every = hub.record.audiences_where(lambda _: True)
    entries = hub.record.read_after(0, blocks=10_000, visible=every)
    found = {entry.payload.subject for entry in entries if entry.kind == "stix" and entry.payload is not None}
    return [*sorted(found)[:8], f"indicator--{UNKNOWN}"]


def of_objects(end: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        for one in places(p):
            for oid in ids(p):
                yield await p.get(f"{one}/objects/{oid}/{end}")

    return ask


async def status(p: Probe) -> Answers:
    for one in (*p.contributions, UNKNOWN):
        yield await p.get(f"/taxii2/partnership/status/{one}/")


_COLLECTION = "/taxii2/{root:str}/collections/{which:str}"
PROBES: dict[str, Ask] = {
    "GET /taxii2": each("/taxii2/"),
    "GET /taxii2/{root:str}": root,
    "GET /taxii2/{root:str}/collections": collections,
    f"GET {_COLLECTION}": collection,
    f"GET {_COLLECTION}/objects": objects,
    f"GET {_COLLECTION}/manifest": manifest,
    f"GET {_COLLECTION}/objects/{{oid:str}}": of_objects(""),
    f"GET {_COLLECTION}/objects/{{oid:str}}/versions": of_objects("versions/"),
    "GET /taxii2/{root:str}/status/{which:str}": status,
}
CHANGES = re.compile(r"(POST|DELETE) /taxii2/.*$")
"""What they answer stands in ``tests/flow/test_taxii.py``."""
