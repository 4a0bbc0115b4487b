"""What can happen in the story, as values: contributions, decisions and recalls, and the conversation around them.

Whoever acts is named by a player's key (``cast.PLAYERS``). ``name`` and ``to``: the word by which the story's tables
refer to what was said earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.demo.voices import Piece
from fusioncell.kernel.marking import Tlp
from fusioncell.picture.horizon import Paper
from fusioncell.picture.products.model import Written


@dataclass(frozen=True, slots=True)
class Say:
    """A partner contributes a piece. ``name``: for a later act on it; ``closed``: to the finance group only."""

    by: str
    piece: Piece
    name: str = ""
    tlp: Tlp = Tlp.GREEN
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Approve:
    """The department approves these names, where they are still proposed and no visitor was faster."""

    names: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """A partner withdraws what it said under a name."""

    by: str
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Round:
    """The department's approver looks at what waits, and leaves the newest few to whoever comes."""


@dataclass(frozen=True, slots=True)
class Write:
    """Someone begins a conversation, or answers ``to`` in one. ``text``: markdown; defanged values are the attacker's.

    ``group``: a group's name, to whom it goes (TLP:AMBER); ``about``: anchors of the conversation; ``mentions``:
    players who are told; ``nameless``: sent anonymously. ``asks``: it is a request for information, answered within so
    many hours; ``answers``: it answers one.
    """

    by: str
    text: str
    title: str = ""
    name: str = ""
    to: str = ""
    group: str = ""
    about: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    tlp: Tlp | None = None
    nameless: bool = False
    asks: int = 0
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """The author adds to what they wrote under a name."""

    by: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class React:
    """Someone reacts to a post: ``seen``, ``useful`` or ``false-positive``."""

    by: str
    to: str
    kind: str = "seen"


@dataclass(frozen=True, slots=True)
class Keep:
    """Someone keeps a post at hand and watches its conversation."""

    by: str
    to: str


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Someone opens an event room, called ``room``, out of a post, with these partners."""

    by: str
    room: str
    to: str
    partners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskConsent:
    """Someone asks the originator whether what was said under a name may go into a wider product."""

    by: str
    to: str
    product: str
    reason: str
    tlp: Tlp = Tlp.GREEN


@dataclass(frozen=True, slots=True)
class Accept:
    """Someone accepts the answer ``answer`` to their request ``to``."""

    by: str
    to: str
    answer: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Someone puts an item on the partnership's horizon, or a paper into the one called ``to``.

    ``hours``: until the deadline of a forecast. ``other``: the item that a link leads to, by its name.
    """

    by: str
    paper: Paper
    name: str = ""
    to: str = ""
    other: str = ""
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Count:
    """The resolvers' agents report the hour that has closed."""


@dataclass(frozen=True, slots=True)
class Lodge:
    """Somebody outside appeals against the block of ``about``; ``name``: for a later act on it."""

    name: str
    about: str
    role: str
    text: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Someone decides the appeal ``to``: the block ends where it is upheld."""

    by: str
    to: str
    uphold: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """An officer asks that ``about`` is not blocked for some days; ``second``, if there is one, confirms it."""

    by: str
    about: str
    reason: str
    days: int
    second: str = ""


@dataclass(frozen=True, slots=True)
class Propose:
    """Someone proposes by hand to block ``about``, a site of ``contact`` that was broken into, and approves it as the
    first of two.
    """

    by: str
    about: str
    contact: str
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """Someone looks at a sample of what standing approvals published, and finds it right."""

    by: str


@dataclass(frozen=True, slots=True)
class Issue:
    """Someone writes a product and hands it in; where there is a ``second``, it is approved and published."""

    by: str
    second: str
    written: Written


Protective = Lodge | Judge | Hold | Propose | Review | Issue
Spoken = Write | Edit | React | Keep | OpenRoom | AskConsent | Accept | Scan
Act = Say | Approve | Recall | Round | Count | Protective | Spoken


@dataclass(frozen=True, slots=True)
class Beat:
    """An act and when it happens: seconds of the story (before the doors open: below zero)."""

    at: int
    act: Act
