"""Posts and reactions: what members write to each other is an entry like any other, and claims what it says.

1. A post is read like free text (``freetext``): a defanged value is the attacker's, any other is only mentioned.
2. A value counts from the instant of the post's first version: an edit refreshes no claim.
3. A reaction ``seen`` is a sighting, ``false-positive`` speaks against; ``useful`` claims nothing. Reacting is the
   organisation's own voice: it repeats no one, so it carries no key by which it would count as a relay.

What is *not* here: who may write what to whom (``exchange.talk``).
"""

from __future__ import annotations

import re

import msgspec

from fusioncell.intake.model import Extract
from fusioncell.intake.text import find_observables
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.observable import BadValue, Observable, canonical, type_named

MAX_NAMED = 500
"""Observables that are read of one post."""
REACTIONS = ("seen", "useful", "false-positive")
"""What a reaction may say: seen here too (a sighting), useful, a false positive (a claim against)."""


class Attached(msgspec.Struct, frozen=True):
    """A file of a post: SHA-256 of its bytes, its name, media type, size in bytes, and what is said of it
    (``exchange.files.model.NOTICES``).
    """

    digest: str
    name: str
    media: str = ""
    size: int = 0
    marks: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What makes a thread's first post a request for information: an answer is wanted by ``deadline`` (µs).

    ``cell``: the Fusion Cell is asked. Whoever else is asked are the post's readers.
    """

    deadline: int
    cell: bool = False


class PostBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``post`` entry. ``text`` is markdown as it was written.

    ``thread``: id of the thread's first post. ``parent``: id of the post that it answers, "" for a thread's first.
    ``begun``: instant of its first version (µs). ``about``: anchors (``observable:TYPE:VALUE``, ``contribution:ID``,
    ``group:ID``, ``campaign:NAME``). ``mentions``: parties (``person:ID`` …). ``answer``: it answers the question with
    which its thread began.
    """

    text: str
    title: str = ""
    thread: str = ""
    parent: str = ""
    begun: int = 0
    about: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()
    question: Question | None = None
    answer: bool = False


class ReactionBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``reaction`` entry: ``kind`` of :data:`REACTIONS`, ``on`` (``post:ID``, ``contribution:ID``,
    ``observable:TYPE:VALUE``), ``thread`` of a post, the (type, value) of the observables that it speaks of.
    """

    kind: str
    on: str
    thread: str = ""
    observables: tuple[tuple[str, str], ...] = ()


EXCERPT = 200
"""Characters of a text that stand for it where it has no title."""
TITLE = 100
_EMPHASIS = re.compile(r"\*\*|__|`+|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
_STRUCTURE = re.compile(r"^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])[ \t]|^[ \t:|-]+$|\|", re.MULTILINE)
"""Marks of markdown that are no words: headings, quotes, lists, tables."""
_post = msgspec.json.Decoder(PostBody)
_reaction = msgspec.json.Decoder(ReactionBody)
read_post = _post.decode
read_reaction = _reaction.decode


def excerpt(text: str, most: int = EXCERPT) -> str:
    """Return the beginning of a markdown text in one line, without its marks; an ellipsis says that it goes on."""
    line = " ".join(_STRUCTURE.sub(" ", _EMPHASIS.sub("", text[: 4 * most])).split())
    return line if len(line) <= most else f"{line[: most - 1].rpartition(' ')[0] or line[: most - 1]}…"


def named_in(text: str) -> dict[Observable, bool]:
    """Return the observables of a text in order, each with whether it was defanged anywhere in it."""
    defanged: dict[Observable, bool] = {}
    for found in find_observables(text):
        defanged[found.observable] = defanged.get(found.observable, False) or found.defanged
    return defanged


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read a post."""
    post = read_post(body)
    stated = post.begun or version or None
    claims = tuple(
        Claim(observable, Role.ATTACKER, Stance.MALICIOUS, stated=stated, keys=(subject,)) if bad else
        Claim(observable, Role.CONTEXT, Stance.NONE, stated=stated, keys=(subject,))
        for observable, bad in list(named_in(f"{post.title}\n{post.text}").items())[:MAX_NAMED]
    )
    return Extract(claims, post.title or excerpt(post.text, TITLE), post.text)


def extract_reaction(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read a reaction; what names no observable of ours is passed over."""
    reaction = read_reaction(body)
    role, stance = {
        "seen": (Role.ATTACKER, Stance.MALICIOUS),
        "false-positive": (Role.CONTEXT, Stance.BENIGN),
    }.get(reaction.kind, (Role.CONTEXT, Stance.NONE))
    if stance is Stance.NONE:
        return Extract()
    claims = []
    for name, value in reaction.observables[:MAX_NAMED]:
        try:
            claims.append(Claim(canonical(type_named(name), value), role, stance, stated=version or None))
        except BadValue:
            continue
    return Extract(tuple(claims))
