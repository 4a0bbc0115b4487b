"""Words of the pages: texts that stand in the catalogues, printed in the language of who reads.

A page's Python says what it says by :func:`N_`: the value is its English text, and an ordinary string for whoever asks
no more; where a template prints it, it is printed in the page's language. Whatever parties wrote is a plain string and
is never looked up, so that an organisation called "Search" keeps its name in Welsh.

``make messages`` finds the texts: ``N_("…")`` in ``web``, ``_("…")`` and ``{% trans %}`` in templates, and the details
and hints of the rooms' errors where they are constant (:func:`of_error` looks them up).
"""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations
from typing import Any

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, format_instant


class Words(str):
    """A text in English that knows what it says.

    ``one``, ``many``: the messages (``many`` "" where it has no plural), filled in by ``{name}``; ``number`` picks the
    form and is filled in as ``{count}``. Whole numbers get groups of three; values may be Words themselves.
    ``capital``: begins with a capital, whatever the message does.
    """

    one: str
    many: str
    number: int | None
    values: dict[str, Any]
    capital: bool

    def __new__(cls, one: str, many: str = "", count: int | None = None, /, capital: bool = False,
                **values: Any) -> Words:  # fmt: skip
        """Make a text; ``values`` fill it in."""
        made = super().__new__(cls, _filled(NullTranslations(), one, many, count, values, capital))
        made.one, made.many, made.number, made.values, made.capital = one, many, count, values, capital
        return made

    def said(self, catalogue: NullTranslations) -> str:
        """Return the text in a catalogue's language; English where it has no translation."""
        return _filled(catalogue, self.one, self.many, self.number, self.values, self.capital)

    def known(self, catalogue: NullTranslations) -> bool:
        """Tell whether a catalogue has the text, and all texts within it."""
        texts = [value for value in self.values.values() if isinstance(value, Words)]
        asked = catalogue.ngettext(self.one, self.many, 7) if self.many else catalogue.gettext(self.one)
        own = not any(sign.isalpha() for sign in bare(self.one)) or asked not in (self.one, self.many)
        return own and all(value.known(catalogue) for value in texts)


def bare(message: str) -> str:
    """Return what a message says itself, without the ``{names}`` that are filled in."""
    return "".join(part.partition("}")[2] if "}" in part else part for part in message.split("{"))


def _filled(catalogue: NullTranslations, one: str, many: str, count: int | None, values: dict[str, Any],
            capital: bool) -> str:  # fmt: skip
    text = catalogue.gettext(one) if count is None else catalogue.ngettext(one, many, count)
    if count is not None:
        values = {"count": count, **values}
    if values:
        text = text.format(**{name: _value(value, catalogue) for name, value in values.items()})
    return text[:1].upper() + text[1:] if capital else text


def _value(value: Any, catalogue: NullTranslations) -> str:
    if isinstance(value, Words):
        return value.said(catalogue)
    return f"{value:,}" if isinstance(value, int) else str(value)


N_ = Words
"""Marks a text for the catalogues; ``N_("{count} row", "{count} rows", 3)`` for one with a plural."""


def of_error(text: str, *, capital: bool = False) -> Words:
    """Look a detail, hint or title of an error up by its English text; one that is no constant stays English."""
    return Words(text, capital=capital)


def joined(parts: list[str], between: str = ", ") -> Words:
    """Join texts and names to one list: ``a, b, c``."""
    named: dict[str, Any] = {f"p{number}": part for number, part in enumerate(parts)}
    return Words(between.join(f"{{{name}}}" for name in named), **named)


UNITS: tuple[tuple[int, Callable[[int], Words], Callable[[int], Words]], ...] = (
    (365 * DAY, lambda n: N_("{count} year ago", "{count} years ago", n),
     lambda n: N_("in {count} year", "in {count} years", n)),
    (30 * DAY, lambda n: N_("{count} month ago", "{count} months ago", n),
     lambda n: N_("in {count} month", "in {count} months", n)),
    (DAY, lambda n: N_("{count} day ago", "{count} days ago", n),
     lambda n: N_("in {count} day", "in {count} days", n)),
    (HOUR, lambda n: N_("{count} hour ago", "{count} hours ago", n),
     lambda n: N_("in {count} hour", "in {count} hours", n)),
    (MINUTE, lambda n: N_("{count} min ago", "{count} min ago", n),
     lambda n: N_("in {count} min", "in {count} min", n)),
)  # fmt: skip
"""How distances are told, back and ahead: the largest unit that fits."""
NUMBERS = (0, 1, 2, 3, 6, 20)
"""A number of each of the six kinds that languages tell apart (CLDR: zero, one, two, few, many, other; by Welsh)."""


def ago(instant: Instant, now: Instant) -> Words:
    """Say in words how long before ``now`` an instant was: ``just now``, ``3 min ago``, ``in 6 days``."""
    distance = abs(now - instant)
    for size, past, coming in UNITS:
        if distance >= size:
            return (past if instant <= now else coming)(distance // size)
    if distance < 10 * SECOND:
        return N_("just now")
    return N_("under a min ago") if instant <= now else N_("in under a min")


MONTHS = (N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"), N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"),
          N_("Nov"), N_("Dec"))  # fmt: skip


def when(instant: Instant) -> Words:
    """Print an instant for people: ``21 Nov 2026, 18:58 UTC``."""
    text = format_instant(instant)
    return Words("{day} {month} {year}, {time} UTC", day=str(int(text[8:10])), month=MONTHS[int(text[5:7]) - 1],
                 year=text[:4], time=text[11:16])  # fmt: skip


def percent(share: float | None) -> str:
    """Print a probability (0–1) as a whole percentage; never a false 0 % or 100 %. None is ``not known``."""
    if share is None:
        return N_("not known")
    if 0.0 < share < 0.01:
        return "<1\u202f%"
    if 0.99 < share < 1.0:
        return ">99\u202f%"
    return f"{round(share * 100)}\u202f%"
