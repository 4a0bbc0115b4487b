"""Values of the agent: a hit, and the report of one hour. Bounds of all that is read."""

from __future__ import annotations

import msgspec

K = 10
"""The smallest count that is ever told: below it, a name is as if nobody had asked for it."""

HOUR = 3_600_000_000
"""An hour in microseconds; an hour is named by the instant at which it begins."""

MAX_LINE = 4_096
"""Bytes of a log line that is read; a longer one is passed over."""
MAX_FRAME = 1 << 17
"""Bytes of a telemetry frame: one DNS message of 65,535 octets and what stands around it."""
MAX_NAMES = 100_000
"""Names of one hour that are counted; those that come after are not, and the health says so."""


Hit = tuple[bytes, bool]
"""One question for a name, as telemetry tells it: no address and no time.

First the name as it was asked, or the rule's owner: lower-case labels in wire form, without the root. Then whether the
resolver acted on it; else it was asked in shadow, which is no protection. (A plain tuple: one is made a frame.)
"""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A name's counts in one hour. Each is 0 or at least k."""

    name: str
    blocked: int
    shadow: int


class Report(msgspec.Struct, frozen=True):
    """What is told of one closed hour. ``hour``: the instant (µs) of its beginning. ``rows``: sorted by name."""

    hour: int
    k: int
    rows: list[Row]
