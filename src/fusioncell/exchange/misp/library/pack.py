"""MISP's common knowledge, compiled: 45,000 clusters and 13,000 tags in one memory-mapped block of JSON. Pure.

As Python objects the packages' data takes some 300 MB. Compiled, each thing is one document in a block that the
operating system shares between processes and drops when it needs room; a table of sorted 64-bit hashes leads from
names, tags and UUIDs to documents. A hash is believed only after the document has been looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

Arrays = Mapping[str, npt.NDArray[Any]]
"""The compiled form: arrays by name."""

FORMAT = 2
"""Version of the compiled form; move it with every change here, or an old cache would be read wrongly."""

SECTIONS = ("galaxy", "cluster", "taxonomy", "template", "types", "warninglist")


class _Meta(msgspec.Struct, frozen=True):
    synonyms: list[Any] | str = []


class _Value(msgspec.Struct):
    uuid: str
    value: str
    related: list[dict[str, Any]] = []
    meta: _Meta = _Meta()


class _Collection(msgspec.Struct):
    type: str
    values: list[msgspec.Raw]
    authors: list[str] = []
    category: str = ""
    source: str = ""
    version: int = 0


class _List(msgspec.Struct):
    """The head of a ``list.json``; the entries are only counted."""

    name: str
    type: str
    version: int
    entries: list[str] = msgspec.field(name="list")
    description: str = ""
    category: str = "false_positive"
    matching_attributes: list[str] = []


def key_of(kind: str, name: str) -> int:
    """Return the hash under which a name is found; letter case does not count."""
    return xxh3_64_intdigest(f"{kind}\n{name.lower()}".encode("utf-8", "replace"))


def cluster_tag(galaxy_type: str, value: str) -> str:
    """Return the tag that stands for a cluster (MISP's ``GalaxyCluster.tag_name``)."""
    return f'misp-galaxy:{galaxy_type}="{value}"'


def entries_of(taxonomy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the machine tags of a taxonomy in its order, each with what it says of it."""
    found: list[dict[str, Any]] = []
    named = {part["predicate"]: part["entry"] for part in taxonomy.get("values") or ()}
    for predicate in taxonomy["predicates"]:
        base = f"{taxonomy['namespace']}:{predicate['value']}"
        rows = named.get(predicate["value"])
        for row in [predicate] if rows is None else rows:
            expanded = row.get("expanded") or row["value"]
            if rows is not None:
                expanded = f"{predicate.get('expanded') or predicate['value']}: {expanded}"
            found.append({
                "tag": base if rows is None else f'{base}="{row["value"]}"', "expanded": expanded,
                "description": row.get("description", ""), "colour": row.get("colour") or predicate.get("colour"),
                "exclusive_predicate": bool(predicate.get("exclusive", False)),
                "numerical_value": row.get("numerical_value"), "uuid": row.get("uuid"),
            })  # fmt: skip
    return found


def compile_pack(files: Iterable[tuple[str, str, bytes]]) -> Arrays:
    """Compile (section, name, bytes) triples: ``galaxy`` files before ``clusters``, each section together."""
    builder = _Builder()
    for section, name, body in files:
        builder.take(section, name, body)
    return builder.arrays()


class _Builder:
    """Collects documents by section, and the names by which they are found."""

    def __init__(self) -> None:
        self.documents: dict[str, list[bytes]] = {section: [] for section in SECTIONS}
        self.names: list[tuple[int, str, int]] = []
        self.tags = [0]

    def take(self, section: str, name: str, body: bytes) -> None:
        """Take in one file."""
        if section == "clusters":
            self._clusters(name, body)
        elif section == "galaxy":
            galaxy = msgspec.json.decode(body)
            self._put("galaxy", galaxy | {"file": name}, uuid=galaxy["uuid"], name=galaxy["type"])
        elif section == "taxonomy":
            self._taxonomy(body)
        elif section == "template":
            template = msgspec.json.decode(body)
            self._put("template", template, uuid=template["uuid"], name=template["name"])
        elif section == "warninglist":
            head = msgspec.json.decode(body, type=_List, strict=False)
            about = msgspec.structs.asdict(head) | {"entries": len(head.entries), "folder": name}
            self._put("warninglist", about, name=name)
        else:
            self.documents["types"].append(msgspec.json.format(body, indent=-1))

    def _put(self, section: str, document: Mapping[str, Any], **names: str) -> int:
        at = len(self.documents[section])
        self.documents[section].append(msgspec.json.encode(document))
        self.names += [(key_of(f"{section}:{kind}", name), section, at) for kind, name in names.items() if name]
        return at

    def _taxonomy(self, body: bytes) -> None:
        taxonomy = msgspec.json.decode(body)
        at = self._put("taxonomy", taxonomy, name=taxonomy["namespace"])
        entries = entries_of(taxonomy)
        self.names += [(key_of("tag", entry["tag"]), "taxonomy", at) for entry in entries]
        self.tags.append(self.tags[-1] + len(entries))

    def _clusters(self, name: str, body: bytes) -> None:
        """Put a galaxy's clusters, together, and what is said of them all into the galaxy."""
        collection = msgspec.json.decode(body, type=_Collection, strict=False)
        galaxies = self.documents["galaxy"]
        owner = next(at for at, text in enumerate(galaxies) if msgspec.json.decode(text)["file"] == name)
        first = len(self.documents["cluster"])
        for raw in collection.values:
            value = msgspec.json.decode(raw, type=_Value)
            at = len(self.documents["cluster"])
            self.documents["cluster"].append(msgspec.json.format(bytes(raw), indent=-1))
            self.names.append((key_of("cluster:uuid", value.uuid), "cluster", at))
            self.names.append((key_of("cluster:tag", cluster_tag(collection.type, value.value)), "cluster", at))
            synonyms = value.meta.synonyms if isinstance(value.meta.synonyms, list) else [value.meta.synonyms]
            called = {value.value, *(each for each in synonyms if isinstance(each, str))}
            self.names += [(key_of("called", each), "cluster", at) for each in sorted(called)]
            self.names += [(key_of("towards", each["dest-uuid"]), "cluster", at)
                           for each in value.related if isinstance(each.get("dest-uuid"), str)]  # fmt: skip
        about = msgspec.json.decode(galaxies[owner]) | {
            "first": first, "count": len(collection.values), "authors": collection.authors,
            "source": collection.source, "cluster_version": collection.version,
        }  # fmt: skip
        galaxies[owner] = msgspec.json.encode(about)

    def arrays(self) -> Arrays:
        """Lay all out: the block, where each document begins, and the sorted hashes of the names."""
        starts: dict[str, int] = {}
        everything: list[bytes] = []
        for section in SECTIONS:
            starts[section] = len(everything)
            everything += self.documents[section]
        rows = sorted((key, starts[section] + at) for key, section, at in self.names)
        ends = np.cumsum([0, *(len(document) for document in everything)])
        heads = [starts[section] for section in SECTIONS] + [len(everything)]
        return {
            "block": np.frombuffer(b"".join(everything), np.uint8), "ends": ends.astype(np.uint64),
            "heads": np.array(heads, np.uint64), "tags": np.array(self.tags, np.uint64),
            "keys": np.fromiter((key for key, _ in rows), np.uint64, len(rows)),
            "places": np.fromiter((place for _, place in rows), np.uint32, len(rows)),
        }  # fmt: skip


class Pack:
    """The compiled knowledge, ready to be asked. A place is a document's number in its section, from 0."""

    def __init__(self, arrays: Arrays) -> None:
        self._block = arrays["block"].data
        self._ends = arrays["ends"].data
        self._keys = arrays["keys"].data
        self._places = arrays["places"].data
        self._tags = [int(each) for each in arrays["tags"]]
        heads = [int(each) for each in arrays["heads"]]
        self._ranges = {name: (heads[at], heads[at + 1]) for at, name in enumerate(SECTIONS)}
        self.taxonomy = lru_cache(maxsize=16)(self._taxonomy)
        self.galaxies = tuple(self.document("galaxy", at) for at in range(self.count("galaxy")))
        self._firsts = [galaxy.get("first", 0) for galaxy in self.galaxies]

    def count(self, section: str) -> int:
        """Return how many documents a section has."""
        first, last = self._ranges[section]
        return last - first

    def raw(self, section: str, place: int) -> bytes:
        """Return a document's JSON. Raises IndexError where there is none."""
        first, last = self._ranges[section]
        if not 0 <= place < last - first:
            raise IndexError(f"no {section} {place}")
        return bytes(self._block[self._ends[first + place]:self._ends[first + place + 1]])

    def document(self, section: str, place: int) -> dict[str, Any]:
        """Return a document, decoded."""
        found: dict[str, Any] = msgspec.json.decode(self.raw(section, place))
        return found

    def find(self, section: str, kind: str, name: str) -> list[int]:
        """Return the places of a section that a name may lead to: ``uuid``, ``name``, ``tag``; mostly one."""
        return self._found(section, key_of(f"{section}:{kind}", name))

    def towards(self, uuid: str) -> list[int]:
        """Return the clusters that say they are related to the one of this UUID."""
        return self._found("cluster", key_of("towards", uuid))

    def _found(self, section: str, key: int) -> list[int]:
        first, last = self._ranges[section]
        at = bisect_left(self._keys, key)
        found: list[int] = []
        while at < len(self._keys) and self._keys[at] == key:
            if first <= self._places[at] < last:
                found.append(self._places[at] - first)
            at += 1
        return found

    def galaxy_of(self, cluster: int) -> int:
        """Return the place of a cluster's galaxy; clusters of one galaxy stand together."""
        for galaxy, first in enumerate(self._firsts):
            if first <= cluster < first + self.galaxies[galaxy].get("count", 0):
                return galaxy
        raise IndexError(f"no cluster {cluster}")

    def cluster_of_tag(self, tag: str) -> int | None:
        """Return the cluster that a tag stands for."""
        for place in self.find("cluster", "tag", tag):
            value = self.document("cluster", place)["value"]
            if cluster_tag(self.galaxies[self.galaxy_of(place)]["type"], value).lower() == tag.lower():
                return place
        return None

    def tag_of_cluster(self, place: int) -> str | None:
        """Return the tag that stands for a cluster, None where there is no such place."""
        if not 0 <= place < self.count("cluster"):
            return None
        return cluster_tag(self.galaxies[self.galaxy_of(place)]["type"], self.document("cluster", place)["value"])

    def clusters_called(self, name: str) -> list[int]:
        """Return the clusters that go by a name, or have it as a synonym."""
        return self._found("cluster", key_of("called", name))

    def _taxonomy(self, place: int) -> tuple[dict[str, Any], dict[str, tuple[int, dict[str, Any]]]]:
        """Return a taxonomy and its entries by tag in lower case, each with its number among all tags."""
        document = self.document("taxonomy", place)
        first = self._tags[place]
        entries = {entry["tag"].lower(): (first + at, entry) for at, entry in enumerate(entries_of(document))}
        return document, entries

    def entry_of_tag(self, tag: str) -> tuple[int, int, dict[str, Any]] | None:
        """Return (taxonomy, the tag's number among all tags, entry) of a machine tag that a taxonomy holds."""
        for place in self._found("taxonomy", key_of("tag", tag)):
            found = self.taxonomy(place)[1].get(tag.lower())
            if found:
                return place, *found
        return None

    def tag_numbered(self, number: int) -> str | None:
        """Return the machine tag with a number among all tags."""
        if not 0 <= number < self._tags[-1]:
            return None
        place = bisect_right(self._tags, number) - 1
        return next((entry["tag"] for at, entry in self.taxonomy(place)[1].values() if at == number), None)
