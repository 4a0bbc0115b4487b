"""Make the ``file`` object of an uploaded sample, as MISP's ``Attribute::simpleAddMalwareSample`` does. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.content.check import plain
from fusioncell.exchange.misp.content.pack import MAX_SAMPLE

CATEGORIES = ("Payload delivery", "Artifacts dropped", "Payload installation", "External analysis")
MAX_FILES = 100
"""Most files of one upload."""


def files_given(given: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Return the (name, content) of what an upload brings. Raises MispRefused where one of them is no file."""
    files = given.get("files")
    listed = files if isinstance(files, list) else [files if isinstance(files, dict) else given]
    found = []
    for one in listed[: MAX_FILES + 1]:
        name, data = (plain(one.get(key)) for key in ("filename", "data")) if isinstance(one, dict) else ("", "")
        try:
            content = base64.b64decode(data)
        except (binascii.Error, ValueError):
            content = b""
        if not name or not content:
            raise MispRefused(403, "No samples received, or malformed request: each file has a filename and data, "
                                   "in base64.")  # fmt: skip
        if len(content) > MAX_SAMPLE:
            raise MispRefused(413, f"A sample holds at most {MAX_SAMPLE >> 20} MB.")
        found.append((name, content))
    if len(found) > MAX_FILES:
        raise MispRefused(413, f"One upload holds at most {MAX_FILES} files.")
    return found


def file_object(name: str, content: bytes, template: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of a sample: itself, to be locked, its name, its digests and its size in bytes.

    ``fields``: the category, comment and ``to_ids`` of each.
    """
    digests = {kind: hashlib.new(kind, content, usedforsecurity=False).hexdigest()
               for kind in ("md5", "sha1", "sha256")}  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"type": "malware-sample", "value": name, "data": base64.b64encode(content).decode(), "encrypt": True},
        {"type": "filename", "value": name},
        *({"type": kind, "value": digest} for kind, digest in digests.items()),
    ]
    attributes = [{**row, "object_relation": row["type"], **fields} for row in rows]
    attributes.append({"type": "size-in-bytes", "object_relation": "size-in-bytes", "value": str(len(content)),
                       "category": "Other", "to_ids": False})  # fmt: skip
    return {
        "name": "file", "meta-category": "file", "description": plain(template.get("description")),
        "template_uuid": plain(template.get("uuid")), "template_version": plain(template.get("version")),
        "comment": plain(fields.get("comment")), "Attribute": attributes,
    }  # fmt: skip
