"""Who takes part: the organisations, their people, and how the demonstration finds or makes them in a hub.

Every name is made up, and every address is under a reserved name (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Viewer, org
from fusioncell.members.model import LINK_LIFE

KEY_LABEL = "demonstration story"
LINK_PATH = "/sign-in/link/"
VISITOR_LABEL = "demonstration visitor"


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation of the story. ``key``: the word by which the story's tables name it."""

    key: str
    name: str
    sector: str
    kind: str


@dataclass(frozen=True, slots=True)
class Player:
    """Someone of a partner. ``speaks``: the story contributes in their name; ``title``: what a visitor reads."""

    key: str
    partner: str
    name: str
    email: str
    roles: tuple[str, ...]
    title: str
    speaks: bool = True


PARTNERS = (
    Partner("department", "Department for Digital Resilience", "government", "government"),
    Partner("northern", "Northern Broadband", "telecommunications", "isp"),
    Partner("coastline", "Coastline Telecom", "telecommunications", "isp"),
    Partner("bank", "Harbour Bank", "finance", "industry"),
    Partner("police", "National Police Cyber Unit", "law enforcement", "police"),
    Partner("university", "Westmoor University", "research and education", "academia"),
)

PLAYERS = (
    Player("administrator", "department", "Ada Okafor", "ada.okafor@resilience.example", ("administrator",),
           "administrator", speaks=False),
    Player("department", "department", "Tomas Lindqvist", "tomas.lindqvist@resilience.example",
           ("analyst", "approver"), "analyst and approver, government cyber unit"),
    Player("bank", "bank", "Priya Raman", "priya.raman@harbour-bank.example", ("member",), "member, fraud operations"),
    Player("northern", "northern", "Joost van Dalen", "joost.vandalen@northern.example", ("isp",),
           "ISP operator, abuse desk"),
    Player("police", "police", "Inspector Mary Kendrick", "m.kendrick@police.example", ("police",),
           "police investigator"),
    Player("university", "university", "Dr Elin Berg", "elin.berg@westmoor.example", ("member",),
           "researcher, network measurement"),
    Player("reader", "university", "Sam Whitfield", "sam.whitfield@westmoor.example", ("reader",), "reader",
           speaks=False),
    Player("coastline", "coastline", "Grace Adeyemi", "grace.adeyemi@coastline.example", ("isp",),
           "ISP operator, security operations"),
)
"""One sign-in link each. The speaking player of a partner has the partner's key."""

GROUP_NAME = "Finance circle"
GROUP_MEMBERS = ("bank", "police", "department")

_SPEAKING_ROLE = {"department": "administrator"}
"""A key permits what its role and its person's roles both permit; the department's speaker both writes and approves."""


@dataclass(slots=True)
class Cast:
    """The partnership in a hub: ids of partners, people and the closed group; the speakers' keys of this run."""

    hub: Hub
    partners: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    group: str = ""
    _keys: dict[str, str] = field(default_factory=dict)

    def viewer(self, key: str) -> Viewer | None:
        """Return a partner's speaker as a viewer; None where an administrator has suspended them."""
        return self.hub.members.viewer_for_key(self._keys[key])

    def group_party(self, viewer: Viewer) -> str | None:
        """Return the finance group as the party that the viewer may post to now, None where it may not."""
        choices = self.hub.circles.audience_choices(viewer)
        return next((choice.party for choice in choices if choice.name == GROUP_NAME), None)

    def take_the_stage(self) -> None:
        """Give each speaker a key for this run; the keys of earlier runs end."""
        members = self.hub.members
        for info in members.list_keys():
            if info.label in (KEY_LABEL, VISITOR_LABEL) and info.ended is None:
                members.end_key(info.id)
        for player in PLAYERS:
            if player.speaks:
                role = _SPEAKING_ROLE.get(player.key, player.roles[0])
                _, secret = members.make_key(self.partners[player.partner], self.people[player.key], role, KEY_LABEL)
                self._keys[player.key] = secret.reveal()

    def visitor_key(self) -> str:
        """Make an API key of the bank's member for the visitor; it is shown once."""
        _, secret = self.hub.members.make_key(self.partners["bank"], self.people["bank"], "member", VISITOR_LABEL)
        return secret.reveal()

    def fresh_links(self, life: int = LINK_LIFE) -> list[dict[str, str]]:
        """Make a one-time sign-in link for each player, good for ``life`` µs: name, org, role, href (a path)."""
        names = {partner.key: partner.name for partner in PARTNERS}
        return [{"name": player.name, "org": names[player.partner], "role": player.title,
                 "href": LINK_PATH + self.hub.members.make_link(self.people[player.key], life).reveal()}
                for player in PLAYERS]


def assemble_cast(hub: Hub) -> Cast:
    """Find the partnership in a hub, making what is missing."""
    cast = Cast(hub)
    members = hub.members
    members.tidy()
    for partner in PARTNERS:
        found = members.organisation_named(partner.name)
        found = found or members.add_organisation(partner.name, partner.sector, partner.kind)
        cast.partners[partner.key] = found.id
    for player in PLAYERS:
        someone = members.person_of_email(player.email)
        someone = someone or members.add_person(cast.partners[player.partner], player.name, player.email, player.roles)
        cast.people[player.key] = someone.id
    parties = [org(cast.partners[key]) for key in GROUP_MEMBERS]
    cast.take_the_stage()
    bank = cast.viewer("bank")
    if bank is not None and cast.group_party(bank) is None:
        hub.circles.make_group(GROUP_NAME, parties)
    return cast
