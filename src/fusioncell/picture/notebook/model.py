"""The values of notebooks: papers as they are written, what they come to, and the words of estimation as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience

PAPER = "notebook.paper"
"""Kind of the entry that is a paper; its subject is the paper's id."""
MOST_PAPERS = 3000
"""Papers of one investigation."""
MOST_LISTED = 200
MOST_TEXT = 20_000
MOST_TITLE = 200
MOST_KEYS = 500
MOST_IN_MATRIX = 30
"""Hypotheses, and pieces of evidence, of one matrix."""


@dataclass(frozen=True, slots=True)
class Word:
    """A term of the yardstick with the range of probability that it means, in percent."""

    code: str
    term: str
    least: int
    most: int


YARDSTICK = (
    Word("remote", "remote chance", 0, 5),
    Word("highly-unlikely", "highly unlikely", 10, 20),
    Word("unlikely", "unlikely", 25, 35),
    Word("realistic", "realistic possibility", 40, 50),
    Word("likely", "likely or probable", 55, 75),
    Word("highly-likely", "highly likely", 80, 90),
    Word("almost-certain", "almost certain", 95, 100),
)
"""The probability yardstick of the Professional Head of Intelligence Assessment (United Kingdom): the gaps between the
ranges are meant, they keep the terms apart."""
CONFIDENCE = {"low": "low confidence", "moderate": "moderate confidence", "high": "high confidence"}
"""Analytical confidence: how sound the ground of a judgement is, whatever its likelihood."""
MARKS = {"CC": 0.0, "C": 0.0, "N": 0.0, "I": 1.0, "II": 2.0}
"""How evidence stands to a hypothesis (Heuer 1999, ch. 8): very consistent … very inconsistent, with the weight of each
against it. What is consistent proves nothing, as it may be consistent with all."""


class What(StrEnum):
    """What a paper is."""

    INVESTIGATION = "investigation"
    NOTE = "note"
    VALUES = "values"
    """Values are put into the investigation."""
    HYPOTHESIS = "hypothesis"
    JUDGEMENT = "judgement"
    """How likely a hypothesis (``about``) is now, and how confident one is; the latest counts."""
    EVIDENCE = "evidence"
    MARK = "mark"
    """How evidence (``about``) stands to a hypothesis (``to``); the latest counts."""
    DROP = "drop"
    """A paper of the investigation (``about``: its id) or a value (its key) is taken out."""
    CLOSE = "close"
    REOPEN = "reopen"


class Paper(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a :data:`PAPER` entry. ``of``: the investigation, "" for one itself; the rest as ``what`` needs it.

    ``word``: of the :data:`YARDSTICK`; ``confidence``: of :data:`CONFIDENCE`; ``mark``: of :data:`MARKS`.
    """

    what: What
    of: str = ""
    title: str = ""
    text: str = ""
    keys: tuple[str, ...] = ()
    about: str = ""
    to: str = ""
    word: str = ""
    confidence: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A paper as it was written: its id, by whom, when. ``by``: the person, or a machine's organisation."""

    id: str
    by: str
    org: str
    at: Instant
    paper: Paper


@dataclass(frozen=True, slots=True)
class Note:
    """A note, a piece of evidence, or what was done, in the order of the investigation."""

    id: str
    what: What
    by: str
    org: str
    at: Instant
    text: str
    keys: tuple[str, ...] = ()
    about: str = ""
    word: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis with the latest judgement of it. ``against``: the weight of what is inconsistent with it."""

    id: str
    text: str
    by: str
    at: Instant
    word: str = ""
    confidence: str = ""
    against: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence. ``marks``: hypothesis → mark. ``telling``: it does not stand to all hypotheses alike."""

    id: str
    text: str
    by: str
    at: Instant
    marks: dict[str, str]
    telling: bool = False


@dataclass(frozen=True, slots=True)
class Investigation:
    """An investigation as its readers have it. ``values``: keys with who put them in; ``last``: when it last moved."""

    id: str
    title: str
    by: str
    org: str
    at: Instant
    last: Instant
    audience: Audience
    closed: bool
    notes: tuple[Note, ...] = ()
    values: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
