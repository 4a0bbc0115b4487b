"""Use cases of notebooks: open an investigation, write into it, read it, list those that one may read.

Who reads an investigation is decided when it is opened, by its author: themselves, their organisation, a group, or the
Fusion Cell as an office. Whoever reads it and may contribute may write into it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.clock import Clock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import CELL, Audience, Tlp, Uses, Viewer, may_see, org, person
from fusioncell.kernel.ports import Database
from fusioncell.picture.notebook import store
from fusioncell.picture.notebook.derive import investigation_of
from fusioncell.picture.notebook.model import (
    CONFIDENCE,
    MARKS,
    MOST_IN_MATRIX,
    MOST_KEYS,
    MOST_LISTED,
    MOST_PAPERS,
    MOST_TEXT,
    MOST_TITLE,
    PAPER,
    YARDSTICK,
    Investigation,
    Paper,
    What,
    Written,
)
from fusioncell.record.service import Record

_GONE = "It may never have been shared with you."
_TEXTS = frozenset({What.NOTE, What.HYPOTHESIS, What.EVIDENCE})
_WORDS = {word.code for word in YARDSTICK}
_paper = msgspec.json.Decoder(Paper).decode


def audience_of(viewer: Viewer, readers: str) -> Audience:
    """Return the audience that ``readers`` means: ``me``, ``org``, ``cell``, or a group's party. Raises BadInput."""
    parties = {"me": person(viewer.person) if viewer.person else "", "org": org(viewer.org) if viewer.org else "",
               "cell": CELL if viewer.may("answer") else ""}  # fmt: skip
    party = parties.get(readers, readers if readers.startswith("group:") and readers in viewer.parties else "")
    if not party:
        raise BadInput("say who may read it", hint="Yourself, your organisation, a group of yours, or the Fusion Cell.",
                       place="readers")  # fmt: skip
    return Audience(Tlp.RED if readers == "me" else Tlp.AMBER_STRICT, frozenset({party}), Uses.NONE)


class Notebooks:
    """The front door of notebooks."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._clock, self._randomness = record, projections, clock, randomness

    # -- write -------------------------------------------------------------------------------------------------------

    def open(self, viewer: Viewer, title: str, readers: str) -> str:
        """Open an investigation; return its id."""
        _may_write(viewer)
        title = " ".join(title.split())
        if not title or len(title) > MOST_TITLE:
            raise BadInput("give it a title", hint=f"At most {MOST_TITLE} characters.", place="title")
        return self._append(viewer, audience_of(viewer, readers), Paper(What.INVESTIGATION, title=title))

    def write(self, viewer: Viewer, investigation: str, *papers: Paper) -> list[str]:
        """Put papers into an investigation; return their ids. NotFound where the viewer reads none."""
        _may_write(viewer)
        known = self.one(viewer, investigation)
        if known.closed and any(paper.what is not What.REOPEN for paper in papers):
            raise Conflict("this investigation is closed", hint="Reopen it first.")
        checked = [_checked(msgspec.structs.replace(paper, of=investigation), known) for paper in papers]
        return [self._append(viewer, known.audience, paper) for paper in checked]

    def _append(self, viewer: Viewer, audience: Audience, paper: Paper) -> str:
        if not may_see(viewer, audience):
            raise NotFound("no such investigation", hint=_GONE)
        identifier = new_id(self._randomness)
        payload = Payload(viewer.person or "", identifier, self._clock.now(), "", msgspec.json.encode(paper))
        number = self._record.intern_audience(audience)
        self._record.append(viewer.org or "", [Draft(PAPER, number, payload)], identifier)
        return identifier

    # -- read --------------------------------------------------------------------------------------------------------

    def one(self, viewer: Viewer, investigation: str) -> Investigation:
        """Return an investigation. NotFound where the viewer reads none."""
        with self._projections.read() as connection:
            rows = store.papers(connection, investigation, self._record.visible_to(viewer), MOST_PAPERS)
        found = self._made(rows)
        if found is None:
            raise NotFound("no such investigation", hint=_GONE)
        return found

    def listed(self, viewer: Viewer) -> list[Investigation]:
        """Return the investigations that the viewer reads, what moved last first, without what stands in them."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            order = store.newest(connection, audiences, MOST_LISTED)
            rows = store.of_many(connection, order, audiences) if order else []
        papers: dict[str, list[store.Row]] = {}
        for row in rows:
            papers.setdefault(row[0], []).append(row[1:])
        made = (self._made(papers.get(which, [])) for which in order)
        return [one for one in made if one is not None]

    def _made(self, rows: Iterable[store.Row]) -> Investigation | None:
        rows = list(rows)
        if not rows:
            return None
        # All papers of an investigation have the audience of the first.
        papers = [Written(row[0], row[1] or row[2], row[2], row[3], _paper(row[4])) for row in rows
                  if row[5] == rows[0][5]]  # fmt: skip
        return investigation_of(papers, self._record.audience(rows[0][5]))

    def written(self, who: str, sight: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person wrote, for an answer to the person."""
        with self._projections.read() as connection:
            rows = store.by(connection, who, sight, MOST_PAPERS)
        return [{"id": row[0], "what": row[1], "investigation": row[2], "at": format_instant(row[3]),
                 "paper": msgspec.json.decode(row[4])} for row in rows]  # fmt: skip


def _may_write(viewer: Viewer) -> None:
    if not (viewer.org and viewer.member and viewer.may("contribute")):
        raise NotAllowed("your role reads notebooks and writes none", hint="Ask for the role analyst or member.")


def _checked(paper: Paper, known: Investigation) -> Paper:
    """Check a paper for an investigation. Raises BadInput."""
    if len(paper.text) > MOST_TEXT:
        raise BadInput(f"that is longer than {MOST_TEXT:,} characters", hint="Split it.", place="text")
    if paper.what in _TEXTS and not paper.text.strip():
        raise BadInput("write something", place="text")
    if paper.what is What.INVESTIGATION:
        raise BadInput("an investigation stands by itself", place="what")
    if paper.what is What.VALUES and not 0 < len(paper.keys) <= MOST_KEYS:
        raise BadInput("name some values", hint=f"At most {MOST_KEYS} at once.", place="keys")
    if paper.word not in _WORDS | {""} or paper.confidence not in CONFIDENCE.keys() | {""}:
        raise BadInput("that is no term of the yardstick", hint="Use one of those offered.", place="word")
    hypotheses, evidence = {one.id for one in known.hypotheses}, {one.id for one in known.evidence}
    if paper.what is What.JUDGEMENT and (paper.about not in hypotheses or not paper.word or not paper.confidence):
        raise BadInput("a judgement says of a hypothesis how likely it is, and how confident you are", place="word")
    if paper.what is What.MARK and (
        paper.about not in evidence or paper.to not in hypotheses or paper.mark not in MARKS.keys() | {""}
    ):
        raise BadInput("a mark says how evidence stands to a hypothesis", hint=f"One of {', '.join(MARKS)}.",
                       place="mark")  # fmt: skip
    size = {What.HYPOTHESIS: len(hypotheses), What.EVIDENCE: len(evidence)}.get(paper.what, 0)
    if size >= MOST_IN_MATRIX:
        raise BadInput(f"a matrix holds {MOST_IN_MATRIX} of these", hint="Take out what is answered.", place="text")
    return paper
