"""What a set of events is about: its tags, galaxy clusters and ATT&CK techniques, as JSON or markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from fusioncell.exchange.misp.search.model import About

_MACHINE = re.compile(r'([^:="]+):([^:="]+)(?:="(.*)")?\Z')
_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_MARK = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")
ATTACK = "mitre-attack-pattern"
Json = Mapping[str, Any]


def _things(event: Json) -> Iterator[Json]:
    """Yield the event and all its attributes, those of objects too."""
    yield event
    yield from event.get("Attribute") or ()
    for inner in event.get("Object") or ():
        yield from inner.get("Attribute") or ()


def collect(events: Iterable[Json], galaxy: str = ATTACK) -> dict[str, Any]:
    """Return ``tags`` by taxonomy, ``clusters`` by galaxy, and how many events name each technique of a galaxy."""
    tags: dict[str, Json] = {}
    clusters: dict[str, tuple[Json, Json]] = {}
    scores: dict[str, int] = {}
    for event in events:
        here = set()
        for thing in _things(event):
            for tag in thing.get("Tag") or ():
                name = str(tag.get("name") or "")
                if name.startswith("misp-galaxy:"):
                    if name.startswith(f"misp-galaxy:{galaxy}="):
                        here.add(name)
                elif name:
                    tags[name] = tag
            for found in thing.get("Galaxy") or ():
                for cluster in found.get("GalaxyCluster") or ():
                    clusters[str(cluster.get("tag_name"))] = (found, cluster)
        for name in here:
            scores[name] = scores.get(name, 0) + 1
    return {"tags": _by_taxonomy(tags), "clusters": _by_galaxy(clusters), "scores": dict(sorted(scores.items()))}


def _by_taxonomy(tags: Mapping[str, Json]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(tags):
        machine = _MACHINE.match(name)
        found.setdefault(machine[1] if machine else "Custom Tags", []).append({"Tag": tags[name]})
    return found


def _by_galaxy(clusters: Mapping[str, tuple[Json, Json]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(clusters):
        galaxy, cluster = clusters[name]
        plain = {key: value for key, value in galaxy.items() if key != "GalaxyCluster"}
        found.setdefault(str(galaxy.get("type") or ""), []).append({"Galaxy": plain, "GalaxyCluster": cluster})
    return found


def write_context(events: Iterable[Json], about: About) -> bytes:
    """Write all of it as JSON."""
    found = collect(events, _galaxy(about))
    return msgspec.json.encode(
        {"attackData": _attack(found["scores"], _galaxy(about)), "tags": found["tags"], "clusters": found["clusters"]}
    )


def write_attack(events: Iterable[Json], about: About) -> bytes:
    """Write how many events name each technique."""
    return msgspec.json.encode(_attack(collect(events, _galaxy(about))["scores"], _galaxy(about)))


def _galaxy(about: About) -> str:
    return str(about.options.get("attackgalaxy") or ATTACK)


def _attack(scores: Mapping[str, int], galaxy: str) -> dict[str, Any]:
    return {"target_type": "event", "scores": scores, "maxScore": max(scores.values(), default=0),
            "pickingMode": False, "galaxyName": galaxy}  # fmt: skip


def write_attack_sightings(events: Iterable[Json], about: About) -> bytes:
    """Write the techniques as sightings of the ATT&CK Sightings project, one for each thing that names some."""
    rows = []
    for event in events:
        for thing in _things(event):
            names = [str(tag.get("name") or "") for tag in thing.get("Tag") or ()]
            found = [code for name in names if ATTACK in name for code in _TECHNIQUE.findall(name)]
            if found:
                at = [int(thing.get("timestamp") or 0)]
                at += [int(one.get("date_sighting") or 0) for one in thing.get("Sighting") or ()]
                rows.append({
                    "id": thing.get("uuid"), "sightingType": "direct-technique-sighting", "startTime": _time(min(at)),
                    "endTime": _time(max(at)), "detectionType": "raw",
                    "techniques": [{"techniqueID": code} for code in dict.fromkeys(found)],
                })  # fmt: skip
    return msgspec.json.encode(rows)


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_markdown(events: Iterable[Json], about: About) -> bytes:
    """Write tags, clusters and techniques as markdown; what contributors wrote is escaped."""
    found = collect(events, _galaxy(about))
    lines = ["# Aggregated context data", "## Tags and Taxonomies"]
    for taxonomy, rows in found["tags"].items():
        lines += [f"#### {_plain(taxonomy)}", *(f"- {_plain(row['Tag']['name'])}" for row in rows)]
    lines.append("## Galaxy Clusters")
    for galaxy, rows in found["clusters"].items():
        lines.append(f"#### {_plain(rows[0]['Galaxy'].get('name') or galaxy)}")
        for row in rows:
            cluster = row["GalaxyCluster"]
            lines.append(f"- **{_plain(cluster.get('value') or '')}** {_plain(cluster.get('description') or '')}")
    lines.append("## ATT&CK")
    lines += [f"- {_plain(name)}: {count}" for name, count in found["scores"].items()]
    return ("\n".join(lines) + "\n").encode()


def _plain(given: object) -> str:
    return _MARK.sub(r"\\\1", " ".join(str(given).split()))
