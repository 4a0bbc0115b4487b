"""Clusters and relations as MISP writes them. Pure: documents in, MISP's JSON out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.library import Pack, cluster_tag

Body = dict[str, Any]

CLUSTER, RELATION = "GalaxyCluster", "GalaxyClusterRelation"
CUSTOM = 1 << 20
"""Inner numbers below are those of the packages' clusters; a document's number comes on top of it."""
MISP_ORG: Mapping[str, Any] = {"id": "0", "name": "MISP", "uuid": "0", "local": True, "type": "",
                               "description": "The MISP project, whose packages brought this."}  # fmt: skip
MAX_ELEMENTS = 2000
MAX_RELATIONS = 500
MAX_TEXT = 65_535


def galaxy_json(place: int, galaxy: Mapping[str, Any]) -> Body:
    """Return a galaxy as MISP shows it."""
    shown = {
        "id": str(place + 1), "uuid": galaxy["uuid"], "name": galaxy["name"], "type": galaxy["type"],
        "description": galaxy["description"], "version": str(galaxy["version"]), "icon": galaxy["icon"],
        "namespace": galaxy["namespace"], "enabled": True, "local_only": False, "default": True,
        "distribution": "3", "org_id": "0", "orgc_id": "0",
    }  # fmt: skip
    return shown | ({"kill_chain_order": galaxy["kill_chain_order"]} if galaxy.get("kill_chain_order") else {})


def packaged_cluster(pack: Pack, place: int, number: str) -> Body:
    """Return a package's cluster; ``number``: its MISP id."""
    at = pack.galaxy_of(place)
    galaxy, cluster = pack.galaxies[at], pack.document("cluster", place)
    return {
        "id": number, "uuid": cluster["uuid"], "collection_uuid": galaxy["uuid"], "type": galaxy["type"],
        "value": cluster["value"], "tag_name": cluster_tag(galaxy["type"], cluster["value"]),
        "description": cluster.get("description", ""), "galaxy_id": str(at + 1), "source": galaxy.get("source", ""),
        "authors": galaxy.get("authors", []), "version": str(galaxy.get("cluster_version", 0)), "distribution": "3",
        "sharing_group_id": None, "org_id": "0", "orgc_id": "0", "default": True, "locked": False,
        "extends_uuid": "", "extends_version": "0", "published": False, "deleted": False,
        "GalaxyElement": elements_of_meta(cluster.get("meta") or {}, number),
    }  # fmt: skip


def custom_cluster(pack: Pack, body: Mapping[str, Any], place: int, number: str) -> Body:
    """Return a member's cluster; its organisations and sharing group are put in by who knows them."""
    galaxy = pack.galaxies[place]
    return {
        "id": number, "uuid": body["uuid"], "collection_uuid": galaxy["uuid"], "type": galaxy["type"],
        "value": body["value"], "tag_name": custom_tag(galaxy["type"], body["uuid"]),
        "description": body.get("description", ""), "galaxy_id": str(place + 1), "source": body.get("source", ""),
        "authors": body.get("authors", []), "version": str(body["timestamp"]),
        "distribution": str(body["distribution"]), "sharing_group_id": None, "default": False, "locked": False,
        "extends_uuid": body.get("extends_uuid", ""), "extends_version": str(body.get("extends_version", 0)),
        "published": bool(body.get("published")), "deleted": bool(body.get("deleted")),
        "GalaxyElement": numbered(body.get("elements") or [], number),
    }  # fmt: skip


def custom_tag(galaxy_type: str, uuid: str) -> str:
    """Return the tag of a member's cluster: by UUID, since anyone may give it any name."""
    return cluster_tag(galaxy_type, uuid)


def in_event(cluster: Mapping[str, Any], tag_id: str) -> Body:
    """Return a cluster as it stands inside an event: ``meta`` in place of the elements."""
    meta: dict[str, list[str]] = {}
    for element in cluster["GalaxyElement"]:
        meta.setdefault(element["key"], []).append(element["value"])
    rest = {name: value for name, value in cluster.items() if name not in ("GalaxyElement", "galaxy_id")}
    return rest | {"galaxy_id": cluster["galaxy_id"], "tag_id": tag_id, "meta": meta, "local": False,
                   "relationship_type": ""}  # fmt: skip


def elements_of_meta(meta: Mapping[str, Any], number: str) -> list[Body]:
    """Return ``meta`` as elements: one for each value."""
    rows = [{"key": str(key), "value": str(value)} for key, values in meta.items()
            for value in (values if isinstance(values, list) else [values]) if not isinstance(value, dict)]  # fmt: skip
    return numbered(rows, number)


def numbered(rows: Sequence[Mapping[str, Any]], number: str) -> list[Body]:
    """Give elements their ids, which mean nothing outside their cluster."""
    return [{"id": str(at), "galaxy_cluster_id": number, "key": row["key"], "value": row["value"]}
            for at, row in enumerate(rows, 1)]  # fmt: skip


def take_elements(fields: Mapping[str, Any]) -> list[Body] | None:
    """Read elements that were sent: as such, or as ``meta``; None where there are neither. Raises MispRefused."""
    given = fields.get("GalaxyElement")
    if not isinstance(given, list):
        meta = fields.get("meta")
        if not isinstance(meta, dict) or not meta:
            return None
        given = elements_of_meta(meta, "")
    if len(given) > MAX_ELEMENTS:
        raise MispRefused(413, f"A cluster has at most {MAX_ELEMENTS} elements.")
    rows = [row for row in given if isinstance(row, dict) and row.get("key") and row.get("value") is not None]
    return [{"key": _text(row["key"], 255), "value": _text(row["value"])} for row in rows]


def take_cluster(fields: Mapping[str, Any], standing: Mapping[str, Any]) -> Body:
    """Return a cluster's body with what was sent taken over. Raises MispRefused where it cannot be kept."""
    body = dict(standing)
    for name in ("value", "description", "source"):
        if name in fields:
            body[name] = _text(fields[name])
    body["value"] = str(body.get("value") or "").strip()
    if not body["value"] or len(body["value"]) > 255:
        raise MispRefused(403, "Could not save the galaxy cluster.", {"value": ["A cluster has a value."]})
    if "authors" in fields:
        given = fields["authors"]
        names = given if isinstance(given, list) else str(given or "").split(",")
        body["authors"] = [_text(name, 255).strip() for name in names[:100] if str(name).strip()]
    if "distribution" in fields:
        body["distribution"] = level(fields["distribution"])
    elements = take_elements(fields)
    if elements is not None:
        body["elements"] = elements
    for name in ("extends_uuid", "extends_version"):
        if fields.get(name):
            body[name] = _text(fields[name], 64)
    return body


def level(given: Any) -> int:
    """Read a distribution, 0 to 4. Raises MispRefused."""
    text = str(given)
    if text not in ("0", "1", "2", "3", "4"):
        raise MispRefused(403, "Could not save.", {"distribution": ["Options: 0, 1, 2, 3, 4."]})
    return int(text)


def take_tags(given: Any) -> list[str]:
    """Return the names of tags that were sent, whichever way."""
    rows = given if isinstance(given, list) else []
    names = [row.get("name") if isinstance(row, dict) else row for row in rows[:100]]
    return list(dict.fromkeys(str(name)[:255] for name in names if isinstance(name, str) and name))


def _text(given: Any, most: int = MAX_TEXT) -> str:
    return ("" if given is None else str(given))[:most]
