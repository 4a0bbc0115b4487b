"""The library in MISP's forms: which fields, which names, numbers as text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fusioncell.exchange.misp.library.decay import PAPERS, DecayModel


def warninglist(place: int, head: Mapping[str, Any], on: bool) -> dict[str, Any]:
    """Return a warninglist as the index shows it."""
    return {
        "id": str(place + 1), "name": head["name"], "type": head["type"], "description": head["description"],
        "version": str(head["version"]), "enabled": on, "default": True, "category": head["category"],
        "warninglist_entry_count": str(head["entries"]), "valid_attributes": ", ".join(head["matching_attributes"]),
    }  # fmt: skip


def warninglist_view(place: int, head: Mapping[str, Any], on: bool, entries: Sequence[str]) -> bytes:
    """Return a warninglist with its entries, as text: a million dicts would take a third of a gigabyte."""
    number = str(place + 1)
    about = warninglist(place, head, on) | {
        "WarninglistType": [{"id": str(at + 1), "type": name, "warninglist_id": number}
                            for at, name in enumerate(head["matching_attributes"])],
    }  # fmt: skip

    text = bytearray(b'{"Warninglist":' + msgspec.json.encode(about)[:-1] + b',"WarninglistEntry":[')
    for at, entry in enumerate(entries, 1):
        text += b',{"id":"%d","value":' % at if at > 1 else b'{"id":"1","value":'
        text += msgspec.json.encode(entry)
        text += b',"warninglist_id":"%b"}' % number.encode()
    text += b"]}}"
    return bytes(text)


def taxonomy(place: int, document: Mapping[str, Any], on: bool, required: bool, highlighted: bool) -> dict[str, Any]:
    """Return a taxonomy as the index shows it."""
    return {
        "id": str(place + 1), "namespace": document["namespace"], "description": document["description"],
        "version": str(document["version"]), "enabled": on, "exclusive": bool(document.get("exclusive", False)),
        "required": required, "highlighted": highlighted,
    }  # fmt: skip


def noticelist(number: int, document: Mapping[str, Any], on: bool, *, entries: bool) -> dict[str, Any]:
    """Return a noticelist, with its notices where they are asked for."""
    about = {"id": str(number), "name": document["name"], "expanded_name": document["expanded_name"],
             "ref": document["ref"], "geographical_area": document["geographical_area"],
             "version": str(document["version"]), "enabled": on}  # fmt: skip
    if entries:
        about["NoticelistEntry"] = [
            {"id": str(at), "noticelist_id": str(number), "data": notice}
            for at, notice in enumerate(document["notice"], 1)
        ]
    return about


def template(place: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object template's head."""
    needs = {name: document[name] for name in ("required", "requiredOneOf") if name in document}
    return {
        "id": str(place + 1), "user_id": "1", "org_id": "1", "uuid": document["uuid"], "name": document["name"],
        "meta-category": document["meta-category"], "description": document["description"],
        "version": str(document["version"]), "requirements": needs, "fixed": True, "active": True,
    }  # fmt: skip


def template_elements(place: int, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attributes that a template describes."""
    return [
        {
            "id": str(at), "object_template_id": str(place + 1), "object_relation": relation,
            "type": one["misp-attribute"], "ui-priority": str(one.get("ui-priority", 0)),
            "categories": one.get("categories", []), "sane_default": one.get("sane_default", []),
            "values_list": one.get("values_list", []), "description": one.get("description", ""),
            "disable_correlation": bool(one.get("disable_correlation", False)),
            "multiple": bool(one.get("multiple", False)),
        }
        for at, (relation, one) in enumerate(document["attributes"].items(), 1)
    ]  # fmt: skip


def decay_model(number: int, model: DecayModel, on: bool) -> dict[str, Any]:
    """Return a decay model."""
    return {"DecayingModel": {
        "id": str(number), "uuid": model.uuid, "name": model.name, "parameters": model.parameters(),
        "attribute_types": list(model.types), "description": model.description, "org_id": "1", "enabled": on,
        "all_orgs": True, "ref": list(PAPERS), "formula": "Polynomial", "version": str(model.version),
        "default": True, "isEditable": False,
    }}  # fmt: skip


def community(number: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a community."""
    return {"Community": {"id": str(number), **about}}


def saved(message: str, path: str, **more: Any) -> dict[str, Any]:
    """Return MISP's answer to what was done: ``saved``, ``success``, name and message alike."""
    return {"saved": True, "success": True, "name": message, "message": message, "url": path, **more}
