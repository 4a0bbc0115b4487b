"""Bulk match: many values against all that the viewer may see, at memory speed.

1. Read a value: a bare value, a JSON line or a CSV row; make it canonical (a URL is also tried by its host).
2. Ask the in-memory index of hashes whether anyone ever mentioned it: most values of a log end here.
3. Confirm the rest in the store, masked by the viewer's audiences, before anything is said of them.

The index tells nothing by itself: a value that only others may see is answered exactly like an unknown one.
"""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.fusion import verdict
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.observable import (
    TYPE_CODES,
    BadValue,
    Observable,
    ObservableType,
    canonical,
    guess,
    key64,
    key64_of,
    type_named,
)

CHUNK = 8192
_PLAIN_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,24}").fullmatch
_NAME_CODE = TYPE_CODES[ObservableType.DOMAIN]
_UNKNOWN = b'{"value":"%b","known":false,"verdict":"unknown"}\n'
MAX_LINE = 16_384
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class HashIndex:
    """All hashes of mentioned observables: a sorted array and a small set of those that came since."""

    def __init__(self, fusion: Fusion) -> None:
        self._fusion = fusion
        self._sorted: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._lately: set[int] = set()
        self._last = 0
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Learn the observables that were added since the last call."""
        with self._lock:
            for last, hashes in self._fusion.hashes_after(self._last):
                self._last = last
                self._lately.update(hashes)
                if len(self._lately) > 50_000:
                    self._merge()

    def _merge(self) -> None:
        more = np.fromiter(self._lately, dtype=np.int64, count=len(self._lately))
        self._sorted = np.sort(np.concatenate([self._sorted, more]))
        self._lately = set()

    def mentioned(self, hashes: Sequence[int]) -> list[bool]:
        """Tell for each hash whether some observable has it."""
        wanted = np.array(hashes, dtype=np.int64)
        if len(self._sorted):
            at = np.searchsorted(self._sorted, wanted)
            at[at == len(self._sorted)] = 0
            found: list[bool] = (self._sorted[at] == wanted).tolist()
        else:
            found = [False] * len(hashes)
        lately = self._lately
        return [a or b in lately for a, b in zip(found, hashes, strict=True)] if lately else found


@dataclass(frozen=True, slots=True)
class Asked:
    """One value as it was asked: its text, and what it is (None: nothing that can be matched, with the reason)."""

    text: str
    observable: Observable | None
    reason: str = ""


def read_line(line: str) -> Asked | None:
    """Read one line: a bare value, ``{"value": …, "type": …}`` or ``"value"``. None for an empty one."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    if len(text) > MAX_LINE:
        return Asked(text[:80], None, f"longer than {MAX_LINE} characters")
    kind = ""
    if text[0] in '{"':
        try:
            said = _decode(text)
        except (msgspec.DecodeError, RecursionError):
            return Asked(text[:200], None, "not a JSON line")
        text, kind = (said, "") if isinstance(said, str) else _fields(said)
    return _asked(text, kind)


def _fields(said: object) -> tuple[str, str]:
    if not isinstance(said, dict):
        return "", ""
    value, kind = said.get("value", said.get("indicator", "")), said.get("type", "")
    return (value if isinstance(value, str) else ""), (kind if isinstance(kind, str) else "")


def _asked(text: str, kind: str) -> Asked:
    if not text:
        return Asked("", None, "no value")
    if kind:
        try:
            return Asked(text, canonical(type_named(kind), text))
        except BadValue as fault:
            return Asked(text, None, str(fault))
    observable = Observable(ObservableType.DOMAIN, text) if _is_plain_name(text) else guess(text)
    return Asked(text, observable, "" if observable else "of no known type")


_HEADINGS = frozenset({"value", "indicator", "ioc", "observable"})


class _CsvRows:
    """Reads CSV rows: the column that the first row heads ``value`` (indicator, ioc, observable), else the first."""

    def __init__(self) -> None:
        self._column: int | None = None

    def __call__(self, line: str) -> Asked | None:
        """Read one row. None for an empty one, a comment and the heading."""
        if not line.strip() or line.startswith("#"):
            return None
        cells = next(csv.reader([line]), []) if '"' in line else line.split(",")
        if self._column is None:
            named = (place for place, cell in enumerate(cells) if cell.strip().lower() in _HEADINGS)
            heading = next(named, None) if guess(cells[0]) is None else None
            self._column = heading or 0
            if heading is not None:
                return None
        text = cells[self._column].strip() if self._column < len(cells) else ""
        return _asked(text, "") if text else None


class Matcher:
    """The front door of the bulk match."""

    def __init__(self, fusion: Fusion) -> None:
        self._fusion = fusion
        self._index = HashIndex(fusion)

    def answers(
        self, lines: Iterable[str], *, rows: bool, audiences: frozenset[int], hits_only: bool, handed: Handed
    ) -> Iterator[bytes]:
        """Answer each value with a JSON line, in order, in chunks; ``rows``: the lines are CSV."""
        self._index.refresh()
        read: Callable[[str], Asked | None] = _CsvRows() if rows else read_line
        asked: list[Asked | str] = []
        hashes: list[int] = []
        for line in lines:
            text = line.strip()
            if _is_plain_name(text):
                # Nearly every line of a log: a name that is canonical as it stands.
                asked.append(text)
                hashes.append(key64_of(_NAME_CODE, text))
            elif (one := read(line)) is not None:
                asked.append(one)
                hashes.append(key64(one.observable) if one.observable is not None else 0)
            if len(asked) >= CHUNK:
                yield self._answer(asked, hashes, audiences, hits_only, handed)
                asked, hashes = [], []
        if asked:
            yield self._answer(asked, hashes, audiences, hits_only, handed)

    def _answer(
        self, asked: list[Asked | str], hashes: list[int], audiences: frozenset[int], hits_only: bool, handed: Handed
    ) -> bytes:
        # Which values to confirm depends on the index; what is answered depends on the confirmation alone.
        perhaps = self._index.mentioned(hashes)
        wanted = {at: _observable(asked[at]) for at in compress(range(len(asked)), perhaps)}
        values = list({o for o in wanted.values() if o is not None})
        known = self._fusion.match(values, audiences) if values else {}
        handed.out([key64(observable) for observable in known])
        lines: list[bytes] = []
        for at, one in enumerate(asked):
            observable = wanted.get(at)
            found = known.get(observable) if observable is not None else None
            if found is not None:
                lines.append(_hit(one if isinstance(one, str) else one.text, found))
            elif not hits_only:
                lines.append(_UNKNOWN % one.encode() if isinstance(one, str) else _miss(one))
        return b"".join(lines)


def _observable(one: Asked | str) -> Observable | None:
    return Observable(ObservableType.DOMAIN, one) if isinstance(one, str) else one.observable


def _is_plain_name(text: str) -> bool:
    """Tell whether it is a domain name, and canonical as it stands: a twentieth of the work of reading it."""
    return _PLAIN_NAME(text) is not None and is_name_ending(text[text.rfind(".") + 1 :])


@lru_cache(maxsize=4096)
def is_name_ending(label: str) -> bool:
    """Tell whether a name that ends so can only be a domain name (and not a file's, as ``run.sh`` may be)."""
    made = guess(f"a.{label}")
    return made is not None and made.type is ObservableType.DOMAIN


def _hit(text: str, found: Assessment) -> bytes:
    o = found.observable
    return (
        _encode(
            {
                "value": text,
                "type": o.type.value,
                "canonical": o.value,
                "known": True,
                "verdict": verdict(found),
                "malicious": round(found.malicious, 4),
                "active": round(found.active, 4),
                "independent_origins": sum(not x.voice.benign for x in found.origins),
                "mentions": found.mentions,
            }
        )
        + b"\n"
    )


def _miss(asked: Asked) -> bytes:
    if asked.observable is None:
        return _encode({"value": asked.text, "known": False, "verdict": "unreadable", "reason": asked.reason}) + b"\n"
    return b'{"value":' + _encode(asked.text) + b',"known":false,"verdict":"unknown"}\n'
