"""JSON bodies: decoded once, cut without being rebuilt, refused with the byte and the line at fault.

What is kept here: the body is UTF-8 (RFC 8259 §8.1) and within its bounds, and a fault is told by its place. msgspec
leaves the strings of what it skips unchecked, so UTF-8 is checked over the whole body at once.
What is not here: any knowledge of a format.
"""

from __future__ import annotations

import codecs
import re
from typing import TypeVar

import msgspec
import numpy as np

from fusioncell.intake.model import Limits
from fusioncell.kernel.errors import BadInput, TooLarge

T = TypeVar("T")

_BYTE = re.compile(r"\(byte (\d+)\)")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_CHUNK = 1 << 18
_HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def checked(body: bytes, limits: Limits) -> bytes:
    """Return the body without a byte order mark, once its size and its UTF-8 are in order.

    Raises TooLarge over ``limits.max_body``, BadInput where the bytes are no UTF-8.
    """
    if len(body) > limits.max_body:
        raise TooLarge(f"the body has {len(body):,} bytes; {limits.max_body:,} are taken",
                       hint="Send it in parts, or import it as a file on the hub's own machine.")
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"byte {error.start} is not UTF-8 ({error.reason})", place=place_of(body, error.start),
                           hint="JSON is sent as UTF-8 (RFC 8259 §8.1); convert the file and send it again.") from None
    return body


def place_of(body: bytes, offset: int) -> str:
    """Name the place of a byte for people: ``line 3, column 14 (byte 61)``, counted from 1 (the byte from 0)."""
    line = body.count(b"\n", 0, offset) + 1
    column = offset - (body.rfind(b"\n", 0, offset) + 1) + 1
    return f"line {line}, column {column} (byte {offset})"


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode a body, or raise BadInput with its place. The types of ``decoder`` state what an envelope must be."""
    try:
        return decoder.decode(body)
    except RecursionError:
        raise BadInput("the JSON is nested too deep", hint="No threat data format needs 1,000 levels.") from None
    except msgspec.ValidationError as error:
        raise BadInput(
            f"the envelope is not as it should be: {error}",
            hint='A STIX bundle has "objects", a list of objects; a MISP event is {"Event": {…}}.',
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"a string is not UTF-8 ({error.reason})", hint="JSON is sent as UTF-8 (RFC 8259 §8.1)."
        ) from None
    except msgspec.DecodeError as error:
        if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise BadInput("the JSON is UTF-16", place="byte 0",
                           hint="JSON is sent as UTF-8 (RFC 8259 §8.1); save it as UTF-8 and send it again.") from None
        offset = _offset(body, error)
        raise BadInput(f"malformed JSON: {_reason(body, error)}", place=place_of(body, offset)) from None


def _offset(body: bytes, error: msgspec.DecodeError) -> int:
    found = _BYTE.search(str(error))
    if found:
        return int(found[1])
    half = _HALF_PAIR.search(body)
    return half.start() if half else len(body)


def _reason(body: bytes, error: msgspec.DecodeError) -> str:
    text = _BYTE.sub("", str(error)).removeprefix("JSON is malformed: ").strip()
    if text == "Input data was truncated":
        return "half of a surrogate pair" if _HALF_PAIR.search(body) else "it ends too early"
    return text


def flat_length(body: bytes, limits: Limits) -> int:
    """Return a length up to which no item of the body can be nested deeper than ``limits.max_depth``.

    It is the shortest stretch of the body that holds one opening bracket more than that, less one: most items are
    shorter, and need no look of their own (counting in each costs as much as all the rest of the cut).
    """
    shortest = len(body) + 1
    carried = np.empty(0, dtype=np.int64)
    octets = np.frombuffer(body, dtype=np.uint8)
    for start in range(0, len(body), _CHUNK):
        # "[" (0x5B) and "{" (0x7B) differ in one bit
        places = np.flatnonzero((octets[start:start + _CHUNK] | 0x20) == 0x7B) + start
        places = np.concatenate((carried, places))
        if len(places) > limits.max_depth:
            shortest = min(shortest, int((places[limits.max_depth:] - places[:-limits.max_depth]).min()) + 1)
        carried = places[-limits.max_depth:]
    return min(shortest - 1, limits.max_item)


def item_fault(item: bytes, limits: Limits) -> str:
    """Return why one item is over its bounds, or "". Needed for items longer than :func:`flat_length` only."""
    if len(item) > limits.max_item:
        return f"{len(item):,} bytes; {limits.max_item:,} are taken for one item"
    if _too_deep(item, limits.max_depth):
        return f"nested deeper than {limits.max_depth} levels"
    return ""


def _too_deep(item: bytes, depth: int) -> bool:
    """Cut the strings out and follow the brackets: where the count rises over ``depth``, it is nested too deep."""
    brackets = np.frombuffer(_STRING.sub(b"", item).translate(None, _NOT_BRACKET), dtype=np.uint8)
    steps = np.where((brackets | 0x20) == 0x7B, 1, -1)
    return bool(len(steps)) and int(np.cumsum(steps).max()) > depth


def bound_items(count: int, limits: Limits) -> None:
    """Raise TooLarge where a body holds more items than are taken at once."""
    if count > limits.max_items:
        raise TooLarge(f"the body holds {count:,} items; {limits.max_items:,} are taken at once",
                       hint="Send it in parts.")
