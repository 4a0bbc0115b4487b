"""The frozen values of receipts and consents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Tlp


class State(IntEnum):
    """How far a recall reaches at one organisation; of several, the greatest is what is said."""

    HERE = 0
    """Nothing of it left the hub by a machine's door: it is withdrawn here."""
    FETCHED = 1
    """What left, left by doors through which the tombstone has been fetched since."""
    EXPORTED = 2
    """It left, and cannot be recalled."""


WORDS = {
    State.HERE: "withdrawn here",
    State.FETCHED: "tombstone fetched",
    State.EXPORTED: "exported: cannot be recalled",
}
"""What is said of each state, and nothing more."""
WORDS_BEFORE = {State.HERE: "not exported", State.FETCHED: "not exported", State.EXPORTED: WORDS[State.EXPORTED]}
"""The same, of what was not withdrawn."""


@dataclass(frozen=True, slots=True)
class Range:
    """What streams of one organisation got: all events of a set of audiences after ``first``.

    Up to ``last`` they may have got them, up to ``reached`` they surely did; ``open``: more may have come since.
    """

    org: str
    audience_set: int
    first: int
    last: int
    reached: int
    open: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The items of one audience: withdrawn by a recall at ``recall`` (a position; 0: they stand)."""

    audience: int
    items: tuple[int, ...]
    recall: int
    at: Instant = 0
    goes_on: int = 0
    """The audience in which they go on, 0 for none."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of what one organisation took. ``export``: (position, position of being told; 0 for none).

    ``values``: (first, last) positions at which it was answered a value that the items name.
    """

    ranges: tuple[tuple[Range, frozenset[int]], ...] = ()
    export: tuple[int, int] | None = None
    values: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation's receipt. ``told``: when its people were told that it cannot be recalled, 0 if not."""

    org: str
    state: State
    told: Instant = 0


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of a contribution, for its originator.

    ``withdrawn``: whether something of it was recalled or narrowed. ``rows``: organisations that its audience names and
    that lost it (or could read it, while it stands). ``others``: the furthest that it went among those whom the
    audience lets in without naming them (clients, former members), None where it lets in no such. ``kept``: how many
    organisations still see what it goes on as. ``public``: the whole world could read it.
    """

    contribution: str
    withdrawn: bool
    rows: tuple[Row, ...]
    others: State | None
    kept: int
    public: bool

    def count(self, state: State) -> int:
        """Count the organisations in a state."""
        return sum(row.state is state for row in self.rows)


class Answer(StrEnum):
    """What became of a request for consent."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"


class Asked(msgspec.Struct, frozen=True):
    """The body of a ``consent.asked`` entry: may this contribution go into this product, for these readers?

    ``audience``: (number of) an audience of the contribution that the asker reads: with its recall the question ends.
    """

    contribution: str
    originator: str
    product: str
    tlp: Tlp
    reason: str
    audience: int
    proxy: bool = False
    """The product is a publication by the asker on the originator's behalf (``exchange.proxy``)."""
    groups: tuple[str, ...] = ()
    """The groups that such a publication may go to, for AMBER and AMBER+STRICT."""


class Consented(msgspec.Struct, frozen=True):
    """The body of a ``consent`` entry: the originator's answer, by a named person.

    Without a question (``asker`` "") it holds all that the question would have said.
    """

    contribution: str
    originator: str
    asker: str
    product: str
    tlp: Tlp
    granted: bool
    reason: str
    audience: int
    proxy: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consent:
    """A request and its answer. ``lapsed``: when the contribution was withdrawn since (nothing is permitted then).

    ``proxy``: the product is a publication by the asker on the originator's behalf, ``groups`` where to it may go.
    """

    id: str
    contribution: str
    originator: str
    asker: str
    asker_person: str
    product: str
    tlp: Tlp
    reason: str
    at: Instant
    answer: Answer
    answered: Instant
    answered_by: str
    answer_reason: str
    lapsed: Instant
    proxy: bool = False
    groups: tuple[str, ...] = ()

    @property
    def permits(self) -> bool:
        """Tell whether the product may be made now."""
        return self.answer is Answer.GRANTED and not self.lapsed
