"""Values of vulnerabilities: what the imported tables say of a CVE, and what follows by SSVC."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from fusioncell.kernel.clock import Instant

TABLE = "vulns.table"
"""Kind of the entries that hold what an import changed; their subject is the source."""
SOURCES = ("kev", "epss", "ssvc")
MAX_FILE = 64 * 1024 * 1024
"""Bytes of an imported file, unpacked: EPSS of all CVEs is 10 MB."""
MAX_ROWS = 1_000_000
PART_ROWS = 2000
"""Rows that one entry holds."""


class Kev(msgspec.Struct, frozen=True):
    """A row of CISA's Known Exploited Vulnerabilities. ``added``, ``due``: days, ``YYYY-MM-DD``."""

    cve: str
    added: str
    due: str
    ransomware: bool
    vendor: str
    product: str
    name: str
    action: str


class Epss(msgspec.Struct, frozen=True, array_like=True):
    """A row of FIRST's Exploit Prediction Scoring System: probability in thousandths, percentile in hundredths."""

    cve: str
    score: int
    percentile: int


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a :data:`TABLE` entry: rows that are new or differ, and CVEs that are gone.

    ``version``, ``date``: as the source says. ``total``: rows of the whole table. ``decide``: an SSVC decision table.
    """

    source: str
    version: str
    date: str
    total: int
    kev: tuple[Kev, ...] = ()
    epss: tuple[Epss, ...] = ()
    gone: tuple[str, ...] = ()
    decide: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class File:
    """A file, read: its rows by CVE, or the decision table that it is."""

    source: str
    version: str
    date: str
    kev: dict[str, Kev] = field(default_factory=dict)
    epss: dict[str, Epss] = field(default_factory=dict)
    decide: bytes = b""

    @property
    def total(self) -> int:
        """Return how many rows it has."""
        return len(self.kev) or len(self.epss) or int(bool(self.decide))


@dataclass(frozen=True, slots=True)
class Table:
    """A table that stands here: where it comes from, which version, when it was imported."""

    source: str
    version: str
    date: str
    total: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    source: str
    version: str
    date: str
    total: int
    changed: int
    gone: int


@dataclass(frozen=True, slots=True)
class Rated:
    """A CVSS vector with its score (0 to 10) and severity, as the specification computes them; who gave it."""

    vector: str
    version: str
    score: float
    severity: str
    org: str


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a decision: the point, the value that was taken, its own words, and on what ground."""

    point: str
    name: str
    key: str
    value: str
    ground: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision table says: the outcome, its rank (0 for the least urgent) and the inputs that led there."""

    table: str
    version: str
    key: str
    outcome: str
    rank: int
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A CVE as a viewer sees it. ``sectors``: sector → contributions. ``count``, ``first``, ``last``: of all time or of
    the window asked for.
    """

    cve: str
    kev: Kev | None = None
    epss: Epss | None = None
    rated: tuple[Rated, ...] = ()
    decision: Decision | None = None
    count: int = 0
    first: Instant | None = None
    last: Instant | None = None
    sectors: tuple[tuple[str, int], ...] = ()
    overdue: bool = False
