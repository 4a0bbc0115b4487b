"""A row of ``exchange_post``, by name. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from fusioncell.intake import PostBody, read_post
from fusioncell.kernel.observable import Observable, ObservableType

_named = msgspec.json.Decoder(list[tuple[ObservableType, str]]).decode


class PostRow:
    """One version of a post. ``place``: the position of its first version; ``named``: the observables in it."""

    __slots__ = ("at", "audience", "author", "body", "contribution", "id", "named", "org", "parent", "place", "seq",
                 "thread", "version")  # fmt: skip

    def __init__(self, row: tuple[Any, ...]) -> None:
        body: str
        named: str
        (self.seq, self.id, self.thread, self.parent, self.org, self.author, self.audience, self.at, self.place,
         self.version, self.contribution, body, named) = row  # fmt: skip
        self.body: PostBody = read_post(body)
        self.named = [Observable(kind, value) for kind, value in _named(named)]
