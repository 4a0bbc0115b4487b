"""Bulk match: many values against all that the viewer may see, at memory speed.

1. Read a value: a bare value, a JSON line or a CSV row; make it canonical (a URL is also tried by its host).
2. Ask the in-memory index of hashes whether anyone ever mentioned it: most values of a log end here.
3. Confirm the rest in the store, masked by the viewer's audiences, before anything is said of them.

The index tells nothing by itself: a value that only others may see is answered exactly like an unknown one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.fusion import verdict
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.observable import BadValue, Observable, canonical, guess, key64, type_named

CHUNK = 8192
MAX_LINE = 16_384
_encode = msgspec.json.Encoder().encode


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
            said = msgspec.json.decode(text)
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
    observable = guess(text)
    return Asked(text, observable, "" if observable else "of no known type")


def read_csv_line(line: str) -> Asked | None:
    """Read the first column of a CSV row; the header ``value`` is passed over."""
    text = line.split(",", 1)[0].strip().strip('"')
    if not text or text.startswith("#") or text.lower() in ("value", "indicator", "ioc", "observable"):
        return None
    return _asked(text, "")


class Matcher:
    """The front door of the bulk match."""

    def __init__(self, fusion: Fusion) -> None:
        self._fusion = fusion
        self._index = HashIndex(fusion)

    def answers(
        self, lines: Iterable[str], *, csv: bool, audiences: frozenset[int], hits_only: bool
    ) -> Iterator[bytes]:
        """Answer each value with a JSON line, in order, in chunks."""
        self._index.refresh()
        read = read_csv_line if csv else read_line
        chunk: list[Asked] = []
        for line in lines:
            asked = read(line)
            if asked is not None:
                chunk.append(asked)
            if len(chunk) >= CHUNK:
                yield self._answer(chunk, audiences, hits_only)
                chunk = []
        if chunk:
            yield self._answer(chunk, audiences, hits_only)

    def _answer(self, chunk: list[Asked], audiences: frozenset[int], hits_only: bool) -> bytes:
        # Which values to confirm depends on the index; what is answered depends on the confirmation alone.
        hashes = [key64(asked.observable) if asked.observable is not None else 0 for asked in chunk]
        perhaps = self._index.mentioned(hashes)
        wanted = list(
            {
                asked.observable
                for asked, maybe in zip(chunk, perhaps, strict=True)
                if maybe and asked.observable is not None
            }
        )
        known = self._fusion.match(wanted, audiences) if wanted else {}
        lines: list[bytes] = []
        for asked in chunk:
            found = known.get(asked.observable) if asked.observable is not None else None
            if found is not None:
                lines.append(_hit(asked, found))
            elif not hits_only:
                lines.append(_miss(asked))
        return b"".join(lines)


def _hit(asked: Asked, found: Assessment) -> bytes:
    o = found.observable
    return (
        _encode(
            {
                "value": asked.text,
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
