"""Which lines of a text are canonical values as they stand, and of which type: in columns. Pure.

1. Each byte is put into classes by one table; each line gets the classes of its bytes, and its dots.
2. A line of name bytes alone, well divided into labels, whose last label can only end a domain name, is a name; one of
   four numbers is an IPv4 address; one of hex digits of a hash's length is a hash.
3. All other lines are left to the reader of single values (``read``), which knows every form. What is recognised here
   reads there as the same value of the same type: a property test compares.

Which endings are names' is asked of the kernel once each, and remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.match.hash import Places, Words, windows
from fusioncell.kernel.observable import TYPE_CODES, ObservableType, guess

NAME, IPV4 = TYPE_CODES[ObservableType.DOMAIN], TYPE_CODES[ObservableType.IPV4]
LEFT = 0
"""The code of lines that are left to the reader of single values."""
_HASHES = {
    size: TYPE_CODES[type] for size, type in (
        (32, ObservableType.MD5), (40, ObservableType.SHA1), (56, ObservableType.SHA224),
        (64, ObservableType.SHA256), (96, ObservableType.SHA384), (128, ObservableType.SHA512),
    )
}  # fmt: skip
_OF_LENGTH = np.zeros(129, np.uint8)
for _size, _code in _HASHES.items():
    _OF_LENGTH[_size] = _code

_EDGE, _OTHER, _NO_HEX, _NO_NUMBER = 1, 2, 4, 8
_BADLY_DIVIDED = _EDGE
"""In place of the edges, once they are found."""
_NAME_BYTES, _HEX_BYTES = b"abcdefghijklmnopqrstuvwxyz0123456789-_.", b"0123456789abcdef"


def _classes() -> bytes:
    table = bytearray(256)
    for byte in range(256):
        table[byte] = (
            (_EDGE if byte in b".\n" else 0)
            | (_OTHER if byte not in _NAME_BYTES + b"\n" else 0)
            | (_NO_HEX if byte not in _HEX_BYTES + b"\n" else 0)
            | (_NO_NUMBER if byte not in b"0123456789.\n" else 0)
        )
    return bytes(table)


_TABLE = _classes()
_ENDING = re.compile("[a-z]{2,24}").fullmatch
_SLOTS = 16
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@lru_cache(maxsize=4096)
def is_name_ending(label: str) -> bool:
    """Tell whether a name that ends so can only be a domain name (and not a file's, as ``run.sh`` may be)."""
    made = guess(f"a.{label}")
    return made is not None and made.type is ObservableType.DOMAIN


class Endings:
    """The endings of at most eight bytes that are known to be names', as a table of words."""

    def __init__(self) -> None:
        self._table: Words = np.zeros(1 << _SLOTS, np.uint64)

    def known(self, words: Words) -> npt.NDArray[np.bool_]:
        """Tell of each ending (its bytes as a word) whether it is a name's; what is new is looked up."""
        slot = ((words * _SPREAD) >> np.uint64(64 - _SLOTS)).view(np.int64)
        held: npt.NDArray[np.bool_] = self._table.take(slot) == words
        if not held.all():
            unknown = np.flatnonzero(~held)
            for word in np.unique(words[unknown]).tolist():
                self._learn(word)
            held = self._table.take(slot) == words
        return held

    def _learn(self, word: int) -> None:
        label = word.to_bytes(8, "little").rstrip(b"\0").decode("latin-1")
        if _ENDING(label) and is_name_ending(label):
            self._table[(word * int(_SPREAD) & 0xFFFFFFFFFFFFFFFF) >> (64 - _SLOTS)] = word


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a text in columns. ``at``: its windows; ``code``: the type of each line, or :data:`LEFT`.

    ``edges``: places of all dots and line ends, the one before the first line included; line *i* lies between
    ``edges[first[i]]`` and ``edges[first[i + 1]]``. ``address``: the IPv4 address of lines that are one.
    """

    buffer: bytes
    at: Words
    start: Places
    length: Places
    code: npt.NDArray[np.uint8]
    edges: Places
    first: Places
    address: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.start)

    def text(self, line: int) -> bytes:
        """Return the bytes of a line."""
        start = int(self.start[line])
        return self.buffer[start : start + int(self.length[line])]


def recognise(text: bytes) -> Lines:
    """Recognise the lines of a text that ends with a line end (or is empty)."""
    buffer = b"\n" + text + bytes(8)
    size = len(text) + 1
    flat = np.frombuffer(buffer, np.uint8, size)
    table = np.frombuffer(buffer.translate(_TABLE), np.uint8, size)
    edge, hyphen = table & _EDGE, (flat == 0x2D).view(np.uint8)
    classes = table ^ edge
    # Two edges side by side, or a hyphen beside one: a label that is empty, or begins or ends with a hyphen.
    classes[1:] |= (edge[:-1] & (edge[1:] | hyphen[1:])) | (hyphen[:-1] & edge[1:])
    edges = edge.view(np.bool_).nonzero()[0]
    first = (flat.take(edges) == 0x0A).nonzero()[0]
    ends = edges.take(first)
    start, end = ends[:-1] + 1, ends[1:]
    length = end - start
    at = windows(buffer)
    said = np.bitwise_or.reduceat(classes, start) if len(start) else np.zeros(0, np.uint8)
    code = np.zeros(len(start), np.uint8)
    dots = np.diff(first) - 1
    _names(code, at, said, length, dots, edges, first)
    _hashes(code, flat, said, start, length)
    address = _addresses(code, flat, said, length, dots, edges, first)
    return Lines(buffer, at, start, length, code, edges, first, address)


def _names(
    code: npt.NDArray[np.uint8], at: Words, said: npt.NDArray[Any], length: Places, dots: Places, edges: Places,
    first: Places,
) -> None:  # fmt: skip
    """RFC 1035 §2.3.4 and the shape that ``kernel.canonical`` leaves as it is."""
    # Numbers alone end no name: addresses' last numbers would be asked about again and again.
    fits = (said & (_OTHER | _BADLY_DIVIDED | _NO_NUMBER)) == _NO_NUMBER
    fits &= (dots > 0) & (length >= 4) & (length <= 253)
    steps = edges[1:] - edges[:-1]
    if steps.max(initial=0) > 64:
        long = np.searchsorted(first, np.flatnonzero(steps > 64), "right") - 1
        fits[long] = False
    which = fits.nonzero()[0]
    last = first.take(which + 1)
    before = edges.take(last - 1)
    ending, size = before + 1, edges.take(last) - before - 1
    if size.max(initial=0) > 8:
        short = size <= 8
        which, ending, size = which[short], ending[short], size[short]
    words = at[ending]
    words &= _ENDING_MASKS.take(size)
    known = _KNOWN.known(words)
    code[which if known.all() else which[known]] = NAME


def _hashes(
    code: npt.NDArray[np.uint8], flat: npt.NDArray[np.uint8], said: npt.NDArray[Any], start: Places, length: Places
) -> None:
    which = np.flatnonzero(((said & _NO_HEX) == 0) & (length >= 32) & (length <= 128))
    if not len(which):
        return
    type = _OF_LENGTH[length[which]]
    # 32 digits that begin with 1 or 3 may be a Bitcoin address.
    lead = flat[start[which]]
    code[which] = np.where((length[which] == 32) & ((lead == 0x31) | (lead == 0x33)), LEFT, type)


def _addresses(
    code: npt.NDArray[np.uint8], flat: npt.NDArray[np.uint8], said: npt.NDArray[Any], length: Places, dots: Places,
    edges: Places, first: Places,
) -> npt.NDArray[np.uint32]:  # fmt: skip
    address = np.zeros(len(code), np.uint32)
    which = np.flatnonzero(
        ((said & (_OTHER | _BADLY_DIVIDED | _NO_NUMBER)) == 0) & (dots == 3) & (length >= 7) & (length <= 15)
    )
    if not len(which):
        return address
    good = np.ones(len(which), bool)
    number = np.zeros(len(which), np.int64)
    for part in range(4):
        before, after = edges[first[which] + part], edges[first[which] + part + 1]
        digits = after - before - 1
        one = flat[after - 1].astype(np.int64) - 48
        ten = np.where(digits > 1, flat[after - 2].astype(np.int64) - 48, 0)
        hundred = np.where(digits > 2, flat[np.maximum(after - 3, 0)].astype(np.int64) - 48, 0)
        value = one + 10 * ten + 100 * hundred
        good &= (digits <= 3) & (value <= 255) & ((digits == 1) | (flat[before + 1] != 0x30))
        number = number << 8 | value & 255
    code[which[good]] = IPV4
    address[which[good]] = number[good].astype(np.uint32)
    return address


_ENDING_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_KNOWN = Endings()
