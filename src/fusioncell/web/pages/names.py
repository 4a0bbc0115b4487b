"""Names for people: rooms know parties as opaque ids, pages print who they are. One cache a request."""

from __future__ import annotations

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import ANONYMOUS, CELL, PUBLIC, Audience, Tlp, Uses, Viewer, may_see, voice_of
from fusioncell.members import Organisation
from fusioncell.members.audit import LOCAL
from fusioncell.members.model import GUEST
from fusioncell.web.words import N_, joined

MAX_ASKED = 300
"""Organisations that are asked one by one whether they will see a contribution."""

SUMMARIES = {
    Tlp.CLEAR: N_("Everyone, the public included."),
    Tlp.GREEN: N_("All members of the partnership."),
    Tlp.AMBER: N_("These, and their clients:"),
    Tlp.AMBER_STRICT: N_("These alone, without their clients:"),
    Tlp.RED: N_("These alone:"),
}
_USES = {
    Uses.ANALYSIS: N_("analysis"),
    Uses.BLOCKING: N_("unattributed blocking"),
    Uses.PRODUCTS: N_("products"),
    Uses.POLICE: N_("police use"),
}


_UNKNOWN = (N_("A group"), N_("A former member"))


class Names:
    """Looks names up, once each.

    ``viewer``: for whom. A group by invitation is named to those who are in it alone; to others it is a closed group.
    """

    def __init__(self, hub: Hub, viewer: Viewer = PUBLIC) -> None:
        self._members, self._circles, self._viewer = hub.members, hub.circles, viewer
        self._organisations: dict[str, Organisation] | None = None
        self._others: dict[str, str] = {}

    def all(self) -> dict[str, Organisation]:
        """Return all organisations by id."""
        if self._organisations is None:
            self._organisations = {one.id: one for one in self._members.organisations()}
        return self._organisations

    def organisation(self, identifier: str) -> str:
        """Name an organisation; the hub itself has the id ""."""
        if not identifier:
            return N_("The hub")
        if voice_of(identifier) == ANONYMOUS:
            return N_("An anonymous member")
        found = self.all().get(identifier)
        return found.name if found else self._guest(identifier)

    def _guest(self, identifier: str) -> str:
        """Name the organisation of a guest: no listing has it, those who see something of it may read its name."""
        try:
            found = self._members.organisation(identifier)
        except NotFound:
            return N_("An organisation")
        return N_("{name} (guest)", name=found.name) if found.kind == GUEST else found.name

    def sector(self, identifier: str) -> str:
        """Return the sector of an organisation."""
        found = self.all().get(identifier)
        return found.sector if found else "other"

    def person(self, identifier: str) -> str:
        """Name a person."""
        return self._other(f"person:{identifier}")

    def actor(self, identifier: str) -> tuple[str, str]:
        """Return (name, organisation) of who decided: a rule, a person, or a key's organisation."""
        if identifier in ("rule", ""):
            return N_("The hub, by rule"), ""
        if identifier == LOCAL:
            return N_("A command on the hub's machine"), ""
        if identifier in self.all():
            return self.all()[identifier].name, ""
        try:
            someone = self._members.person(identifier)
        except NotFound:
            return N_("A former member"), ""
        return someone.name, self.organisation(someone.org)

    def who(self, identifier: str) -> str:
        """Name who decided, with their organisation, in one line."""
        return joined([part for part in self.actor(identifier) if part]) or N_("The hub")

    def party(self, text: str) -> str:
        """Name a party of an audience: ``org:…``, ``group:….n``, ``person:…``."""
        kind, _, identifier = text.partition(":")
        if kind == "org":
            return self.organisation(identifier)
        if kind == "may":
            if text == "may:audit":
                return N_("Auditors")
            return "The Fusion Cell" if text == CELL else N_("Those who may approve a block")
        return self._other(text)

    def _other(self, text: str) -> str:
        if text not in self._others:
            kind, _, identifier = text.partition(":")
            try:
                self._others[text] = (
                    self._group(identifier.rpartition(".")[0])
                    if kind == "group"
                    else self._members.person(identifier).name
                )
            except NotFound:
                self._others[text] = N_("A group") if kind == "group" else N_("A former member")
        return self._others[text]

    def _group(self, identifier: str) -> str:
        found = self._circles.group(identifier)
        inside = any(party.startswith(f"group:{identifier}.") for party in self._viewer.parties)
        named = inside or (self._viewer.member and found.openness != "invitation")
        return found.name if named else N_("A closed group")

    def subject(self, text: str) -> str:
        """Name what a line of the log is about, by its id with or without its kind; "" for what is no party."""
        if text.partition(":")[0] in ("org", "person", "group"):
            return self.party(text if text.count(".") or not text.startswith("group:") else f"{text}.0")
        if text in self.all():
            return self.all()[text].name
        for kind, place in (("person", text), ("group", f"{text}.0")):
            found = self._other(f"{kind}:{place}")
            if found not in _UNKNOWN:
                return found
        return ""

    def readers(self, audience: Audience) -> dict[str, object]:
        """Say who reads an audience: ``{summary, parties}``."""
        return {
            "summary": SUMMARIES[audience.tlp],
            "parties": sorted({self.party(party) for party in audience.parties}, key=str.casefold),
        }


def uses_in_words(uses: Uses) -> list[str]:
    """Say what a contribution may be used for."""
    return [words for use, words in _USES.items() if uses & use]


def organisations_that_see(hub: Hub, names: Names, audience: Audience) -> list[str]:
    """Name the organisations that an audience includes: each is asked by ``may_see`` itself."""
    found = []
    for one in list(names.all().values())[:MAX_ASKED]:
        viewer: Viewer | None = hub.members.operator_viewer(one.id)
        if viewer is not None and may_see(viewer, audience):
            found.append(one.name)
    return sorted(found, key=str.casefold)


def who_reads(names: Names, audience: Audience, own: str = "") -> str:
    """Say in a sentence why one reads what has this audience; ``own``: the reader's organisation."""
    if audience.tlp in (Tlp.CLEAR, Tlp.GREEN):
        return SUMMARIES[audience.tlp]
    named = sorted({names.party(party) for party in audience.parties}, key=str.casefold)
    listed = N_("{summary} {names}.", summary=SUMMARIES[audience.tlp], names=joined(named))
    mine = own and f"org:{own}" in audience.parties
    return N_("{said} Your organisation is one of them.", said=listed) if mine else listed
