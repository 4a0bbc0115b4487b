"""The frozen values of joining."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.members.model import TooManyAttempts

LAPSES_AFTER = 30 * DAY
"""An application that no sponsor confirmed lapses; so does one that nobody decided within three times as long."""
MOST_WAITING = 100
"""No more applications that name the same sponsor wait at once: who floods one sponsor closes no other's door."""
MOST_A_DAY = 25
"""No more applications that name the same sponsor are taken within a day."""
MOST_UNNAMED = 1000
"""Of the applications whose sponsor is nobody here, the newest so many wait; older ones lapse."""
LONGEST_WORDS = 2000
"""No free text of an application, a statement or a reason has more characters."""


class TooManyApplications(TooManyAttempts):
    """Too many applications from this address; ``wait`` is in whole seconds."""

    title = "Too many applications"

    def __init__(self, wait: int, said: str = "There were too many applications from your address.",
                 hint: str = "") -> None:
        super().__init__(wait)
        self.args = (said,)
        self.detail, self.hint = said, hint or f"Wait {wait} seconds and try again."


class State(StrEnum):
    """Where an application stands."""

    ASKED = "asked"
    SPONSORED = "sponsored"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Filled:
    """What an applicant fills in, checked. ``sponsor``: an e-mail address or an organisation's name, as typed."""

    name: str
    sector: str
    kind: str
    applicant: str
    email: str
    why: str
    sponsor: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application as sponsors and vetters see it.

    ``sponsor_org``: the organisation that may stand for it, "" where the applicant named none that could.
    ``organisation``, ``person``: what came of it, "" until it is accepted. Instants are 0 where there is none yet.
    """

    id: str
    filled: Filled
    at: Instant
    state: State
    sponsor_org: str = ""
    sponsor_person: str = ""
    statement: str = ""
    sponsored: Instant = 0
    vetter: str = ""
    reason: str = ""
    decided: Instant = 0
    organisation: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class PublicState:
    """What who holds the reference code may know. It never tells whether the named sponsor exists, or declined.

    ``state``: ``asked``, ``sponsored``, ``accepted``, ``refused`` or ``lapsed``. ``reason``: of a refusal, else "".
    """

    name: str
    at: Instant
    state: State
    reason: str
    lapses: Instant


@dataclass(frozen=True, slots=True)
class Sponsored:
    """One organisation that another stood for. ``depth``: 1 for its own, 2 for those that these stood for …"""

    org: str
    sponsor_org: str
    sponsor_person: str
    at: Instant
    depth: int = 1
