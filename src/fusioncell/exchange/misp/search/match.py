"""What only a body tells: patterns in values, comments, titles and relations, first and last seen. Pure.

``%`` stands for any text, without regard to case, in time linear in the text: no pattern of a client's can be slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from fusioncell.exchange.misp.search.model import Query, Span, Terms

Body = Mapping[str, Any]


class Said(msgspec.Struct, gc=False):
    """What the search looks at in an attribute's or object's body."""

    type: str | int | None = None
    value: str | int | float | bool | None = None
    comment: str | None = None
    object_relation: str | None = None
    first_seen: str | int | float | None = None
    last_seen: str | int | float | None = None
    template_uuid: str | None = None
    template_version: str | int | None = None


class Titled(msgspec.Struct, gc=False):
    """What the search looks at in an event's body."""

    class Org(msgspec.Struct, gc=False):
        """An organisation as stated."""

        name: str | None = None
        uuid: str | None = None

    info: str | None = None
    Orgc: Org | None = None


read_said = msgspec.json.Decoder(Said).decode
read_titled = msgspec.json.Decoder(Titled).decode
_read_line = msgspec.json.Decoder(str | None).decode
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_lines(type: str, said: str) -> Said:
    """Return what an attribute says by its columns and lines (``Misp.said``), without a look at its body."""
    relation, comment, _, first, last, value, _ = said.split("\n")
    return Said(type, _read_line(value), *(read_part(text) for text in (comment, relation, first, last)))


def read_part(line: str) -> str | None:
    """Return what one such line says: a text, or nothing."""
    return None if line in ("null", "") else "" if line == '""' else _read_line(line)


def like(pattern: str) -> Callable[[str], bool]:
    """Return the test for one value: equal without regard to case, ``%`` for any text."""
    parts = pattern.lower().split("%")
    if len(parts) == 1:
        return lambda text: text.lower() == parts[0]
    first, *middle, last = parts
    if not first and not last and len(middle) == 1:
        return lambda text: middle[0] in text.lower()

    def test(text: str) -> bool:
        text = text.lower()
        if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return test


def terms(wanted: Terms) -> Callable[[Sequence[str]], bool]:
    """Return the test for values that a thing has several of: any, all and none, each by any of its texts."""
    some, every, none = ([like(text) for text in texts] for texts in (wanted.any_of, wanted.all_of, wanted.none_of))

    def test(texts: Sequence[str]) -> bool:
        if some and not _any(some, texts):
            return False
        if every and not all(_any([one], texts) for one in every):
            return False
        return not (none and _any(none, texts))

    return test


def _any(tests: Sequence[Callable[[str], bool]], texts: Sequence[str]) -> bool:
    for test in tests:
        for text in texts:
            if test(text):
                return True
    return False


def has_pattern(wanted: Terms) -> bool:
    """Tell whether a value holds a ``%``: then only the bodies tell."""
    return any("%" in text for text in wanted.every)


def escaped(pattern: str) -> str:
    """Return a pattern as SQL's LIKE takes it with a backslash to escape: ``%`` any text, ``_`` itself."""
    return pattern.lower().replace("\\", "\\\\").replace("_", "\\_")


def text_of(value: str | int | float | bool | None) -> str:
    """Return a value as MISP shows it."""
    if isinstance(value, str):
        return value
    return "" if value is None else ("1" if value is True else "0" if value is False else str(value))


def values_in(said: Said) -> list[str]:
    """Return the texts by which a value is found: the whole, and the parts of a composite one."""
    value = text_of(said.value)
    if "|" not in value or not ("|" in str(said.type) or said.type == "malware-sample"):
        return [value]
    first, _, second = value.partition("|")
    return [value, first, second]


Test = Callable[[Said], bool]


def attribute_tests(query: Query, *, of: str = "Attribute") -> list[Test]:
    """Return the tests of bodies that a query needs, none where the read model answers it alone."""
    made: list[Test] = []
    if of == "Attribute" and has_pattern(query.values):
        check = terms(query.values)
        made.append(lambda said: check(values_in(said)))
    if query.comments:
        comments = terms(query.comments)
        made.append(lambda said: comments([said.comment or ""]))
    if of == "Attribute" and query.relations:
        relations = terms(query.relations)
        made.append(lambda said: relations([said.object_relation or ""]))
    if of == "Object" and query.object_templates:
        templates = terms(query.object_templates)
        made.append(lambda said: templates([said.template_uuid or ""]))
    if of == "Object" and query.object_versions:
        versions = terms(query.object_versions)
        made.append(lambda said: versions([str(said.template_version or "")]))
    for span, read in ((query.first_seen, _first_seen), (query.last_seen, _last_seen)):
        if span is not None:
            made.append(_seen_test(span, read))
    return made


_LITERAL = re.compile("[a-z0-9.-]+")


def sieve(query: Query) -> str:
    """Return a text that stands, in lower case, in all that a row says which has a value that is wanted; "" for none.

    It is of letters that JSON never escapes: who has it not need not be read.
    """
    wanted = query.values if has_pattern(query.values) else Terms()
    some = wanted.all_of[:1] or (wanted.any_of if len(wanted.any_of) == 1 else ())
    return max((part for text in some for part in _LITERAL.findall(text.lower())), key=len, default="")


def _first_seen(said: Said) -> object:
    return said.first_seen


def _last_seen(said: Said) -> object:
    return said.last_seen


def _seen_test(span: Span, read: Callable[[Said], object]) -> Test:
    def test(said: Said) -> bool:
        moment = instant(read(said))
        return moment is not None and (span.since is None or moment >= span.since) and (
            span.until is None or moment <= span.until)  # fmt: skip

    return test


def instant(given: object) -> float | None:
    """Read first_seen or last_seen: ISO 8601, or a number of seconds or microseconds."""
    if given in (None, ""):
        return None
    try:
        value = float(str(given))
        return value / 1e6 if value > 1e11 else value
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def wildcard_test(query: Query) -> Test:
    """Return ``searchall``'s test of an attribute: its value or its comment."""
    check = terms(query.wildcard)
    return lambda said: check([*values_in(said), said.comment or ""])
