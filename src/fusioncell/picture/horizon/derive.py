"""Derive an item from its papers, in order. Pure.

1. The latest judgement, rate and outcome count; of estimates the latest of each person at any time.
2. An estimate counts while the question is open: before its deadline, and before an outcome is said.
3. An outcome is confirmed by a person other than the one who said it; by nobody else, whatever was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fusioncell.kernel.marking import Audience
from fusioncell.picture.horizon.model import OUTCOMES, Estimate, Found, Item, Kind, Paper, What, Written


def item_of(papers: Sequence[Written], audience: Audience) -> Item | None:
    """Return the item that papers come to; None where its first one is not among them."""
    first = next((each for each in papers if each.paper.what is What.ITEM), None)
    if first is None:
        return None
    head = first.paper
    rated = _latest(papers, What.RATE)
    judged = _latest(papers, What.JUDGEMENT)
    links: dict[str, None] = {}
    for each in papers:
        if each.paper.what is What.LINK:
            links[each.paper.to] = None
        elif each.paper.what is What.UNLINK:
            links.pop(each.paper.to, None)
    made = Item(
        first.id, head.kind, head.title, head.text, head.category, head.source, first.by, first.org, first.at,
        papers[-1].at, audience, any(each.paper.what is What.RETIRE for each in papers), tuple(papers), tuple(links),
        rated.impact if rated else 0, rated.uncertainty if rated else 0, judged.word if judged else "",
        judged.confidence if judged else "", head.deadline,
    )  # fmt: skip
    return _foreseen(made, papers) if made.kind is Kind.FORECAST else made


def _latest(papers: Sequence[Written], what: What) -> Paper | None:
    return next((each.paper for each in reversed(papers) if each.paper.what is what), None)


def _foreseen(item: Item, papers: Sequence[Written]) -> Item:
    estimates: list[Estimate] = []
    found: Found | None = None
    for each in papers:
        paper = each.paper
        if paper.what is What.ESTIMATE and found is None and each.at < item.deadline and 0 <= paper.percent <= 100:
            estimates.append(Estimate(each.by, each.at, paper.percent / 100))
        elif found is not None and found.confirmed_by:
            found = None if paper.what is What.REOPEN else found
        elif paper.what is What.OUTCOME and paper.outcome in OUTCOMES:
            found = Found(each.id, paper.outcome, each.by, each.at, paper.text)
        elif paper.what is What.REOPEN:
            found = None
        elif paper.what is What.CONFIRM and found is not None and paper.about == found.id and each.by != found.by:
            found = replace(found, confirmed_by=each.by, confirmed=each.at)
    return replace(item, estimates=tuple(estimates), found=found)
