"""What a stream's listener wants of all that it may see: a filter, as a value. Pure.

A filter narrows what is sent and never widens it. Tombstones always come: whoever was sent something must learn that it
was withdrawn, and what was sent to whom is not kept by item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from fusioncell.exchange.live import LiveEvent
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, parse_tlp
from fusioncell.kernel.observable import BadValue, type_named

PARAMETERS = ("kind", "type", "stance", "tlp")
STANCES = ("malicious", "suspicious", "benign", "none")
MOST_WORDS = 40


class _Named(msgspec.Struct):
    type: str = ""
    stance: str = ""


class _Said(msgspec.Struct):
    kind: str = ""
    tlp: str = ""
    observables: list[_Named] = []


_read = msgspec.json.Decoder(_Said).decode


@dataclass(frozen=True, slots=True)
class Want:
    """Kinds of entries, types of observables, stances and markings that are wanted; of each, empty means all."""

    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    stances: frozenset[str] = frozenset()
    tlps: frozenset[str] = frozenset()

    def takes(self, event: LiveEvent) -> bool:
        """Tell whether an event is wanted. One observable must have both a type and a stance that is."""
        if event.name == "tombstone":
            return True
        said = _read(event.data)
        if (self.kinds and said.kind not in self.kinds) or (self.tlps and said.tlp not in self.tlps):
            return False
        return not (self.types or self.stances) or any(
            (not self.types or one.type in self.types) and (not self.stances or one.stance in self.stances)
            for one in said.observables
        )


def want_of(asked: Mapping[str, str]) -> Want | None:
    """Read a filter from a query; None for none. Raises BadInput for what cannot be meant."""
    words = {name: [part.strip() for part in asked[name].split(",") if part.strip()] for name in PARAMETERS
             if asked.get(name)}  # fmt: skip
    if not any(words.values()):
        return None
    if sum(map(len, words.values())) > MOST_WORDS:
        raise BadInput(f"a filter names at most {MOST_WORDS} things")
    try:
        types = frozenset(type_named(word).value for word in words.get("type", ()))
    except BadValue as fault:
        raise BadInput(str(fault), place="type") from None
    stances = frozenset(words.get("stance", ()))
    if not stances <= set(STANCES):
        raise BadInput("that is no stance", hint=f"Use any of {', '.join(STANCES)}.", place="stance")
    tlps: frozenset[Tlp] = frozenset(parse_tlp(word) for word in words.get("tlp", ()))
    return Want(frozenset(words.get("kind", ())), types, stances, frozenset(tlp.value for tlp in tlps))
