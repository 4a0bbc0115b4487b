"""The frozen values of products, and what the room asks of others (consents)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from fusioncell.intake import Affected, ProductBody
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Audience, Tlp, Viewer
from fusioncell.kernel.observable import Observable

DRAFT, STEP, FEEDBACK = "product.draft", "product.step", "product.feedback"
"""Kinds of the entries beside the published ones: a draft as it was saved, what was decided on it, what a reader says.
The subject of each is the product's id."""
PRODUCT = "product"
"""The kind of a published version; its subject is the product's id."""
MAX_TEXT = 50_000
MAX_TITLE = 200
MAX_SAID = 1000
MAX_PAGE = 200
MAX_AFFECTED = 200
MAX_REFERENCES = 500
PERMISSION = "answer"
"""Who writes and reviews products: those whose role speaks for the Fusion Cell."""


class Form(StrEnum):
    """What a product is."""

    ALERT = "alert"
    ADVISORY = "advisory"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    SECTOR = "sector"
    ANSWER = "answer"


class State(StrEnum):
    """Where the draft of a version stands."""

    DRAFT = "draft"
    REVIEW = "review"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    DROPPED = "dropped"


class Heard(StrEnum):
    """What a reader says of a product."""

    USEFUL = "useful"
    NOT_USEFUL = "not-useful"
    ACTED = "acted"


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """A draft as an author hands it in, and the body of a ``product.draft`` entry. ``text``: markdown with references.

    ``tlp`` with ``groups`` or ``people``: whom the version will reach. ``about``: the request that it answers.
    ``changed``: what is new in this version.
    """

    form: Form
    title: str
    text: str
    tlp: Tlp = Tlp.GREEN
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    about: str = ""
    sector: str = ""
    week: str = ""
    affected: tuple[Affected, ...] = ()
    changed: str = ""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``product.step`` entry: ``state`` that the draft with this ``digest`` takes, and words."""

    state: State
    digest: str
    said: str = ""


class Feedback(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``product.feedback`` entry: what an organisation says of a version (its ``number``)."""

    heard: Heard
    number: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Feedback as the product's organisation reads it."""

    org: str
    person: str
    at: Instant
    number: int
    heard: Heard
    said: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft of a product's next version, for its own organisation.

    ``authors``: ids of all who wrote in it: none of them may review it. ``said``: what the last step said.
    """

    id: str
    org: str
    at: Instant
    state: State
    authors: tuple[str, ...]
    by: str
    """Who took the last step."""
    said: str
    digest: str
    written: Written
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A published version, in a list. ``withdrawn``: when it was; its title is then no longer told."""

    id: str
    org: str
    audience: Audience
    number: int
    at: Instant
    form: Form
    title: str
    contribution: str
    withdrawn: Instant
    seq: int
    amended: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A version with its text. ``latest``: the number of the newest version that the viewer sees."""

    head: Published
    body: ProductBody
    author: str
    latest: int
    own: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """A reference as one viewer gets it.

    ``state``: ``seen``, ``hidden`` (it exists or not: the viewer may not know), ``withdrawn``, ``malformed``.
    """

    ref: str
    state: str
    observable: Observable | None = None
    contribution: str = ""
    title: str = ""
    org: str = ""
    tlp: Tlp | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """A source that may not be cited to these readers as it stands: ``why`` in words, by name."""

    ref: str
    contribution: str
    title: str
    org: str
    audience: Audience
    why: str


class NoConsent(NotAllowed):
    """A product cites what its readers may not see, and its originator has not consented. ``lacking``: which."""

    title = "A source does not permit this"

    def __init__(self, lacking: Sequence[Lacking], name: str) -> None:
        first = lacking[0]
        what = "; ".join(one.why for one in lacking[:10])
        more = f" (and {len(lacking) - 10} more)" if len(lacking) > 10 else ""
        super().__init__(
            f"this product would show its readers what its sources do not permit: {what}{more}",
            hint=f"Take the reference out, choose a stricter marking, or ask the originator for consent to “{name}” at "
                 f"/contributions/{first.contribution}/consent.",
            place="text",
        )  # fmt: skip
        self.lacking = tuple(lacking)


class Permit(Protocol):
    """A consent to a named wider product, as its originator gave it (``exchange.receipts`` has them)."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def originator(self) -> str: ...  # noqa: D102
    @property
    def asker(self) -> str: ...  # noqa: D102
    @property
    def product(self) -> str: ...  # noqa: D102
    @property
    def tlp(self) -> Tlp: ...  # noqa: D102
    @property
    def answered(self) -> Instant: ...  # noqa: D102
    @property
    def permits(self) -> bool: ...  # noqa: D102
    @property
    def proxy(self) -> bool: ...  # noqa: D102


class Consents(Protocol):
    """Gives the consents on a contribution that a viewer may read."""

    def __call__(self, viewer: Viewer, contribution: str) -> Sequence[Permit]:
        """Return them, the newest first."""
        ...
