"""Rules that members contribute as they are: YARA and Sigma, in MISP attributes and STIX indicators. Pure.

A MISP attribute counts with ``to_ids`` and not deleted; a STIX indicator (§4.7, ``pattern_type``) where it is not
revoked and not called benign. The text is given out to the byte; of ours stands only a comment with the entry's id.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.entry import Entry

KINDS = ("yara", "sigma")
MAX_RULE = 256 * 1024
"""Characters of one rule; a longer one is readable in its contribution."""
MAX_BODY = 32 * 1024 * 1024
"""Characters of all rules of one export."""
_TRUE = frozenset((True, 1, "1", "true"))
Flag = bool | str | int | None


class _Attribute(msgspec.Struct, gc=False):
    type: str = ""
    value: str = ""
    to_ids: Flag = None
    deleted: Flag = None


class _Indicator(msgspec.Struct, gc=False):
    pattern: str = ""
    pattern_type: str = ""
    revoked: bool = False
    indicator_types: list[str] = []


_ATTRIBUTE = msgspec.json.Decoder(_Attribute)
_INDICATOR = msgspec.json.Decoder(_Indicator)


def rule_of(entry: Entry) -> tuple[str, str] | None:
    """Return (``yara`` or ``sigma``, the rule's exact text) of an entry that gives one, None for any other."""
    payload = entry.payload
    if payload is None or not (entry.kind == "misp.attribute" or _is_indicator(entry.kind, payload.subject)):
        return None
    if not (b"yara" in payload.body or b"sigma" in payload.body):
        return None
    try:
        if entry.kind == "misp.attribute":
            said = _ATTRIBUTE.decode(payload.body)
            gone = said.deleted in _TRUE or "deleted" in payload.meta
            kind, text = ("" if gone or said.to_ids not in _TRUE else said.type), said.value
        else:
            found = _INDICATOR.decode(payload.body)
            kind = "" if found.revoked or "benign" in found.indicator_types else found.pattern_type
            text = found.pattern
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (kind, text) if kind in KINDS and text.strip() and len(text) <= MAX_RULE else None


def _is_indicator(kind: str, subject: str) -> bool:
    """Tell by its id, before a byte of it is looked at: nearly no STIX object is one."""
    return kind == "stix" and subject.startswith("indicator--")


def write_rules(kind: str, rules: Iterable[tuple[str, str]], base: str) -> tuple[list[str], int]:
    """Return the parts of a file of (entry's public id, text), each text once, and how many were left out.

    Sigma rules are documents of one YAML stream. Left out is what would go over :data:`MAX_BODY`.
    """
    mark = "//" if kind == "yara" else "#"
    parts = [f"{mark} Fusion Cell, {kind}. {base}/feeds\n"]
    seen: set[str] = set()
    size = left_out = 0
    for identifier, text in rules:
        if text in seen:
            continue
        if size + len(text) > MAX_BODY:
            left_out += 1
            continue
        seen.add(text)
        size += len(text)
        start = "" if kind == "yara" else "---\n"
        parts.append(f"{start}{mark} fusioncell {identifier}\n{text}" + ("" if text.endswith("\n") else "\n"))
    return parts, left_out
