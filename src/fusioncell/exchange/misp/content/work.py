"""One change of one event: new versions and withdrawals gather here, each with its readers. Pure but for its ports.

1. The readers of a thing are the strictest that its own level, its object's, its event's and all their tags mean
   (``misp.restrict``).
2. What was never published is its organisation's. What is changed after a publication is a draft of the
   organisation's beside what others go on to see, until it is published again; what is narrowed is narrowed at once.
3. What came in by another door is never shown to more than it was, whatever MISP's levels say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT, Document, Put
from fusioncell.exchange.misp.ports import names_of
from fusioncell.exchange.misp.restrict import Level, audience_of
from fusioncell.intake import event_meta
from fusioncell.kernel.marking import Audience, Tlp, within

Body = dict[str, Any]
Groups = Callable[[str], frozenset[str] | None]
"""Sharing group's uuid → the organisations in it, None where there is none."""


_NONE: Body = {}


class Work:
    """A change in the making. ``event``: its newest shell. ``named``: audience by number; ``groups``: by uuid."""

    def __init__(self, *, owner: str, uuid: str, event: Body, now: int, compatible: bool,
                 named: Callable[[int], Audience], groups: Groups, encode: Callable[[Any], bytes]) -> None:  # fmt: skip
        self.owner, self.uuid, self.event, self.now = owner, uuid, event, now
        self.ceiling: Audience | None = None
        """The readers of an event that came by another door: nothing in it is for more than they (rule 3)."""
        self.puts: list[Put] = []
        self.ends: list[Document] = []
        self._compatible, self._named, self._groups = compatible, named, groups
        self._encode = encode
        self._meta: Body | None = None
        self._known: dict[tuple[object, ...], tuple[Audience, Audience]] = {}

    @property
    def is_private(self) -> bool:
        """Whether what is written now is its organisation's alone."""
        return not self._compatible and not self.event.get("published")

    def _level(self, body: Mapping[str, Any]) -> Level:
        level = str(body.get("distribution", "5"))
        number = int(level) if level in ("0", "1", "2", "3", "4", "5") else 5
        return Level(number, self._groups(str(body.get("sharing_group_uuid", ""))) if number == 4 else None)

    def audiences(self, body: Mapping[str, Any], holder: Mapping[str, Any] | None = None) -> tuple[Audience, Audience]:
        """Return (readers now, readers once published) of a thing in the event."""
        tags = body.get("Tag")
        named = tuple(names_of(tags)) if tags else ()
        key = (body.get("distribution"), body.get("sharing_group_uuid"), named,
               holder and (holder.get("distribution"), holder.get("sharing_group_uuid")), self.is_private)  # fmt: skip
        known = self._known.get(key)
        if known is None:
            levels = [self._level(self.event), *([self._level(holder)] if holder else []), self._level(body)]
            every = [*names_of(self.event.get("Tag") or ()), *named]
            released = audience_of(self.owner, levels, every, unknown=None if self._compatible else Tlp.RED)
            if self.ceiling is not None and not within(released, self.ceiling):
                released = self.ceiling
            now = audience_of(self.owner, levels, private=True) if self.is_private else released
            known = self._known[key] = (now, released)
        return known

    def put(self, model: str, uuid: str, body: Body, *, holder: Body | None = None, object: str = "",
            standing: Sequence[Document] = (), place: str = "", raw: bytes = b"", native: bool = False
            ) -> None:  # fmt: skip
        """Write a new version of the event, an object or an attribute.

        ``native``: what stands came by another door.
        """
        now, released = self.audiences({"distribution": "5"} if model == EVENT else body, holder)
        if native and standing:
            old = self._named(standing[0].audience)
            if not within(released, old):
                now = released = old
        draft = now != released and bool(standing)
        if draft:
            self.ends += [row for row in standing if not within(self._named(row.audience), released)
                          and self._named(row.audience) != now]  # fmt: skip
        meta = self._meta_of(model, holder)
        self.puts.append(Put(model, uuid, body, now, self.uuid, object, "", tuple(standing), draft, place,
                             {**meta, "native": True} if native else meta, raw))  # fmt: skip

    def more(self, model: str, uuid: str, body: Body, audience: Audience, *, about: str,
             standing: Sequence[Document] = ()) -> None:  # fmt: skip
        """Write a new version of what is about a thing of the event."""
        self.puts.append(
            Put(model, uuid, body, audience, event=self.uuid, about=about, standing=tuple(standing),
                draft=self.is_private and any(self._named(row.audience) != audience for row in standing)
                and audience == self.audiences({"distribution": "5"})[0])
        )

    def _meta_of(self, model: str, holder: Mapping[str, Any] | None) -> Body:
        if model == EVENT:
            return _NONE
        if self._meta is None:
            shell = {name: value for name, value in self.event.items() if name != "distribution"}
            self._meta = event_meta(self.uuid, self._encode(shell))
            self._meta.pop("event", None)
        if model == OBJECT:
            return _NONE
        if model == ATTRIBUTE and holder is not None:
            made = {**self._meta, "object_name": str(holder.get("name") or "")}
            return {**made, "deleted": True} if holder.get("deleted") else made
        return self._meta
