"""Which collections an audience belongs to, and which a viewer reads. Pure.

1. CLEAR and GREEN: the partnership's one collection; what is CLEAR also in the public one.
2. AMBER, AMBER+STRICT, RED: a collection for each party and marking. Whoever holds the party may see all in it; a
   client of a party reads its AMBER. An entry for two parties is in two collections.
3. A generation of a group is a party of its own (DESIGN §3), so each has its own collections; the alias and title
   without a number are always those of the newest that the viewer holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid5

from fusioncell.exchange.taxii.model import PARTNERSHIP_ROOT, PUBLIC_ROOT, Collection, Root
from fusioncell.kernel.marking import CELL, Audience, Tlp, Viewer

NAMESPACE = UUID("0c8f2d5e-6a43-5d1b-9b7e-2f6d1c4a7e90")
"""Of the ids of collections, made of their keys: stable, and the same after a rebuild."""
_PUBLIC, _PARTNERSHIP = "public", "partnership"
_SHORT = {Tlp.AMBER: "amber", Tlp.AMBER_STRICT: "amber-strict", Tlp.RED: "red"}


def keys_of(audience: Audience) -> tuple[str, ...]:
    """Return the keys of the collections in which all that has this audience stands."""
    if audience.tlp is Tlp.CLEAR:
        return _PARTNERSHIP, _PUBLIC
    if audience.tlp is Tlp.GREEN:
        return (_PARTNERSHIP,)
    return tuple(_key(party, audience.tlp) for party in sorted(audience.parties))


def _key(party: str, tlp: Tlp) -> str:
    return f"{party}|{tlp.value}"


def collection_id(key: str) -> str:
    """Return the id of the collection with this key."""
    return str(uuid5(NAMESPACE, key))


def roots_of(viewer: Viewer, names: Mapping[str, str]) -> tuple[Root, ...]:
    """Return the API roots that the viewer may enter, with the collections in each. ``names``: of groups by id."""
    public = Collection(collection_id(_PUBLIC), _PUBLIC, "Public", _PUBLIC, "All that is TLP:CLEAR.", Tlp.CLEAR)
    roots = [Root(PUBLIC_ROOT, "Public", "What anyone may read.", (public,))]
    if viewer.member:
        roots.insert(0, Root(PARTNERSHIP_ROOT, "Partnership", "What the partnership shares, and what is yours.",
                             tuple(_of_partnership(viewer))))  # fmt: skip
    inside = viewer.parties if viewer.member or viewer.guest else ()
    for group, held in sorted(_generations(inside).items()):
        name = names.get(group, f"Group {group}")
        roots.append(Root(group, name, f"What is shared with the group {name}.",
                          tuple(_of_group(viewer, group, name, held))))  # fmt: skip
    return tuple(roots)


def _of_partnership(viewer: Viewer) -> Iterable[Collection]:
    may = viewer.may("contribute")
    yield Collection(collection_id(_PARTNERSHIP), _PARTNERSHIP, "Partnership", _PARTNERSHIP,
                     "All that is TLP:CLEAR or TLP:GREEN.", Tlp.GREEN, can_write=may)  # fmt: skip
    for party, whose, short in _named(viewer):
        for tlp in (Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED):
            yield _one(party, tlp, f"{whose}, {tlp.label}", f"{short}-{_SHORT[tlp]}",
                       short == "own" and tlp is not Tlp.RED and may)  # fmt: skip
    for number, party in enumerate(sorted(viewer.client_parties - viewer.parties), 1):
        yield _one(party, Tlp.AMBER, f"From those whose client you are ({number}), TLP:AMBER", f"client-{number}")


def _named(viewer: Viewer) -> Iterable[tuple[str, str, str]]:
    """Yield (party, title, alias) of what the viewer holds beside groups."""
    for party in sorted(viewer.parties):
        kind = party.partition(":")[0]
        if kind == "org":
            yield party, "Your organisation", "own"
        elif kind == "person":
            yield party, "You", "person"
        elif party == CELL:
            yield party, "The Fusion Cell", "cell"


def _of_group(viewer: Viewer, group: str, name: str, held: list[int]) -> Iterable[Collection]:
    newest = max(held)
    for generation in sorted(held, reverse=True):
        older = generation != newest
        for tlp in (Tlp.AMBER, Tlp.AMBER_STRICT):
            yield _one(f"group:{group}.{generation}", tlp,
                       f"{name}, {tlp.label}" + (f", generation {generation}" if older else ""),
                       _SHORT[tlp] + (f"-{generation}" if older else ""),
                       not older and viewer.may("contribute"))  # fmt: skip


def _one(party: str, tlp: Tlp, title: str, alias: str, can_write: bool = False) -> Collection:
    key = _key(party, tlp)
    return Collection(collection_id(key), key, title, alias, f"All that is {tlp.label} for these readers.", tlp, party,
                      can_write)  # fmt: skip


def _generations(parties: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for party in parties:
        if party.startswith("group:"):
            group, _, generation = party.removeprefix("group:").rpartition(".")
            found.setdefault(group, []).append(int(generation))
    return found
