"""Derive an investigation from its papers, in order. Pure.

1. What was dropped is taken out, wherever it stood; of judgements and marks the latest on each thing counts.
2. A hypothesis carries the weight of what is inconsistent with it; the least burdened stands first (Heuer: look for
   what disproves). Evidence that stands to all alike tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.kernel.marking import Audience
from fusioncell.picture.notebook.model import MARKS, Evidence, Hypothesis, Investigation, Note, What, Written

_NOTED = frozenset({What.NOTE, What.VALUES, What.HYPOTHESIS, What.JUDGEMENT, What.EVIDENCE, What.CLOSE, What.REOPEN})


def investigation_of(papers: Sequence[Written], audience: Audience) -> Investigation | None:
    """Return the investigation that papers come to; None where its first one is not among them."""
    first = next((each for each in papers if each.paper.what is What.INVESTIGATION), None)
    if first is None:
        return None
    dropped = {each.paper.about for each in papers if each.paper.what is What.DROP}
    left = [each for each in papers if each.id not in dropped]
    closed = [each.paper.what for each in left if each.paper.what in (What.CLOSE, What.REOPEN)]
    values = dict.fromkeys(key for each in left if each.paper.what is What.VALUES for key in each.paper.keys)
    hypotheses, evidence = weighed(left)
    return Investigation(
        first.id, first.paper.title, first.by, first.org, first.at, papers[-1].at, audience,
        bool(closed) and closed[-1] is What.CLOSE,
        tuple(_note(each) for each in left if each.paper.what in _NOTED),
        tuple(key for key in values if key not in dropped), hypotheses, evidence,
    )  # fmt: skip


def _note(each: Written) -> Note:
    paper = each.paper
    return Note(each.id, paper.what, each.by, each.org, each.at, paper.text, paper.keys, paper.about, paper.word,
                paper.confidence)  # fmt: skip


def weighed(papers: Sequence[Written]) -> tuple[tuple[Hypothesis, ...], tuple[Evidence, ...]]:
    """Return the hypotheses, the least burdened first, and the evidence with its marks."""
    named = {each.id: each for each in papers if each.paper.what is What.HYPOTHESIS}
    judged = {each.paper.about: each.paper for each in papers if each.paper.what is What.JUDGEMENT}
    marks: dict[str, dict[str, str]] = {}
    for each in papers:
        if each.paper.what is What.MARK and each.paper.to in named:
            marks.setdefault(each.paper.about, {})[each.paper.to] = each.paper.mark
    evidence = []
    for each in papers:
        if each.paper.what is What.EVIDENCE:
            of = {which: mark for which, mark in marks.get(each.id, {}).items() if mark in MARKS}
            telling = len({of.get(which, "") for which in named}) > 1
            evidence.append(Evidence(each.id, each.paper.text, each.by, each.at, of, telling))
    hypotheses = []
    for which, each in named.items():
        judgement = judged.get(which, each.paper)
        against = sum(MARKS[one.marks[which]] for one in evidence if which in one.marks)
        hypotheses.append(Hypothesis(which, each.paper.text, each.by, each.at, judgement.word, judgement.confidence,
                                     against))  # fmt: skip
    return tuple(sorted(hypotheses, key=lambda one: (one.against, one.at, one.id))), tuple(evidence)
