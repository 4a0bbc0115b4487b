"""Whom a post or an answer reaches. Pure; who may see what stays with ``kernel.marking``.

1. An answer is proposed to the readers of what it answers: the same marking; its groups in the generation that the
   author holds now; the organisations and people named; and the author's own organisation (of RED: the author alone).
2. An answer may go to fewer. To more only by the originator of what it answers: who quotes, discloses.
3. A text that says a label says it to its readers: the marking chosen must be at least as strict.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fusioncell.intake import said_in
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import (
    CELL,
    Audience,
    Tlp,
    Uses,
    Viewer,
    audience_for,
    default_uses,
    is_pseudonym,
    org,
    person,
)

__all__ = ["answering", "chosen", "current", "is_within", "labels_in", "strictness_of"]

_NOT_NAMED = (Tlp.CLEAR, Tlp.GREEN)


def current(viewer: Viewer, group: str) -> str:
    """Return the newest generation of a group (by its id) that the viewer holds, as a party; "" where none."""
    prefix = f"group:{group}."
    held = [int(party.removeprefix(prefix)) for party in viewer.parties if party.startswith(prefix)]
    return f"{prefix}{max(held)}" if held else ""


def _stem(party: str) -> str:
    return party.rpartition(".")[0] if party.startswith("group:") else party


def _own(viewer: Viewer) -> set[str]:
    own = {person(viewer.person)} if viewer.person else set()
    return own | ({org(viewer.org)} if viewer.org and not is_pseudonym(viewer.org) else set())


def answering(parent: Audience, viewer: Viewer, *, exact: bool = False) -> Audience:
    """Return the audience proposed for an answer (rule 1). ``exact``: groups in the generation that they were named in.

    A group that the viewer is not in (a client, a moderator) is left out: one cannot post to it.
    """
    if parent.tlp in _NOT_NAMED:
        return parent
    parties = set()
    for party in parent.parties:
        if not party.startswith("group:"):
            parties.add(party)
        elif exact and party in viewer.parties:
            parties.add(party)
        elif not exact and (now := current(viewer, _stem(party).removeprefix("group:"))):
            parties.add(now)
    alone = parent.tlp is Tlp.RED and viewer.person
    own = {party for party in _own(viewer) if party.startswith("person:" if alone else "org:")}
    return Audience(parent.tlp, frozenset(parties | own), parent.uses)


def is_within(child: Audience, parent: Audience, viewer: Viewer, author: str) -> bool:
    """Tell whether an answer reaches no one beside the parent's readers, its author and the viewer's own (rule 2)."""
    if child.tlp.strictness < parent.tlp.strictness:
        return False
    if parent.tlp in _NOT_NAMED:
        return True
    allowed = {_stem(party) for party in parent.parties} | _own(viewer) | ({person(author)} if author else set())
    return all(_stem(party) in allowed for party in child.parties)


def chosen(
    viewer: Viewer, tlp: Tlp, groups: Collection[str], people: Collection[str], uses: int | None
) -> Audience:
    """Make the audience that an author chose. Raises BadInput for parties that the marking would leave out."""
    if (groups and tlp not in (Tlp.AMBER, Tlp.AMBER_STRICT)) or (people and tlp is not Tlp.RED):
        named = "people" if people and tlp is not Tlp.RED else "groups"
        raise BadInput(
            f"{tlp.label} names no {named}", hint="Name groups with amber or amber+strict, and people with red."
        )
    # Of all offices the Fusion Cell alone can be addressed, and by name (ADR 0009).
    others = [party for party in groups if party != CELL]
    asked = {CELL} & set(groups)
    if asked and not others and is_pseudonym(viewer.org):
        return Audience(tlp, frozenset(asked), default_uses(tlp) if uses is None else Uses(uses & 15))
    made = audience_for(
        tlp, own_org=viewer.org, groups=others, people=people, uses=None if uses is None else Uses(uses & 15)
    )
    return replace(made, parties=made.parties | asked)


def labels_in(title: str, text: str) -> list[Tlp]:
    """Return the TLP labels that a post's own words say."""
    return said_in("text", f"{title}\n{text}".encode("utf-8", "replace"))


def strictness_of(audience: Audience) -> tuple[int, str]:
    """Return what orders audiences, the widest first."""
    return audience.tlp.strictness, audience.text
