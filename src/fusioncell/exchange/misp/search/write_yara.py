"""YARA: contributed rules as they are, and rules made of file digests. Pure.

A contributed rule is free text by nature and goes out to the byte. What is made holds a digest of hexadecimal digits
and our ids, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from fusioncell.exchange.misp.search.model import About, Hit
from fusioncell.exchange.misp.search.write_lists import observables
from fusioncell.kernel.observable import ObservableType

_DIGESTS = {ObservableType.MD5: "md5", ObservableType.SHA1: "sha1", ObservableType.SHA256: "sha256"}
_WORD = re.compile(r"[^0-9A-Za-z]")
MAX_RULE = 256 * 1024
"""Characters of a contributed rule."""


def made_rule(hit: Hit) -> str:
    """Return a rule that finds files by the attribute's digest; "" where it holds none."""
    name = _WORD.sub("_", str(hit.attribute.get("uuid")))
    for found in observables(hit):
        digest = _DIGESTS.get(found.type)
        if digest:
            event = _WORD.sub("_", str(hit.event.get("uuid", "")))
            return (
                f"rule MISP_{name}\n{{\n    meta:\n        event_uuid = \"{event}\"\n    condition:\n"
                f'        hash.{digest}(0, filesize) == "{found.value}"\n}}\n'
            )
    return ""


def _split(hits: Iterable[Hit]) -> tuple[list[tuple[Hit, str]], list[tuple[Hit, str]]]:
    made, given = [], []
    for hit in hits:
        if hit.type == "yara" and hit.value.strip() and len(hit.value) <= MAX_RULE:
            given.append((hit, hit.value))
        elif rule := made_rule(hit):
            made.append((hit, rule))
    return made, given


def write_yara(hits: Iterable[Hit], about: About) -> bytes:
    """Write all rules as one text; each contributed text once."""
    made, given = _split(hits)
    return "\n".join([
        "// ===================================== GENERATED ====================================",
        'import "hash"\n' if made else "", *dict.fromkeys(rule for _, rule in made),
        "// =====================================   AS-IS  ====================================",
        *dict.fromkeys(rule for _, rule in given), "",
    ]).encode()  # fmt: skip


def write_yara_json(hits: Iterable[Hit], about: About) -> bytes:
    """Write the rules as JSON: ``generated`` and ``as-is``, each with the attribute that it comes from."""
    made, given = _split(hits)
    return msgspec.json.encode({"generated": [_row(*one) for one in made], "as-is": [_row(*one) for one in given]})


def _row(hit: Hit, rule: str) -> dict[str, object]:
    of = hit.attribute
    return {"value": rule, "event_uuid": hit.event.get("uuid"), "attribute_uuid": of.get("uuid"),
            "attribute_id": of.get("id"), "type": hit.type, "comment": of.get("comment") or ""}  # fmt: skip
