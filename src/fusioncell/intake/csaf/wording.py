"""Mandatory tests of names and languages: CSAF 2.0 §6.1.11, 6.1.12, 6.1.15, 6.1.26, 6.1.28. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fusioncell.intake.csaf.model import Codes, Found, Json, member, text, vulnerabilities

PROFILES = {
    "csaf_base": "CSAF Base", "csaf_security_incident_response": "Security Incident Response",
    "csaf_informational_advisory": "Informational Advisory", "csaf_security_advisory": "Security Advisory",
    "csaf_vex": "VEX",
}  # fmt: skip
"""Document category → the name of its profile (CSAF 2.0 §4)."""
_NOISE = re.compile(r"[\s_-]+")
_ORDER = ("language", "extlang", "script", "region", "variant")


def weakness(document: Json, codes: Codes) -> Found:
    """6.1.11: a weakness has the id and the name that CWE gives it."""
    for path, vulnerability in vulnerabilities(document):
        given = vulnerability.get("cwe")
        if not isinstance(given, dict):
            continue
        number, name = text(given.get("id")), text(given.get("name"))
        if not re.fullmatch(r"CWE-[1-9]\d*", number):
            yield f"{path}/cwe/id", f"{number[:40]!r} is no id of a weakness"
        elif (names := codes.weaknesses()) and names.get(number[4:]) != name:
            known = names.get(number[4:])
            yield f"{path}/cwe", f"{number} is {known!r}, not {name[:120]!r}" if known else f"CWE has no {number}"


def language(document: Json, codes: Codes) -> Found:
    """6.1.12: languages are tags of RFC 5646 whose subtags are registered."""
    for key in ("lang", "source_lang"):
        tag = text(member(document, "document", key))
        if tag and (why := _not_a_language(tag, codes)):
            yield f"/document/{key}", f"{tag[:40]!r} is no language: {why}"


def _not_a_language(tag: str, codes: Codes) -> str:
    """Say what is wrong with a tag (RFC 5646 §2.1, §2.2.9), "" for nothing."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*", tag):
        return "its form is not that of RFC 5646"
    known, low = codes.languages(), tag.lower()
    if low.startswith("x-") or (known and low in known.get("grandfathered", ())):
        return ""
    parts, place, once = low.split("-"), 0, set[str]()
    for at, part in enumerate(parts):
        if len(part) == 1:
            return _extensions(parts[at:])
        found = _kind_of(part, place, at)
        if found is None:
            return f"{part!r} cannot stand where it stands"
        kind, place = found
        if known and not _is_registered(part, kind, known):
            return f"{part!r} is no registered {kind}"
        prefixes = known.get(kind, {}).get(part, {}).get("prefix", ()) if known and kind == "extlang" else ()
        if prefixes and parts[0] not in prefixes:
            return f"{part!r} is written after {prefixes[0]}"
        if kind == "variant" and part in once:
            return f"{part!r} stands twice"
        once.add(part)
    return ""


def _kind_of(part: str, place: int, at: int) -> tuple[str, int] | None:
    """Return (what a subtag is by its form and place, the next place), None where it can be nothing."""
    if at == 0:
        return ("language", 1) if part.isalpha() and len(part) >= 2 else None
    if place <= 1 and len(part) == 3 and part.isalpha() and at <= 3:
        return "extlang", 1
    if place <= 2 and len(part) == 4 and part.isalpha():
        return "script", 3
    if place <= 3 and ((len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdigit())):
        return "region", 4
    if len(part) >= 5 or (len(part) == 4 and part[0].isdigit()):
        return "variant", 4
    return None


def _is_registered(part: str, kind: str, known: Mapping[str, Any]) -> bool:
    if part in known.get(kind, ()):
        return True
    ranges = known.get("ranges", {}).get(kind, ())
    return any(len(first) == len(part) and first <= part <= last for first, last in ranges)


def _extensions(parts: list[str]) -> str:
    """Say what is wrong with extensions and private use, from the first single letter on."""
    seen: set[str] = set()
    for at, part in enumerate(parts):
        if len(part) > 1:
            continue
        if at + 1 == len(parts) or (len(parts[at + 1]) == 1 and part != "x"):
            return f"nothing follows {part!r}"
        if part == "x":
            return ""
        if part in seen:
            return f"the extension {part!r} stands twice"
        seen.add(part)
    return ""


def translator(document: Json) -> Found:
    """6.1.15: a translator says from which language."""
    by = text(member(document, "document", "publisher", "category"))
    if by == "translator" and not text(member(document, "document", "source_lang")):
        yield "/document/source_lang", "the publisher is a translator, and the source's language is missing"


def category(document: Json) -> Found:
    """6.1.26: a category of one's own is not called like a profile of the standard."""
    given = text(member(document, "document", "category"))
    if given in PROFILES:
        return
    plain = _NOISE.sub("", given.casefold())
    reserved = {_NOISE.sub("", name.casefold()) for pair in PROFILES.items() for name in pair}
    if plain in reserved or given.casefold().startswith("csaf_"):
        yield "/document/category", f"{given[:80]!r} is too much like a profile of the standard"


def translation(document: Json) -> Found:
    """6.1.28: a translation is in another language than its source."""
    given, source = (text(member(document, "document", key)) for key in ("lang", "source_lang"))
    if given and given.casefold() == source.casefold():
        yield "/document/source_lang", "the document is in the language that it was translated from"
