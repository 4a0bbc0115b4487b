"""Who takes part: the organisations, their people, and how the demonstration finds or makes them in a hub.

Every name is made up, and every address is under a reserved name (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Viewer, person
from fusioncell.members.model import LINK_LIFE

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
    """Someone of a partner. ``title``: what a visitor reads."""

    key: str
    partner: str
    name: str
    email: str
    roles: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A group. ``members``: partners, the first of them its owner."""

    name: str
    kind: str
    openness: str
    purpose: str
    members: tuple[str, ...]
    open_history: bool = False


PARTNERS = (
    Partner("department", "Department for Digital Resilience", "government", "government"),
    Partner("northern", "Northern Broadband", "telecommunications", "isp"),
    Partner("coastline", "Coastline Telecom", "telecommunications", "isp"),
    Partner("bank", "Harbour Bank", "finance", "industry"),
    Partner("police", "National Police Cyber Unit", "law enforcement", "police"),
    Partner("university", "Westmoor University", "research and education", "academia"),
)

PLAYERS = (
    Player("department", "department", "Tomas Lindqvist", "tomas.lindqvist@resilience.example",
           ("analyst", "approver"), "analyst and approver, government cyber unit"),
    Player("bank", "bank", "Priya Raman", "priya.raman@harbour-bank.example", ("member",), "member, fraud operations"),
    Player("northern", "northern", "Joost van Dalen", "joost.vandalen@northern.example", ("isp",),
           "ISP operator, abuse desk"),
    Player("coastline", "coastline", "Grace Adeyemi", "grace.adeyemi@coastline.example", ("isp",),
           "ISP operator, security operations"),
    Player("police", "police", "Inspector Mary Kendrick", "m.kendrick@police.example", ("police",),
           "police investigator"),
    Player("university", "university", "Dr Elin Berg", "elin.berg@westmoor.example", ("member",),
           "researcher, network measurement"),
    Player("reader", "university", "Sam Whitfield", "sam.whitfield@westmoor.example", ("reader",), "reader"),
    Player("lead", "bank", "Hugh Castellan", "hugh.castellan@harbour-bank.example", ("lead",),
           "lead: sponsors, manages the bank's people"),
    Player("moderator", "northern", "Yusuf Aydin", "yusuf.aydin@northern.example", ("moderator",),
           "moderator: groups, event rooms"),
    Player("secretary", "department", "Nia Pryce", "nia.pryce@resilience.example", ("secretary",),
           "secretary: vets applicants"),
    Player("officer", "police", "Oona Fraser", "oona.fraser@police.example", ("officer",),
           "officer: one of the two who can reveal an anonymous author"),
    Player("officer2", "university", "Professor Bertil Nyman", "bertil.nyman@westmoor.example", ("officer",),
           "officer: the other of the two"),
    Player("auditor", "department", "Ruth Ellison", "ruth.ellison@resilience.example", ("auditor",), "auditor"),
    Player("administrator", "department", "Ada Okafor", "ada.okafor@resilience.example", ("administrator",),
           "administrator"),
)
"""One sign-in link each. The player who speaks for a partner has the partner's key."""

FINANCE = "Finance circle"
TELECOMS = "Telecoms abuse desks"
COAST = "Coastal region"
MULES = "Money mules taskforce"
CIRCLES = (
    Circle(FINANCE, "sector", "invitation", "Card and account fraud, while the criminals do not know what we hold.",
           ("bank", "police", "department")),
    Circle(TELECOMS, "sector", "request", "Abuse desks of internet service providers: what customers forward, and what "
           "the resolvers see.", ("northern", "coastline")),
    Circle(COAST, "region", "open", "Everyone with offices or customers between Westmoor and the harbour. Anyone may "
           "join, and reads what was said before.", ("university", "department", "coastline"), open_history=True),
    Circle(MULES, "project", "invitation", "Recruiters of money mules: names, accounts, what was done about them.",
           ("police", "bank")),
)


@dataclass(slots=True)
class Cast:
    """The partnership in a hub: ids of partners and people, by their keys in the tables."""

    hub: Hub
    partners: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    guests: list[tuple[str, str, str]] = field(default_factory=list)
    """Others who have a sign-in link: (person's id, organisation, title)."""

    def viewer(self, key: str) -> Viewer | None:
        """Return a player as a viewer; None where an administrator has suspended them."""
        return self.hub.members.viewer_of(person(self.people[key]))

    def group_party(self, viewer: Viewer, name: str) -> str | None:
        """Return a group as the party that the viewer may post to now, None where it may not."""
        choices = self.hub.circles.audience_choices(viewer)
        return next((choice.party for choice in choices if choice.name == name), None)

    def visitor_key(self) -> str:
        """Make an API key of the bank's member for the visitor; it is shown once. Those of earlier runs end."""
        members = self.hub.members
        for info in members.list_keys(self.partners["bank"]):
            if info.label == VISITOR_LABEL and info.ended is None:
                members.end_key(info.id)
        _, secret = members.make_key(self.partners["bank"], self.people["bank"], "member", VISITOR_LABEL)
        return secret.reveal()

    def fresh_links(self, life: int = LINK_LIFE) -> list[dict[str, str]]:
        """Make a one-time sign-in link for each player, good for ``life`` µs: name, org, role, href (a path)."""
        members, names = self.hub.members, {partner.key: partner.name for partner in PARTNERS}
        known = [(self.people[player.key], player.name, names[player.partner], player.title) for player in PLAYERS]
        known += [(who, members.person(who).name, of, title) for who, of, title in self.guests]
        return [{"name": name, "org": of, "role": title, "href": LINK_PATH + members.make_link(who, life).reveal()}
                for who, name, of, title in known]


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
    return cast
