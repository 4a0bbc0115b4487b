"""Gather items that copies of one text name: the hundredth report of a mail stands with the first. Pure.

An item is of a text where all that names it is copies (two or more) of that text. What is named elsewhere too stands by
itself, and so does what deserves a look for its own sake (:data:`APART`). The item that deserves it most leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fusioncell.kernel.observable import Observable
from fusioncell.picture.triage.model import Item, Why

APART = frozenset({Why.ASSET, Why.EXPLOITED, Why.CONTRADICTED, Why.QUESTION, Why.RETURNED})


def texts_of(naming: Mapping[Observable, list[int]], leaders: Mapping[int, int]) -> dict[Observable, tuple[int, int]]:
    """Return of each observable that copies of one text alone name (the text, how many copies there are in all).

    ``naming``: which entries name it; ``leaders``: of those that are texts, which each is a copy of.
    """
    copies: dict[int, set[int]] = {}
    for seqs in naming.values():
        for seq in seqs:
            if seq in leaders:
                copies.setdefault(leaders[seq], set()).add(seq)
    of = {one: {leaders.get(seq) for seq in seqs} for one, seqs in naming.items()}
    return {one: (text, len(copies[text]))
            for one, texts in of.items() if len(texts) == 1
            for text in texts if text is not None and len(copies[text]) > 1}  # fmt: skip


def gathered(items: Iterable[Item], texts: Mapping[Observable, tuple[int, int]]) -> list[Item]:
    """Return the items of a list, what deserves a look first, first, each with those that stand with it."""
    rows: list[Item] = []
    places: dict[int, int] = {}
    for item in items:
        known = texts.get(item.candidate.observable) if item.candidate.observable else None
        if known is None or any(each.why in APART for each in item.reasons):
            rows.append(item)
            continue
        text, copies = known
        if text in places:
            leader = rows[places[text]]
            rows[places[text]] = replace(leader, alike=(*leader.alike, item))
        else:
            places[text] = len(rows)
            rows.append(replace(item, reports=copies))
    return rows
