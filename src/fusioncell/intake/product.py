"""Products of analysis: what an entry of kind ``product`` says, and the live references that stand in its text. Pure.

1. A reference is ``[[observable:TYPE:VALUE]]`` (or ``[[observable:VALUE]]``), ``[[contribution:ID]]`` or
   ``[[entry:ID]]``; a blank may stand for the first colon. What was withdrawn since reads ``[[withdrawn]]``, what a
   reader may not see ``[[hidden]]``: not even its id is told.
2. A product repeats what others said: whatever it names is context and claims nothing, so no score rests on it.
3. The text as others read it names values defanged, and of what else is cited that there is a source.

What is *not* here: who may write, review and publish, and whether a source may be cited (``picture.products``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from fusioncell.intake.model import Extract
from fusioncell.intake.post import MAX_NAMED, named_in
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.observable import (
    BadValue,
    Observable,
    ObservableType,
    canonical,
    defang,
    guess,
    type_named,
)

WITHDRAWN = "[[withdrawn]]"
"""What stands in the place of a reference whose source was withdrawn."""
HIDDEN = "[[hidden]]"
"""What stands in the place of a reference for a reader who may not see its source."""
_REFERENCE = re.compile(
    r"\[\[\s*(?:(observable|contribution|entry)\s*[: ]\s*([^\n]{1,8300}?)|(withdrawn|hidden))\s*\]\]"
)
_ID = re.compile(r"[\w.-]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in a text: where it stands, what it names. ``text``: its canonical form, "" for a malformed one."""

    start: int
    end: int
    kind: str
    value: str
    observable: Observable | None = None

    @property
    def text(self) -> str:
        """The canonical form: ``observable:TYPE:VALUE``, ``contribution:ID``, ``entry:ID``, ``withdrawn:``."""
        if self.kind == "observable":
            return f"observable:{self.observable.type.value}:{self.observable.value}" if self.observable else ""
        return f"{self.kind}:{self.value}" if not self.value or _ID.match(self.value) else ""


class Cited(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source of a version. ``ref``: canonical reference. ``sources``: the contributions that it rested on.

    ``consent``: id of the consent by which it may be cited to readers wider than its own, given by ``originator`` for
    ``tlp`` at the instant ``at``; "" where none was needed.
    """

    ref: str
    sources: tuple[str, ...] = ()
    consent: str = ""
    originator: str = ""
    tlp: str = ""
    at: int = 0


class Affected(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an advisory: a vulnerability in a version of a product.

    ``status``: ``known_affected``, ``fixed``, ``known_not_affected`` or ``under_investigation`` (CSAF 2.0 §3.2.3.9).
    ``remedy``: what to do. ``vector``: a CVSS 3 vector string.
    """

    cve: str
    vendor: str
    product: str
    version: str
    status: str = "known_affected"
    remedy: str = ""
    vector: str = ""


class ProductBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``product`` entry. ``text``: markdown with references. ``number``: its version, from 1.

    ``begun``: instant of its first version. ``approver``: id of the person who reviewed it. ``about``: the request
    that it answers. ``sector``: of a sector picture. ``week``: of a summary, ``2026-W47``. ``amended``: the hub itself
    took out references to what was withdrawn.
    """

    form: str
    title: str
    text: str
    number: int = 1
    begun: int = 0
    cited: tuple[Cited, ...] = ()
    approver: str = ""
    about: str = ""
    sector: str = ""
    week: str = ""
    affected: tuple[Affected, ...] = ()
    changed: str = ""
    amended: bool = False


read_product = msgspec.json.Decoder(ProductBody).decode


def references_in(text: str) -> Iterator[Reference]:
    """Yield the references of a text in order, malformed ones too (their ``text`` is empty)."""
    for found in _REFERENCE.finditer(text):
        kind, value = (found[1], found[2]) if found[1] else (found[3], "")
        observable = _observable(value) if kind == "observable" else None
        yield Reference(found.start(), found.end(), kind, value, observable)


def _observable(text: str) -> Observable | None:
    name, _, value = text.partition(":")
    try:
        return guess(value) if name == "auto" else canonical(type_named(name), value)
    except BadValue:
        return guess(text)


def put_in(text: str, shown: Callable[[Reference], str]) -> str:
    """Return a text with each of its references replaced by what ``shown`` gives for it."""
    made, place = [], 0
    for one in references_in(text):
        made += [text[place : one.start], shown(one)]
        place = one.end
    return "".join([*made, text[place:]])


def plain(text: str) -> str:
    """Return a text for those who follow no references: values defanged, of what else is cited that it is."""
    return put_in(text, _plainly)


def _plainly(one: Reference) -> str:
    if one.observable is not None:
        return defang(one.observable.value)
    return "(a withdrawn source)" if one.kind == "withdrawn" else "(a source)"


def observables_named(body: ProductBody) -> list[Observable]:
    """Return all observables that a product names, in order: by reference, by plain words, as vulnerabilities."""
    found = {one.observable: None for one in references_in(body.text) if one.observable is not None}
    rest = put_in(body.text, lambda _: " ")
    found |= dict.fromkeys(named_in(f"{body.title}\n{rest}"))
    for line in body.affected:
        try:
            found[canonical(ObservableType.VULNERABILITY, line.cve)] = None
        except BadValue:
            continue
    return list(found)[:MAX_NAMED]


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read a product."""
    said = read_product(body)
    claims = tuple(
        Claim(one, Role.CONTEXT, Stance.NONE, stated=said.begun or version or None, keys=(subject,))
        for one in observables_named(said)
    )
    return Extract(claims, said.title, plain(said.text))
