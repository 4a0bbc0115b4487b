"""Rank what may deserve a look: which mentions are looked at, what speaks for an item, and its score. Pure.

The score is the sum of its reasons' points, halved for each :data:`HALF_LIFE` that nobody named it. Points are data
(:data:`POINTS`): what concerns the viewer's own networks, and a member's question, come before what is merely new.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Any
from urllib.parse import urlsplit

from fusioncell.fusion.model import Assessment
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.picture.triage.model import (
    HALF_LIFE,
    MOST_CANDIDATES,
    RECENT,
    Candidate,
    Item,
    Reason,
    Standing,
    Why,
    hours,
)

_T = ObservableType
POINTS: dict[Why, float] = {
    Why.ASSET: 10.0,
    Why.QUESTION: 9.0,
    Why.EXPLOITED: 6.0,
    Why.CONTRADICTED: 5.0,
    Why.OVER: 4.0,
    Why.KNOWN_GOOD: 3.0,
    Why.NEAR: 3.0,
    Why.RISING: 2.0,
    Why.RETURNED: 2.0,
    Why.AGAIN: 2.0,
    Why.CORROBORATED: 1.5,
    Why.SECTOR: 1.0,
    Why.NEW: 1.0,
    Why.BULK: -0.6,
}
"""What a reason is worth; :data:`Why.CORROBORATED` for each independent origin but the first, :data:`Why.BULK` for each
power of ten by which a contributor names more than :data:`FEW`; :data:`Why.AGAIN` times the chance."""
FEW = 10
MOST_ORIGINS = 5
LIKELY, WEEK = 0.1, 7
"""The chance of being accused again, within so many days, from which it counts. It adds to other reasons, and is none
by itself: what was looked at and is still active is no news."""
NEAR_BY = 0.15
"""How far under the blocking threshold is near."""
OVERDUE = 4.0
"""What is added for a question whose day has passed."""
_NEWEST_OF_EACH = 3
"""Of each contributor in each audience, so many of the newest are looked at, whatever the others name."""


@dataclass(slots=True)
class Named:
    """Who named an observable within the window: contributor → when first and when last."""

    last: Instant = 0
    orgs: dict[str, tuple[Instant, Instant]] = field(default_factory=dict)

    def add(self, org: str, at: Instant) -> None:
        """Add a mention."""
        first, last = self.orgs.get(org, (at, at))
        self.orgs[org] = min(first, at), max(last, at)
        self.last = max(self.last, at)


def bulks(found: Mapping[int, Named]) -> dict[int, int]:
    """Return, of observables that one contributor alone names, how many such that contributor names."""
    alone = {number: next(iter(named.orgs)) for number, named in found.items() if len(named.orgs) == 1}
    counted = Counter(alone.values())
    return {number: counted[org] for number, org in alone.items() if counted[org] > FEW}


def bulk(count: int) -> Reason:
    """Say that an observable is one of many that one contributor alone names."""
    return Reason(Why.BULK, round(POINTS[Why.BULK] * log10(count / FEW), 3), count - 1)


def gather(pages: Iterable[Sequence[Sequence[Any]]]) -> tuple[dict[int, Named], list[int]]:
    """Join mentions, (observable's number, contributor, at), newest first; a page holds those of one contributor.

    Returns who named what, and the observables to look at: what most contributors name, the newest few of each page,
    then the rest.
    """
    found: dict[int, Named] = {}
    heads: dict[int, None] = {}
    for page in pages:
        for number, org, at in page:
            found.setdefault(number, Named()).add(org, at)
        heads.update(dict.fromkeys(row[0] for row in page[:_NEWEST_OF_EACH]))
    # Places in the order of mentions, never numbers: those are given by what others contribute.
    order = {number: place for place, number in enumerate(found)}
    best = sorted(found, key=lambda one: (-len(found[one].orgs), -found[one].last, order[one]))
    chosen = dict.fromkeys([*best[: MOST_CANDIDATES // 2], *heads, *best])
    return found, list(chosen)[:MOST_CANDIDATES]


def reasons_of(
    one: Observable, found: Assessment | None, named: Named, now: Instant, *, threshold: float, decided: bool
) -> list[Reason]:
    """Say what speaks for a look at an observable, by its assessment and by who named it."""
    reasons: list[Reason] = []
    if found is not None:
        against = sum(not origin.voice.benign for origin in found.origins)
        benign = len(found.origins) - against
        said = found.override
        judged = said is not None and (found.last or 0) <= said.at  # an analyst has looked, and nothing came since
        if against and benign and not judged:
            reasons.append(_reason(Why.CONTRADICTED, benign))
        if against > 1:
            worth = POINTS[Why.CORROBORATED] * (min(against, MOST_ORIGINS) - 1)
            reasons.append(Reason(Why.CORROBORATED, worth, against))
        percent = int(100 * found.malicious)
        if not decided and not judged and found.active >= 0.5:
            if found.malicious >= threshold:
                reasons.append(_reason(Why.OVER, percent))
            elif against and found.malicious >= threshold - NEAR_BY:
                reasons.append(_reason(Why.NEAR, percent))
        if found.first is not None and found.first >= now - RECENT:
            reasons.append(_reason(Why.NEW, hours(found.first, now)))
    lately = sum(last >= now - RECENT for _, last in named.orgs.values())
    if lately > 1 and lately > sum(first < now - RECENT for first, _ in named.orgs.values()):
        reasons.append(_reason(Why.RISING, lately))
    again = max((each.probability for each in found.again if each.days == WEEK), default=0.0) if found else 0.0
    if reasons and again >= LIKELY:
        reasons.append(Reason(Why.AGAIN, round(POINTS[Why.AGAIN] * again, 3), int(100 * again)))
    return reasons


def _reason(why: Why, number: int = 0, detail: str = "") -> Reason:
    return Reason(why, POINTS[why], number, detail)


def asset_hit(one: Observable, assets: Sequence[str]) -> str:
    """Return the first of the assets (networks, AS numbers, names) that an observable is of or within, "" for none."""
    text = one.value
    if one.type is _T.URL:
        text = urlsplit(one.value).hostname or ""
    elif one.type is _T.EMAIL:
        text = one.value.rpartition("@")[2]
    elif one.type is _T.ASN:
        text = f"AS{one.value}"
    elif one.type not in (_T.DOMAIN, _T.IPV4, _T.IPV6, _T.CIDR):
        return ""
    net = _network(text)
    for asset in assets:
        if net is None:
            if text == asset or text.endswith(f".{asset}"):
                return asset
            continue
        own = _network(asset)
        if own is not None and own.version == net.version and net.subnet_of(own):  # type: ignore[arg-type]
            return asset
    return ""


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not text or not (text[-1].isdigit() or ":" in text):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def scored(candidate: Candidate, standing: Standing, now: Instant) -> Item:
    """Return the item with its score; reasons that count most stand first."""
    reasons = tuple(sorted(candidate.reasons, key=lambda each: (-each.points, each.why)))
    score = sum(each.points for each in reasons)
    # A question does not fade: somebody waits for an answer.
    if not any(each.why is Why.QUESTION for each in reasons):
        score *= 2.0 ** (-max(0, now - candidate.at) / HALF_LIFE)
    return Item(candidate, round(score, 3), reasons, standing)


def has_returned(named: Named, dismissed: Instant) -> bool:
    """Tell whether someone has named it since it was dismissed who had not within the window before."""
    return any(first > dismissed for first, _ in named.orgs.values())


def question(deadline: Instant, now: Instant) -> Reason:
    """Say that a member waits for an answer; the more urgent once its day has passed."""
    points = POINTS[Why.QUESTION] + (OVERDUE if deadline < now else 0.0)
    return Reason(Why.QUESTION, points, hours(now, deadline))
