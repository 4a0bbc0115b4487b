"""Furnishes the partnership before its story begins: groups, officers, the directory, applicants, what each watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fusioncell.demo.cast import CIRCLES, MULES, TELECOMS, Cast
from fusioncell.demo.conversation import GUEST, GUEST_ROOM, GUEST_TITLE
from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer, org, person
from fusioncell.members.directory import make_token
from fusioncell.members.joining import Filled
from fusioncell.members.joining.model import State


@dataclass(frozen=True, slots=True)
class Shown:
    """What a partner and its speaker show in the directory, and who answers day and night.

    ``contact``: (name, role, telephone, languages); ``tested``: it has confirmed a test.
    """

    about: str
    expertise: str
    role: str
    contact: tuple[str, str, str, str]
    tested: bool = True


SHOWN = {
    "department": Shown(
        "Runs the partnership, writes its advisories and approves blocks.", "incident coordination, advisories",
        "Head of analysis", ("Duty officer", "Situation desk", "+44 20 7946 0101", "English, Swedish")),
    "northern": Shown(
        "Fixed lines and mobile for 2.1 million homes in the north.", "SMS fraud, DNS, abuse handling",
        "Abuse desk lead", ("Abuse desk, night shift", "Abuse desk", "+44 1632 960 201", "English, Dutch")),
    "coastline": Shown(
        "Fibre and hosting along the coast; 900,000 lines.", "resolver telemetry, botnet takedowns",
        "Security operations", ("Network operations centre", "On call", "+44 1632 960 302", "English")),
    "bank": Shown(
        "Retail bank with 3.4 million customers.", "card fraud, account takeover, money mules",
        "Fraud operations", ("Fraud line, 24 hours", "Fraud operations", "+44 20 7946 0404", "English, Hindi")),
    "police": Shown(
        "Investigates cyber crime; asks providers to preserve evidence.", "evidence, preservation, mule accounts",
        "Investigator", ("Duty inspector", "Cyber unit", "+44 20 7946 0505", "English, Welsh")),
    "university": Shown(
        "Measures the internet: certificates, scanning, generated names.", "measurement, malware analysis",
        "Researcher", ("Measurement lab", "Office hours only", "+44 1632 960 606", "English, German"), tested=False),
}  # fmt: skip

APPLICANTS = (
    Filled("Lantern Credit Union", "finance", "industry", "Marta Olsen", "marta.olsen@lantern-union.example",
           "We serve 40,000 savers on the coast and see the same parcel texts as the large banks, a day later.",
           "Harbour Bank"),
    Filled("Ferrymead Health Trust", "health", "government", "Dr Samir Haddad", "s.haddad@ferrymead-health.example",
           "Two hospitals and eleven practices. After last month's ransomware case we want to hear earlier, and can "
           "share what our mail filter catches.", "Westmoor University"),
    Filled("Kestrel Water", "water", "industry", "Joanna Pike", "joanna.pike@kestrel-water.example",
           "We run the water works of four districts. Scanning of our remote sites has tripled since summer.",
           "Harbour Bank"),
)
"""The first is in, and has yet to accept the terms; the second waits for the secretary; the third for its sponsor."""
NEWCOMER_TITLE = "lead of a new member: reads and accepts the terms first"

WATCHES = (
    ("bank", "campaign", "Landpost redelivery"), ("department", "campaign", "Landpost redelivery"),
    ("police", "campaign", "Landpost redelivery"), ("northern", "network", "198.18.64.0/20"),
    ("coastline", "network", "198.19.96.0/20"), ("university", "campaign", "QUIETOX"),
    ("reader", "campaign", "Landpost redelivery"), ("lead", "campaign", "Mobile bank reactivation"),
)
LEAVER = ("Dana Whitlock", "dana.whitlock@coastline.example", "Left in October; the account was used from abroad.")


def furnish(cast: Cast, officers: Sequence[bytes]) -> None:
    """Set up what stands before the first word is said, once. ``officers``: the two officers' public keys."""
    for player, public in zip(("officer", "officer2"), officers, strict=True):
        cast.hub.sealing.register(_viewer(cast, player), public)
    _form_circles(cast)
    for key, shown in SHOWN.items():
        _show(cast, key, shown)
    _join(cast)
    for player, kind, value in WATCHES:
        cast.hub.notify.watch(_viewer(cast, player), kind, value)
    name, email, reason = LEAVER
    leaver = cast.hub.members.add_person(cast.partners["coastline"], name, email, ["member"])
    cast.hub.accounts.suspend(_viewer(cast, "administrator"), person(leaver.id), reason)
    cast.hub.talk.save_draft(_viewer(cast, "bank"), NewPost(
        title="Cards after parcel texts: figures of the week",
        text="Cards entered on look-alikes this week:\n\n- \n- \n\n(waiting for the figures from the fraud line)"))


def _viewer(cast: Cast, player: str) -> Viewer:
    viewer = cast.viewer(player)
    if viewer is None:
        raise LookupError(player)
    return viewer


def _form_circles(cast: Cast) -> None:
    circles, ids = cast.hub.circles, {}
    for circle in CIRCLES:
        parties = [org(cast.partners[partner]) for partner in circle.members]
        made = circles.make_group(
            circle.name, parties, kind=circle.kind, purpose=circle.purpose, openness=circle.openness,
            open_history=circle.open_history, owners=parties[:1], author=cast.people[circle.members[0]])
        ids[circle.name] = made.id
    circles.ask(_viewer(cast, "university"), ids[TELECOMS], "We measure SMS traps and would bring their daily list.")
    circles.invite(_viewer(cast, "police"), ids[MULES], org(cast.partners["university"]),
                   "You found the recruiters' sites first: would you join us?")


def _show(cast: Cast, key: str, shown: Shown) -> None:
    directory, viewer = cast.hub.directory, _viewer(cast, key)
    site = cast.hub.members.person(cast.people[key]).email.partition("@")[2]
    directory.show_organisation(viewer, shown=True, about=shown.about, expertise=shown.expertise,
                                email=f"security@{site}", phone=shown.contact[2], website=f"https://{site}")
    directory.show_person(viewer, shown=True, about=shown.role, expertise=shown.expertise, show_email=True)
    name, role, phone, languages = shown.contact
    made = directory.set_contact(viewer, name=name, role=role, phone=phone, email=f"24h@{site}", languages=languages)
    if shown.tested:
        directory.confirm_contact(make_token(directory.key, made, directory.now()))


def _join(cast: Cast) -> None:
    joining = cast.hub.joining
    for at, filled in enumerate(APPLICANTS):
        joining.apply(filled, f"192.0.2.{at + 1}")
    waiting = {one.filled.name: one.id for one in joining.applications([State.ASKED])}
    lantern, ferrymead, _ = (waiting[filled.name] for filled in APPLICANTS)
    joining.stand(_viewer(cast, "lead"), lantern, "We clear their payments, and know their fraud desk well.")
    joining.stand(_viewer(cast, "university"), ferrymead, "Their security officer teaches with us; we vouch for her.")
    joining.accept(_viewer(cast, "secretary"), lantern, "Sponsor confirmed, register entry checked.")


def find_guests(cast: Cast) -> None:
    """Find who has a link beside the players: the new member's lead, and the guest of an event room."""
    hub = cast.hub
    newcomer = hub.members.person_of_email(APPLICANTS[0].email)
    if newcomer is not None:
        cast.guests.append((newcomer.id, APPLICANTS[0].name, NEWCOMER_TITLE))
    viewer = cast.viewer("university")
    for seen in hub.circles.listed(viewer) if viewer else []:
        if seen.group.name != GUEST_ROOM or viewer is None:
            continue
        for guest in hub.circles.seen(viewer, seen.group.id).guests:
            try:
                hub.circles.renew_guest(viewer, seen.group.id, guest.person)
            except FusionCellError:
                continue  # A visitor ended the stay, or closed the room.
            cast.guests.append((guest.person, GUEST[2], GUEST_TITLE))
