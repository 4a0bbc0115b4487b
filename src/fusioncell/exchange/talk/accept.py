"""Decide whether a text can be taken, and what of a target a reaction speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusioncell.exchange.talk.anchor import Anchor
from fusioncell.exchange.talk.model import (
    MAX_ABOUT,
    MAX_CHOSEN,
    MAX_FILES,
    MAX_MENTIONS,
    MAX_NAMED,
    MAX_PARTY,
    MAX_TEXT,
    MAX_TITLE,
    NewPost,
)
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.kernel.marking import Audience, Tlp, strictest
from fusioncell.kernel.observable import Observable


@dataclass(frozen=True, slots=True)
class Target:
    """What a reaction is on: its readers, its originator, its thread, its observables (True: called the attacker's)."""

    audience: Audience
    org: str
    thread: str
    named: dict[Observable, bool]


def check(new: NewPost, *, draft: bool = False) -> None:
    """Refuse what is empty, and what is over a bound. Raises BadInput, TooLarge."""
    if not new.text.strip() and not draft:
        raise BadInput("the post is empty", hint="Write something.")
    if (new.question and new.parent) or (new.answer and not new.parent):
        raise BadInput("a question begins a thread, and an answer is posted in one", hint="Begin a new thread.")
    bounds = (
        ("text", len(new.text), MAX_TEXT), ("title", len(new.title), MAX_TITLE), ("about", len(new.about), MAX_ABOUT),
        ("mentions", len(new.mentions), MAX_MENTIONS), ("files", len(new.files), MAX_FILES),
        ("readers", len(new.groups) + len(new.people), MAX_NAMED),
        ("longest name", max(map(len, (*new.mentions, *new.groups, *new.people)), default=0), MAX_PARTY),
        ("longest anchor", max(map(len, new.about), default=0), MAX_TEXT),
    )  # fmt: skip
    for name, length, most in bounds:
        if length > most:
            raise TooLarge(f"the {name} has {length:,}; {most:,} are taken", hint="Make it shorter, or post in parts.")
    try:
        f"{new.title}{new.text}".encode()
    except UnicodeEncodeError:
        raise BadInput("the text holds half a character", hint="Send UTF-8.") from None


def check_label(said: Iterable[Tlp], audience: Audience) -> None:
    """Refuse a text that says a label and would go to more than that label's readers."""
    label = strictest(said)
    if label is not None and label.strictness > audience.tlp.strictness:
        raise BadInput(
            f"the text says {label.label}, but would go out as {audience.tlp.label}",
            hint=f"Choose {label.label}, or take the label out of the text.",
        )


def named_of(on: Target, asked: Sequence[Anchor]) -> list[Observable]:
    """Choose the observables that a reaction speaks of: those asked for, else the attacker's. Raises BadInput."""
    if asked:
        wrong = next((each for each in asked if each.observable is None or each.observable not in on.named), None)
        if wrong is not None:
            raise BadInput(f"{wrong.text[:80]!r} does not stand in what you react to", hint="Name observables of it.")
        return [each.observable for each in asked if each.observable is not None]
    named = [observable for observable, guilty in on.named.items() if guilty]
    if len(named) > MAX_CHOSEN:
        raise BadInput(f"it names {len(named)} observables", hint=f"Say which of them, at most {MAX_CHOSEN} at a time.")
    return named
