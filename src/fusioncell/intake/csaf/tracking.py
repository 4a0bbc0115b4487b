"""Mandatory tests of a document's versions: CSAF 2.0 §6.1.14, 6.1.16–6.1.22, 6.1.30. Pure.

A version is an integer, or three of them with an optional pre-release and build part (semantic versioning 2.0.0).
"""

from __future__ import annotations

import re
from datetime import datetime

from fusioncell.intake.csaf.model import Found, Json, items, member, repeated, text

_SEMANTIC = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z")
_HISTORY = "/document/tracking/revision_history"
_Key = tuple[int, int, int, int, int, tuple[tuple[int, int, str], ...]]


def _key(version: str) -> _Key:
    """Return what orders versions: a release comes after its pre-releases; a build part does not count.

    Integers come before the others, whatever they say: they do not stand side by side (6.1.30).
    """
    if version.isascii() and version.isdigit():
        return 0, int(version), 0, 0, 1, ()
    found = _SEMANTIC.match(version)
    if found is None:
        return 2, -1, 0, 0, 0, ((1, 0, version),)
    parts = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in (found[4] or "").split(".") if one)
    return 1, int(found[1]), int(found[2]), int(found[3]), 0 if parts else 1, parts


def _pre(version: str) -> bool:
    """Tell whether a version comes before the first release: 0, or 0.y.z."""
    return version == "0" or re.match(r"0\.\d+\.\d+", version) is not None


def _has_pre_part(version: str) -> bool:
    found = _SEMANTIC.match(version)
    return found is not None and found[4] is not None


def _when(stamp: str) -> datetime:
    made = datetime.fromisoformat(stamp.replace("Z", "+00:00").replace("z", "+00:00"))
    if made.tzinfo is None:
        raise ValueError("no zone")
    return made


def _revisions(document: Json) -> list[tuple[int, str, str]]:
    """Return (place, number, date) of the revision history as it stands."""
    return [(place, text(one.get("number")), text(one.get("date")))
            for place, one in items(document, "document", "tracking", "revision_history")]  # fmt: skip


def _by_date(document: Json) -> list[str] | None:
    """Return the numbers in the order of their dates; None where a date is none."""
    try:
        return [number for _, number, _ in
                sorted(_revisions(document), key=lambda one: (_when(one[2]), _key(one[1])))]  # fmt: skip
    except (ValueError, OverflowError):
        return None


def unsorted(document: Json) -> Found:
    """6.1.14: in the order of their dates, versions rise."""
    numbers = _by_date(document) or []
    for before, after in zip(numbers, numbers[1:], strict=False):
        if _key(after) <= _key(before):
            yield _HISTORY, f"by date, {after} comes after {before}"


def not_latest(document: Json) -> Found:
    """6.1.16: the document's version is the newest of its history; for a draft, whatever stands behind the dash."""
    tracking = member(document, "document", "tracking")
    version, numbers = text(member(tracking, "version")), [number for _, number, _ in _revisions(document)]
    if not numbers:
        return
    newest, given = max(map(_key, numbers)), _key(version)
    alike = given[:4] == newest[:4] if text(member(tracking, "status")) == "draft" else given == newest
    if not alike:
        yield "/document/tracking/version", f"{version} is not the newest version of the history"


def not_draft(document: Json) -> Found:
    """6.1.17: what has a version before the first release is a draft."""
    tracking = member(document, "document", "tracking")
    version, status = text(member(tracking, "version")), text(member(tracking, "status"))
    if (_pre(version) or _has_pre_part(version)) and status != "draft":
        yield "/document/tracking/version", f"version {version} is one of a draft, and the status is {status}"


def unreleased(document: Json) -> Found:
    """6.1.18: the history of what is released begins with a release."""
    if text(member(document, "document", "tracking", "status")) == "draft":
        return
    for place, number, _ in _revisions(document):
        if _pre(number):
            yield f"{_HISTORY}/{place}/number", f"{number} comes before the first release"


def pre_release(document: Json) -> Found:
    """6.1.19: no version of the history is a pre-release."""
    for place, number, _ in _revisions(document):
        if _has_pre_part(number):
            yield f"{_HISTORY}/{place}/number", f"{number} is a pre-release"


def released_pre(document: Json) -> Found:
    """6.1.20: the version of what is no draft has no pre-release part."""
    tracking = member(document, "document", "tracking")
    version = text(member(tracking, "version"))
    if text(member(tracking, "status")) in ("final", "interim") and _has_pre_part(version):
        yield "/document/tracking/version", f"{version} has a pre-release part"


def gap(document: Json) -> Found:
    """6.1.21: no version is left out: whole numbers rise by one from 0 or 1, and so do the first of three."""
    numbers = _by_date(document) or []
    firsts: list[int] = []
    whole = all(number.isascii() and number.isdigit() for number in numbers)
    for number in numbers:
        first = _key(number)[1]
        if first < 0 or number.isdigit() != whole:
            return  # of both kinds, which 6.1.30 tells
        if whole or not firsts or firsts[-1] != first:
            firsts.append(first)
    if firsts and firsts[0] not in (0, 1):
        yield _HISTORY, f"the first version is {numbers[0]}, not 0 or 1"
    for before, after in zip(firsts, firsts[1:], strict=False):
        if after != before + 1:
            yield _HISTORY, f"{after} follows {before}"


def twice_revised(document: Json) -> Found:
    """6.1.22: no version stands twice in the history."""
    return repeated(((f"{_HISTORY}/{place}/number", number) for place, number, _ in _revisions(document)),
                    "the version")  # fmt: skip


def mixed(document: Json) -> Found:
    """6.1.30: versions are all integers or all semantic."""
    numbers = [number for _, number, _ in _revisions(document)]
    numbers.append(text(member(document, "document", "tracking", "version")))
    if len({number.isdigit() for number in numbers if number}) > 1:
        yield _HISTORY, "integers and semantic versions stand side by side"
