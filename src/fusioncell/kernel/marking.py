"""Who may see what: TLP 2.0 markings, audiences, viewers, and the one function that decides.

Rules kept here (DESIGN §3; FIRST TLP 2.0):

* CLEAR: everyone. GREEN: the partnership. AMBER: the named parties and their clients. AMBER+STRICT: the named
  parties. RED: the named people.
* A contributor's own organisation sees its own; it stands in the audience like any named party, so that *may see*
  is a question about one small integer. An anonymous contribution names no organisation.
* A guest of one group is no member of the partnership: it sees that group's AMBER and AMBER+STRICT, what is CLEAR, and
  nothing else: no GREEN, no RED.
* Empty means nobody.
* Readers and uses are two things: uses say what may be done with a contribution, and never widen sight.

The decision has three faces, proven equal by property tests: :func:`may_see`, the SQL predicate over interned
audience ids (``record``), and the stream's filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum

from fusioncell.kernel.errors import BadInput


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0 labels (FIRST, August 2022)."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def strictness(self) -> int:
        """0 for CLEAR to 4 for RED; the strictest of several markings wins."""
        return list(Tlp).index(self)

    @property
    def label(self) -> str:
        """The form to print, ``TLP:AMBER+STRICT``."""
        return f"TLP:{self.value.upper()}"


class Uses(IntFlag):
    """What may be done with a contribution beside reading it."""

    NONE = 0
    ANALYSIS = 1
    BLOCKING = 2
    PRODUCTS = 4
    POLICE = 8


def default_uses(tlp: Tlp) -> Uses:
    """Uses proposed for a marking: analysis always; blocking and products for CLEAR and GREEN only."""
    if tlp in (Tlp.CLEAR, Tlp.GREEN):
        return Uses.ANALYSIS | Uses.BLOCKING | Uses.PRODUCTS
    return Uses.ANALYSIS


_TLP_SPELLINGS = {
    "white": Tlp.CLEAR,
    "clear": Tlp.CLEAR,
    "green": Tlp.GREEN,
    "amber": Tlp.AMBER,
    "amber+strict": Tlp.AMBER_STRICT,
    "amber-strict": Tlp.AMBER_STRICT,
    "amber_strict": Tlp.AMBER_STRICT,
    "strict": Tlp.AMBER_STRICT,
    "red": Tlp.RED,
    "ex:chr": Tlp.RED,
}


def parse_tlp(text: str) -> Tlp:
    """Read a TLP 1.0 or 2.0 label in any usual spelling (``TLP:WHITE``, ``tlp:amber+strict``, ``green``).

    Raises BadInput for any other text.
    """
    name = text.strip().lower().removeprefix("tlp:").replace(" ", "")
    try:
        return _TLP_SPELLINGS[name]
    except KeyError:
        raise BadInput(f"{text[:40]!r} is no TLP label", hint="Use clear, green, amber, amber+strict or red.") from None


def strictest(labels: Iterable[Tlp]) -> Tlp | None:
    """Return the strictest of the labels, or None where there is none."""
    return max(labels, key=lambda label: label.strictness, default=None)


_PARTY = re.compile(r"(?:(?:org|person):[\w-]{1,64}|group:[\w-]{1,64}\.[0-9]{1,9})\Z", re.ASCII)
CELL = "may:answer"
"""The office of those whose role permits to answer as the Fusion Cell: the one that members address (ADR 0009)."""
MAX_PARTIES = 200
"""Most groups, organisations and people that one contribution may name."""


def org(identifier: str) -> str:
    """Name an organisation as a party of an audience."""
    return f"org:{identifier}"


def group(identifier: str, generation: int = 1) -> str:
    """Name a generation of a group; a member admitted later does not hold the earlier ones (DESIGN §3)."""
    return f"group:{identifier}.{generation}"


def person(identifier: str) -> str:
    """Name a person."""
    return f"person:{identifier}"


PSEUDONYM = "anon:"
"""How the contributor of an anonymous contribution begins: ``anon:`` and 40 hex digits that name nobody."""
ANONYMOUS = "anonymous"
"""The one contributor that all anonymous ones are for counts and evidence (DESIGN §4: one origin, whoever they are)."""


def is_pseudonym(contributor: str | None) -> bool:
    """Tell whether a contributor is an anonymous one."""
    return contributor is not None and contributor.startswith(PSEUDONYM)


def voice_of(contributor: str) -> str:
    """Return as whom a contributor counts: itself, or one and the same voice for all anonymous ones."""
    return ANONYMOUS if contributor.startswith(PSEUDONYM) else contributor


@dataclass(frozen=True, slots=True)
class Audience:
    """The canonical set of readers that a marking means, with the uses that were allowed.

    ``parties`` are named by :func:`org`, :func:`group` and :func:`person`; for CLEAR and GREEN there are none.
    """

    tlp: Tlp
    parties: frozenset[str] = frozenset()
    uses: Uses = Uses.ANALYSIS

    def __post_init__(self) -> None:
        if self.tlp in (Tlp.CLEAR, Tlp.GREEN) and self.parties:
            raise ValueError("CLEAR and GREEN name no parties")

    @property
    def text(self) -> str:
        """The canonical text, by which an audience is interned: equal audiences have equal texts."""
        return f"{self.tlp.value}|{int(self.uses)}|{','.join(sorted(self.parties))}"

    @classmethod
    def from_text(cls, text: str) -> Audience:
        """Read back :attr:`text`."""
        tlp, uses, parties = text.split("|", 2)
        return cls(Tlp(tlp), frozenset(p for p in parties.split(",") if p), Uses(int(uses)))


def audience_for(
    tlp: Tlp, *, own_org: str | None, groups: Iterable[str] = (), people: Iterable[str] = (), uses: Uses | None = None
) -> Audience:
    """Make the audience that a marking means for a contribution of ``own_org`` (None: anonymous).

    ``groups`` are parties made by :func:`group` or :func:`org`; ``people`` by :func:`person`. AMBER without a
    group is the contributor's own organisation and its clients. Raises BadInput for what names no such party: an office
    of the hub cannot be addressed, and no text that would read back as several parties.
    """
    allowed = default_uses(tlp) if uses is None else uses
    named = {*groups, *people}
    if len(named) > MAX_PARTIES:
        raise BadInput(f"a contribution names at most {MAX_PARTIES} parties, not {len(named)}")
    for party in sorted(named):
        if not _PARTY.match(party):
            raise BadInput(
                f"{party[:80]!r} names no group, organisation or person",
                hint="Write group:ID.GENERATION, org:ID or person:ID, each as a parameter of its own.",
            )
    if tlp in (Tlp.CLEAR, Tlp.GREEN):
        return Audience(tlp, frozenset(), allowed)
    named = set(people) if tlp is Tlp.RED else set(groups)
    if own_org is not None and not is_pseudonym(own_org):
        named.add(org(own_org))
    elif is_pseudonym(own_org) and not named:
        raise BadInput(f"{tlp.label} would reach nobody", hint="Name a group, or choose TLP:GREEN.")
    return Audience(tlp, frozenset(named), allowed)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, as a value. Only ``members`` makes one for a real party (checked by a rule test).

    ``parties``: what the viewer holds (its person, its organisation, its groups' generations).
    ``client_parties``: the organisations and groups whose client the viewer is; these open AMBER only.
    ``member``: belongs to the partnership (opens GREEN). ``org``/``person``: opaque ids, None when signed out.
    ``guest``: someone from outside, let into one group for some days; it adds nothing to a member.
    ``local``: a command on the hub's own data folder, whoever runs it; it widens nothing.
    """

    person: str | None = None
    org: str | None = None
    member: bool = False
    parties: frozenset[str] = frozenset()
    client_parties: frozenset[str] = frozenset()
    permissions: frozenset[str] = field(default=frozenset(), compare=False)
    guest: bool = False
    local: bool = field(default=False, compare=False)

    def may(self, permission: str) -> bool:
        """Tell whether a role of the viewer permits an action. A permission never widens sight."""
        return permission in self.permissions


PUBLIC = Viewer()
"""The viewer who is not signed in."""


def may_see(viewer: Viewer, audience: Audience) -> bool:
    """Decide whether the viewer is one of the audience. The only place where this is decided."""
    if viewer.guest and not viewer.member:
        named = audience.tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) and not audience.parties.isdisjoint(viewer.parties)
        return audience.tlp is Tlp.CLEAR or named
    match audience.tlp:
        case Tlp.CLEAR:
            return True
        case Tlp.GREEN:
            return viewer.member
        case Tlp.AMBER:
            return viewer.member and not audience.parties.isdisjoint(viewer.parties | viewer.client_parties)
        case Tlp.AMBER_STRICT | Tlp.RED:
            return viewer.member and not audience.parties.isdisjoint(viewer.parties)


def may_post(viewer: Viewer, audience: Audience) -> bool:
    """Decide whether the viewer may contribute to this audience: a party of it, and permitted to contribute.

    Each group that it names is one that the viewer is in; organisations and people may be addressed by any member. A
    guest posts to its group alone.
    """
    if not (viewer.org and viewer.may("contribute")):
        return False
    if viewer.guest and not viewer.member:
        return audience.parties > {org(viewer.org)} and audience.parties <= viewer.parties and may_see(viewer, audience)
    if not viewer.member:
        return False
    if any(party.startswith("group:") and party not in viewer.parties for party in audience.parties):
        return False
    return is_pseudonym(viewer.org) or may_see(viewer, audience)


def within(inner: Audience, outer: Audience, *, guests: bool = True) -> bool:
    """Tell whether every reader of ``inner`` is certainly a reader of ``outer``, whoever belongs to the parties.

    Where it hangs on who works for whom (a person named in the one, an organisation in the other), the answer is no.
    ``guests``: a group may hold guests, who read no GREEN; without, only members are asked about.
    """
    if outer.tlp is Tlp.CLEAR:
        return True
    if inner.tlp is Tlp.CLEAR:
        return False
    if outer.tlp is Tlp.GREEN:
        hosts = guests and inner.tlp in (Tlp.AMBER, Tlp.AMBER_STRICT)
        return not (hosts and any(party.startswith("group:") for party in inner.parties))
    if inner.tlp is Tlp.GREEN or (inner.tlp is Tlp.AMBER and outer.tlp is not Tlp.AMBER):
        return False
    return inner.parties <= outer.parties


def may_allow(audience: Audience, use: Uses) -> bool:
    """Tell whether the contribution may be put to this use."""
    return bool(audience.uses & use)
