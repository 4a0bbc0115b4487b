"""The lines of an answer, out of columns. Pure.

Most lines are one of two forms: unknown, or known with figures of which few differ. So a piece is put together from
lists of shared parts in one join, not line by line; the few others are written one by one.
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.exchange.match.index import Columns, Numbers
from fusioncell.exchange.match.model import Asked, How, Said
from fusioncell.exchange.match.recognise import Lines
from fusioncell.fusion import verdict, verdict_of
from fusioncell.fusion.learned import Line
from fusioncell.fusion.model import Assessment, Profile
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import TYPES_BY_CODE, Observable

_encode = msgspec.json.Encoder().encode
_HEAD = b'{"value":"'
_UNKNOWN = b'","known":false,"verdict":"unknown"}\n'
_STEPS = 10_000
_FIGURES = np.array([_encode(k / _STEPS) for k in range(_STEPS + 1)], object)
_MIDDLES = np.array(
    [b'","type":"%b","canonical":"' % TYPES_BY_CODE[c].encode() if c in TYPES_BY_CODE else b"" for c in range(256)],
    object,
)


def said_of(found: Assessment) -> Said:
    """Shorten an assessment."""
    origins = sum(not x.voice.benign for x in found.origins)
    return Said(verdict(found), found.malicious, found.active, origins, found.mentions)


def said_of_profile(profile: Profile, malicious: float, active: float) -> Said:
    """The same of what memory holds."""
    said = verdict_of(profile.side > 0, profile.side == 2, malicious, active)
    return Said(said, malicious, active, int(profile.side == 1), profile.mentions)


def hit(text: str, observable: Observable, said: Said, how: How) -> bytes:
    """Write the line of a known value; ``how`` it was found stands in it where the value itself is not known."""
    return (
        _encode(
            {
                "value": text,
                "type": observable.type.value,
                "canonical": observable.value,
                "known": True,
                "verdict": said.verdict,
                "malicious": round(said.malicious, 4),
                "active": round(said.active, 4),
                "independent_origins": said.origins,
                "mentions": said.mentions,
                **({"matched": how.value} if how is not How.EXACT else {}),
            }
        )
        + b"\n"
    )


def miss(asked: Asked) -> bytes:
    """Write the line of a value that is not known, or that cannot be read."""
    if asked.observable is None:
        return _encode({"value": asked.text, "known": False, "verdict": "unreadable", "reason": asked.reason}) + b"\n"
    return b'{"value":' + _encode(asked.text) + b',"known":false,"verdict":"unknown"}\n'


class Tails:
    """The ends of lines of known values, made once for each profile. ``line``: what calibrates P(malicious)."""

    def __init__(self, columns: Columns, line: Line) -> None:
        self._columns = columns
        self._line = line
        self._made = np.zeros(0, bool)
        self._before = np.empty(0, object)
        self._after = np.empty(0, object)
        self._lock = threading.Lock()

    def of(
        self, rows: npt.NDArray[Any], now: Instant, *, joined: bool = False
    ) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Return for each row of the columns: what stands before P(active), that figure, what stands behind it
        (``joined``: with the beginning of the next line).
        """
        columns = self._columns
        profile = columns.profile(rows)
        with self._lock:
            self._make(profile)
        active = columns.profiles.active(profile, rows["latest"], now)
        figures = _FIGURES.take(np.rint(active * _STEPS).astype(np.int64)).tolist()
        place = 2 * profile
        before = self._before.take(place + (active >= 0.5)).tolist()
        return before, figures, self._after.take(place + joined).tolist()

    def said(self, row: npt.NDArray[Any], now: Instant) -> Said:
        """Return the same of one row (an array of it alone), as figures."""
        columns = self._columns
        number = columns.profile(row)
        active = float(columns.profiles.active(number, row["latest"], now)[0])
        profiles = columns.profiles
        return said_of_profile(profiles.all[int(number[0])], profiles.malicious(int(number[0]), self._line),
                               active)

    def _make(self, wanted: npt.NDArray[Any]) -> None:
        profiles = self._columns.profiles
        more = len(profiles.all) - len(self._made)
        if more:
            self._made = np.concatenate([self._made, np.zeros(more, bool)])
            self._before = np.concatenate([self._before, np.full(2 * more, b"", object)])
            self._after = np.concatenate([self._after, np.full(2 * more, b"", object)])
        if self._made[wanted].all():
            return
        for number in np.unique(wanted[~self._made[wanted]]).tolist():
            profile, malicious = profiles.all[number], profiles.malicious(number, self._line)
            for lately in (0, 1):
                said = said_of_profile(profile, malicious, 0.5 * lately)
                self._before[2 * number + lately] = b'","known":true,"verdict":"%b","malicious":%b,"active":' % (
                    said.verdict.encode(), _encode(round(malicious, 4)),
                )  # fmt: skip
            after = b',"independent_origins":%d,"mentions":%d}\n' % (profile.side == 1, profile.mentions)
            self._after[2 * number], self._after[2 * number + 1] = after, after + _HEAD
            self._made[number] = True


def lines_of(
    lines: Lines, known: Numbers, rows: npt.NDArray[Any], others: dict[int, bytes], tails: Tails | None, now: Instant,
    *, hits_only: bool,
) -> bytes:  # fmt: skip
    """Write the answer of a piece. ``known``: lines that memory answers, with their ``rows`` of the columns;
    ``others``: lines that are written already (maybe as nothing); all else is plain and unknown.
    """
    if hits_only and 8 * len(known) < len(lines):
        return _only(lines, known, rows, others, tails, now)
    if not hits_only and 8 * (len(known) + len(others)) < len(lines):
        return _mostly_unknown(lines, known, rows, others, tails, now)
    size = len(lines)
    values: list[bytes] = lines.buffer[1 : int(lines.edges[-1])].split(b"\n") if size else []
    if len(known) == size:
        return _all_known(lines, values, rows, tails, now)
    # Seven parts a line; for a line that is unknown, or written already, most of them are empty.
    parts: list[Any] = [b""] * (7 * size)
    parts[0::7] = [_HEAD] * size
    parts[1::7] = values
    if hits_only:
        parts[0::7] = _scattered(size, known, [_HEAD] * len(known))
        parts[1::7] = _scattered(size, known, np.array(values, object)[known].tolist())
    middles = np.full(size, b"" if hits_only else _UNKNOWN, object)
    middles[known] = _MIDDLES[lines.code[known]]
    parts[2::7] = middles.tolist()
    if len(known):
        assert tails is not None
        again = np.array(values, object)[known].tolist()
        for place, column in enumerate((again, *tails.of(rows, now)), 3):
            parts[place::7] = _scattered(size, known, column)
    for line, written in others.items():
        parts[7 * line : 7 * line + 7] = [written, b"", b"", b"", b"", b"", b""]
    return b"".join(parts)


def _all_known(lines: Lines, values: list[bytes], rows: npt.NDArray[Any], tails: Tails | None, now: Instant) -> bytes:
    """Write lines that memory answers, every one."""
    assert tails is not None
    if not values:
        return b""
    parts: list[Any] = [_HEAD] * (6 * len(values) + 1)
    parts[1::6] = parts[3::6] = values
    parts[2::6] = _MIDDLES[lines.code].tolist()
    parts[4::6], parts[5::6], parts[6::6] = tails.of(rows, now, joined=True)
    # What ends a line begins the next; there is none after the last.
    parts[-1] = parts[-1].removesuffix(_HEAD)
    return b"".join(parts)


def _scattered(size: int, known: Numbers, column: list[bytes]) -> list[bytes]:
    """Return a column of all lines, out of one of the known lines."""
    full = np.full(size, b"", object)
    full[known] = np.array(column, object)
    made: list[bytes] = full.tolist()
    return made


def _only(
    lines: Lines, known: Numbers, rows: npt.NDArray[Any], others: dict[int, bytes], tails: Tails | None, now: Instant
) -> bytes:
    made = {**others, **dict(zip(known.tolist(), _each(lines, known, rows, tails, now), strict=True))}
    return b"".join([made[line] for line in sorted(made)])


def _each(lines: Lines, known: Numbers, rows: npt.NDArray[Any], tails: Tails | None, now: Instant) -> list[bytes]:
    if not len(known):
        return []
    assert tails is not None
    made = []
    middles = _MIDDLES[lines.code[known]].tolist()
    for line, middle, before, figure, after in zip(known.tolist(), middles, *tails.of(rows, now), strict=True):
        value = lines.text(line)
        made.append(b"".join((_HEAD, value, middle, value, before, figure, after)))
    return made


def _mostly_unknown(
    lines: Lines, known: Numbers, rows: npt.NDArray[Any], others: dict[int, bytes], tails: Tails | None, now: Instant
) -> bytes:
    """Write runs of unknown lines at once, and what stands between them."""
    made = {**others, **dict(zip(known.tolist(), _each(lines, known, rows, tails, now), strict=True))}
    parts: list[bytes] = []
    at = 1
    starts, buffer = lines.start, lines.buffer
    for line in [*sorted(made), len(lines)]:
        start = int(starts[line]) if line < len(lines) else int(lines.edges[-1]) + 1
        if start > at:
            parts += (_HEAD, buffer[at : start - 1].replace(b"\n", _UNKNOWN + _HEAD), _UNKNOWN)
        if line < len(lines):
            parts.append(made[line])
            at = start + int(lines.length[line]) + 1
    return b"".join(parts)
