"""Check what is about to be written into an item: whether it makes sense, and who may. Pure; raises.

Into what the whole partnership reads, every member may write notes and estimates; all else is for the item's own
organisation and for the Fusion Cell.
"""

from __future__ import annotations

import re

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.horizon.model import (
    CATEGORIES,
    LONGEST_DAYS,
    MOST_BY_ONE,
    MOST_LINKS,
    MOST_PAPERS,
    MOST_SOURCE,
    MOST_TEXT,
    MOST_TITLE,
    OUTCOMES,
    SCALE,
    Item,
    Kind,
    Paper,
    What,
)
from fusioncell.picture.notebook import CONFIDENCE, YARDSTICK

_FOR_ALL = frozenset({What.NOTE, What.ESTIMATE})
_OF_KIND = {What.RATE: Kind.DRIVER, What.JUDGEMENT: Kind.SCENARIO, What.ESTIMATE: Kind.FORECAST,
            What.OUTCOME: Kind.FORECAST, What.CONFIRM: Kind.FORECAST, What.REOPEN: Kind.FORECAST}  # fmt: skip
_BY_PEOPLE = frozenset({What.ESTIMATE, What.OUTCOME, What.CONFIRM})
_SAID = frozenset({What.NOTE, What.OUTCOME, What.REOPEN})
_SOURCE = re.compile(r"https?://[\x21-\x7e]+\Z")


def may_write(viewer: Viewer) -> None:
    """Refuse whoever contributes nothing."""
    if not (viewer.org and viewer.member and viewer.may("contribute")):
        raise NotAllowed("your role reads the horizon and writes nothing", hint="Ask for the role analyst or member.")


def check_item(paper: Paper, now: Instant) -> None:
    """Check an item that is opened."""
    if paper.what is not What.ITEM or paper.of:
        raise BadInput("an item stands by itself", place="what")
    if not paper.title or len(paper.title) > MOST_TITLE:
        raise BadInput("give it a title", hint=f"At most {MOST_TITLE} characters.", place="title")
    if len(paper.text) > MOST_TEXT:
        raise BadInput(f"that is longer than {MOST_TEXT:,} characters", place="text")
    if paper.source and (len(paper.source) > MOST_SOURCE or not _SOURCE.match(paper.source)):
        raise BadInput("that is no address of a web page", hint="It begins with https://.", place="source")
    if paper.kind in (Kind.SIGNAL, Kind.DRIVER) and paper.category not in CATEGORIES:
        raise BadInput("say where it belongs", hint=f"One of {', '.join(CATEGORIES)}.", place="category")
    if paper.kind is Kind.FORECAST and not now < paper.deadline <= now + LONGEST_DAYS * DAY:
        raise BadInput("a forecast needs a deadline that is to come", hint="Within five years.", place="deadline")
    if paper.kind is Kind.FORECAST and not paper.text.strip():
        raise BadInput("say how one will know", hint="Who says it, where, and what counts as yes.", place="text")


def check(viewer: Viewer, item: Item, paper: Paper, now: Instant) -> None:
    """Check a paper that is put into an item."""
    own = viewer.org == item.org or viewer.may("answer")
    if item.audience.tlp is Tlp.GREEN and not own and paper.what not in _FOR_ALL:
        raise NotAllowed("this is for its author's organisation and for the Fusion Cell",
                         hint="Write a note, or give your probability.")  # fmt: skip
    if item.retired:
        raise Conflict("this is done with", hint="Open a new one.")
    mine = sum(1 for each in item.papers if each.by == (viewer.person or viewer.org))
    if len(item.papers) >= MOST_PAPERS or mine >= MOST_BY_ONE:
        raise Conflict("so much is written into this already that it takes no more", hint="Open a new one.")
    wanted = _OF_KIND.get(paper.what)
    if paper.what is What.ITEM or (wanted is not None and wanted is not item.kind):
        raise BadInput(f"that does not go into a {item.kind.value}", place="what")
    if len(paper.text) > MOST_TEXT or (paper.what in _SAID and not paper.text.strip()):
        raise BadInput("write something", hint=f"At most {MOST_TEXT:,} characters.", place="text")
    if paper.what in _BY_PEOPLE and viewer.person is None:
        raise NotAllowed("only people give probabilities and say what came of it", hint="Sign in.")
    _check_fields(item, paper)
    _check_forecast(viewer, item, paper, now)


def _check_fields(item: Item, paper: Paper) -> None:
    if paper.what is What.RATE and not (paper.impact in SCALE and paper.uncertainty in SCALE):
        raise BadInput("rate both from 1 to 5", place="impact")
    if paper.what is What.JUDGEMENT and (
        paper.word not in {each.code for each in YARDSTICK} or paper.confidence not in CONFIDENCE
    ):
        raise BadInput("say how likely it is, and how confident you are", place="word")
    if paper.what is What.LINK and len(item.links) >= MOST_LINKS:
        raise Conflict(f"it has {MOST_LINKS} links already", hint="Take one out first.")


def _check_forecast(viewer: Viewer, item: Item, paper: Paper, now: Instant) -> None:
    found = item.found
    if paper.what is What.ESTIMATE:
        if not 0 <= paper.percent <= 100:
            raise BadInput("give a probability from 0 to 100 percent", place="percent")
        if now >= item.deadline or found is not None:
            raise Conflict("the question is closed", hint="Its deadline has passed, or its outcome was said.")
    if paper.what is What.OUTCOME:
        if item.resolved:
            raise Conflict("two people have said what came of it", hint="Reopen it first.")
        if paper.outcome not in OUTCOMES:
            raise BadInput("say what came of it", hint="Yes, no, or void.", place="outcome")
        if paper.outcome == "no" and now < item.deadline:
            raise BadInput("it may still come true", hint="No can be said once the deadline has passed.",
                           place="outcome")  # fmt: skip
    if paper.what is What.CONFIRM:
        if found is None or item.resolved or paper.about != found.id:
            raise Conflict("there is no such outcome to confirm", hint="Load the page again.")
        if found.by == viewer.person:
            raise NotAllowed("a second person confirms it", hint="Ask a colleague who reads it.")
    if paper.what is What.REOPEN and found is None:
        raise Conflict("no outcome was said", hint="There is nothing to take back.")
