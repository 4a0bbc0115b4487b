"""Measure: quarters, what an item says beside its value, medians, sectors joined so that none is too small. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from fusioncell.exchange.participation.model import CONTEXT, FEWEST, KINDS, OTHER, Figures, Pace
from fusioncell.intake.model import Extract
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import ANONYMOUS
from fusioncell.kernel.observable import Observable

_QUARTER = re.compile(r"(20\d\d)-Q([1-4])\Z")
_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_MALWARE = re.compile(
    r"malware|malpedia|ransomware|misp-galaxy:(?:tool|mitre-tool|rat|banker|stealer|botnet|exploit-kit)|caro-malware",
    re.IGNORECASE,
)
_CAMPAIGN = re.compile(r"campaign|threat-actor|intrusion-set|misp-galaxy:microsoft-activity-group", re.IGNORECASE)
_RSIT = re.compile(r"rsit:", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,}+\s++[^\W\d_]{2}")
_ACCUSES = frozenset((Stance.MALICIOUS, Stance.SUSPICIOUS))
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


# -- time --------------------------------------------------------------------------------------------------------------


def quarter_of(at: Instant) -> str:
    """Name the quarter of an instant (UTC): ``2026-Q4``."""
    day = _EPOCH + timedelta(microseconds=at)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def bounds_of(quarter: str) -> tuple[Instant, Instant]:
    """Return the first instant of a quarter and of the next. BadInput for what names none."""
    found = _QUARTER.match(quarter)
    if found is None:
        raise BadInput(f"{quarter[:20]!r} names no quarter", hint="Write it as 2026-Q4.", place="quarter")
    year, number = int(found[1]), int(found[2])
    months = months_from(year, 3 * number - 2, 4)
    return months[0], months[3]


def months_from(year: int, month: int, count: int) -> list[Instant]:
    """Return the first instants of so many months."""
    return [
        (datetime(year + (month - 1 + n) // 12, (month - 1 + n) % 12 + 1, 1, tzinfo=timezone.utc) - _EPOCH)
        // timedelta(microseconds=1)
        for n in range(count)
    ]


def months_within(begins: Instant) -> list[Instant]:
    """Return the first instants of the three months of a quarter."""
    day = _EPOCH + timedelta(microseconds=begins)
    return months_from(day.year, day.month, 3)


def weeks_within(begins: Instant, ends: Instant) -> list[Instant]:
    """Return the first instants of the quarter's weeks, seven days each from its first day; the last may be short."""
    return list(range(begins, ends, 7 * DAY))


# -- what an item says -------------------------------------------------------------------------------------------------


def weigh_item(counted: Counter[str], kind: str, extract: Extract) -> None:
    """Count the indicators of an item, what they say beside their value, and its sightings.

    An indicator is a value that is called the attacker's, malicious or suspicious; each counts once an item.
    """
    claims = extract.claims
    indicators = 0
    seen: set[Observable] = set()
    for claim in claims:
        if claim.role is not Role.ATTACKER or claim.stance not in _ACCUSES:
            continue
        if len(claims) > 1:
            if claim.observable in seen:
                continue
            seen.add(claim.observable)
        indicators += 1
        if claim.until is not None:
            counted["until"] += 1
        if claim.context:
            said = _kinds_of(claim.context)
            if said:
                counted["context"] += 1
                for name in said:
                    counted[name] += 1
    if indicators:
        counted["indicators"] += indicators
        if _is_described(kind, extract):
            counted["described"] += indicators
    if extract.sightings:
        counted["sightings"] += sum(one.stance is Stance.MALICIOUS for one in extract.sightings)


@lru_cache(maxsize=4096)
def _kinds_of(labels: tuple[str, ...]) -> frozenset[str]:
    text = "\n".join(labels)
    if not text:
        return frozenset()
    tests = {"malware": _MALWARE, "campaign": _CAMPAIGN, "technique": _TECHNIQUE, "rsit": _RSIT}
    return frozenset(name for name, test in tests.items() if test.search(text))


def _is_described(kind: str, extract: Extract) -> bool:
    """Tell whether somebody wrote words about it: a STIX object's text holds its pattern, a row's all of its cells."""
    text = extract.text.strip()
    if kind == "stix":
        return bool(text) and not text.startswith("[")
    if kind == "csv.row":
        return bool(_SENTENCE.search(text))
    return bool(text)


# -- figures -----------------------------------------------------------------------------------------------------------


def median(numbers: Iterable[float]) -> float:
    """Return the median, 0 of nothing."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    if not ordered:
        return 0.0
    return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def pace_of(waits: Sequence[int | None]) -> Pace:
    """Return how fast first replies came: the wait of each in µs, None where none came. p90 is the nearest rank."""
    came = sorted(wait for wait in waits if wait is not None)
    if not came:
        return Pace(len(waits), 0, None, None)
    rank = max(0, -(-9 * len(came) // 10) - 1)
    return Pace(len(waits), len(came), int(median(came)), came[rank])


def medians(figures: Sequence[Figures]) -> dict[str, float]:
    """Return the median of each count, and of each share over those who gave indicators at all."""
    found = {kind: median(getattr(one, kind) for one in figures) for kind in (*KINDS, "indicators")}
    for name in ("context", *CONTEXT):
        found[name] = median(share for one in figures if (share := one.share(name)) is not None)
    return found


def join_sectors(sectors: Mapping[str, str]) -> dict[str, str]:
    """Return organisation → the sector under which it counts: none that is shown has fewer than ``FEWEST``.

    ``sectors``: organisation → its own word. Those too small are *other*; while *other* itself is too small, the
    smallest of the rest joins it. Empty where there are too few organisations altogether.
    """
    if len(sectors) < FEWEST:
        return {}
    words = {one: " ".join(word.lower().split()) or OTHER for one, word in sectors.items()}
    sizes = Counter(words.values())
    joined = {word for word, size in sizes.items() if size < FEWEST or word == OTHER}
    while joined and sum(sizes[word] for word in joined) < FEWEST:
        joined.add(min((size, word) for word, size in sizes.items() if word not in joined)[1])
    return {one: OTHER if word in joined else word for one, word in words.items()}


def sector_of(joined: Mapping[str, str], voice: str) -> str:
    """Return the sector under which a voice counts: anonymous ones have none, and who is no member is *other*."""
    return "" if voice == ANONYMOUS or not joined else joined.get(voice, OTHER)
