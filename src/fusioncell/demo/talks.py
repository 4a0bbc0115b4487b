"""What people say to each other: around the first campaign, in the days before it, and around each later one.

Values that stand defanged are the attacker's; ``swiftparcel-status.example`` is not, so it stands as it is.
"""

from __future__ import annotations

from fusioncell.demo.campaigns import campaign_of, defanged, names_of
from fusioncell.demo.cast import COAST, FINANCE, MULES, TELECOMS
from fusioncell.demo.conversation import GUEST_ROOM
from fusioncell.demo.plot import Accept, AskConsent, Beat, Edit, Keep, OpenRoom, React, Write

LANDPOST = "campaign:Landpost redelivery"
ROOM = "Landpost redelivery: response"
_HOUR = 3600

_FIRST = """
Our abuse desk had **61 forwarded messages** since 07:40, against two or three on a normal day. All ask for a fee of
1.99 for a parcel and lead to hxxps://landpost-redelivery[.]example/track/

Two questions:

1. Do you see the same name, or others with the path `/track/pay.php`?
2. Does anyone know the sender? Ours come from rented numbers.
"""

STORY_TALKS: tuple[Beat, ...] = (
    Beat(20, Write("northern", _FIRST, "Parcel texts this morning: who else gets them?", "sms", about=(LANDPOST,),
                   mentions=("bank", "coastline"))),
    Beat(46, React("coastline", "sms")),
    Beat(54, Write("coastline", """
Yes. 180 look-ups a minute at the peak, all in the last three hours. The resolver log has two sisters:

- landpost-customs-fee[.]example
- my-landpost-parcel[.]test
""", name="sms-coast", to="sms")),
    Beat(62, React("bank", "sms")),
    Beat(70, Write("bank", "Nine customers called the fraud line. They all entered the one-time code, too: the cards "
                   "end up in phone wallets within minutes.", name="sms-bank", to="sms", mentions=("police",))),
    Beat(96, Write("university", """
Certificates of the last 40 hours, by style sheet and favicon of the kit:

| name | first seen |
|---|---|
| landpost-redelivery[.]example | Thursday evening |
| landpost-customs-fee[.]example | yesterday |
| my-landpost-parcel[.]test | this morning |

We watch the logs and post every new one here.
""", name="sms-certs", to="sms-coast")),
    Beat(104, React("northern", "sms-certs", "useful")),
    Beat(112, React("department", "sms-certs", "useful")),
    Beat(122, Write("department", "For the advisory: who holds resolver logs from **before Thursday**? The first "
                    "look-up would tell when the campaign began. An answer by noon is early enough.",
                    "When were the parcel names first looked up?", "logs", about=(LANDPOST,),
                    mentions=("northern", "coastline", "university"), asks=20)),
    Beat(134, Write("coastline", "We keep 14 days. First look-up: Thursday 18:52, one line, probably their own test.",
                    name="logs-coast", to="logs", answers=True)),
    Beat(142, Accept("department", "logs", "logs-coast")),
    Beat(156, Write("police", "34 complaints so far. Please keep request logs of both hosts; the preservation requests "
                    "go out within the hour.", to="sms", mentions=("northern", "coastline"))),
    Beat(190, OpenRoom("northern", ROOM, "sms", ("coastline", "bank", "police", "department"))),
    Beat(198, Write("northern", """
This room is for the five of us until the campaign is over. Who does what:

- **Northern, Coastline**: block, keep logs, report new names
- **Harbour Bank**: stop the cards, count the victims
- **Police**: reseller and mule accounts
- **Department**: approvals, advisory
""", "Who does what", "room", group=ROOM, about=(LANDPOST,), mentions=("bank", "police", "department"))),
    Beat(222, Write("bank", "Cards stopped: 31. Two customers still had the reseller's receipt; the number is with the "
                    "police.", name="room-bank", to="room")),
    Beat(244, Write("police", "Received, thank you. The reseller answers today.", to="room-bank")),
    Beat(284, Write("bank", """
One of ours entered a password on the parcel page, from a work phone. What we missed:

- the phone's mail filter knew the name, its browser did not;
- nobody told staff that *private* texts reach work phones, too;
- we looked at the mailbox only, and the file share was the goal.

We ask the others to look for sign-ins from 203[.]0[.]113[.]58.
""", "We were taken in: what we missed", "nameless", about=(LANDPOST,), nameless=True)),
    Beat(308, React("northern", "nameless", "useful")),
    Beat(314, React("university", "nameless", "useful")),
    Beat(326, Write("police", "Thank you for saying so. If you want to talk to us without the others, the duty "
                    "inspector is in the directory, day and night.", name="nameless-police", to="nameless")),
    Beat(344, Keep("department", "nameless")),
    Beat(372, Write("coastline", "Found one such sign-in at a customer. Was it the session, or the password?",
                    to="nameless")),
    Beat(430, Write("department", "SwiftParcel's security contact says that `swiftparcel-status.example` is their own "
                    "page and cannot be opened since a few minutes ago. Would those who reported it look again?",
                    "Is swiftparcel-status.example the courier's own?", "swift",
                    about=("observable:domain-name:swiftparcel-status.example",), mentions=("northern", "university"))),
    Beat(450, React("coastline", "swift", "useful")),
    Beat(468, Write("northern", "Ours was a mistake: the desk listed what customers *asked about*. It is withdrawn, "
                    "and the block goes with it.", name="swift-northern", to="swift")),
    Beat(490, Write("university", "Confirmed by hand: certificate, address range and imprint are the courier's own.",
                    to="swift")),
    Beat(512, Edit("northern", "sms", "**Later:** all names of this thread are blocked since ten minutes ago; see the "
                   "shield.")),
    Beat(574, AskConsent("department", "session", "Weekly advisory 2026-47",
                         "The proxy's address would help banks outside the circle. Your name is not given.")),
    Beat(590, Write("northern", "One more, from a customer a minute ago: landpost-night-desk[.]example", name="night",
                    to="sms")),
    Beat(600, React("coastline", "night")),
    Beat(606, React("bank", "night")),
    Beat(660, Write("university", "The loader's configuration lists three controllers, two of them not up yet. Sample "
                    "and report are in the picture: search for QUIETOX.", "QUIETOX behind the parcel page", "quietox",
                    about=("campaign:Landpost redelivery",), mentions=("northern",))),
    Beat(750, React("northern", "quietox")),
    Beat(760, Write("northern", "Six business lines beacon to 203[.]0[.]113[.]91. Customers are being called.",
                    to="quietox")),
    Beat(930, Write("department", "Advisory goes out at the quarter. Last corrections, please.", name="room-adv",
                    to="room", mentions=("bank",))),
    Beat(1100, Write("bank", "“Call the bank first” should stand above “forward the message”. Otherwise fine.",
                     to="room-adv")),
    Beat(1360, Write("bank", "Evening wave: six customers, two new names. Cards were stopped before they were used.",
                     to="sms")),
    Beat(1700, Write("police", "Searches are planned. Nothing of this leaves the circle before Thursday.",
                     "Reseller: what may be said, and when", group=FINANCE, mentions=("bank", "department"))),
)
"""The conversation around the first campaign, by the second."""

NIGHT_NAME = "landpost-night-desk.example"
"""Named in one post alone: what makes it a proposal are the reactions of others."""

_RULES = """
Welcome. In short:

- **Say what you saw**, with names and times; a guess is welcome if it is called one.
- Choose who reads it *before* you send: the preview names them.
- *Seen here too* is a sighting and counts; *useful* is thanks.
- Where your name would do harm, leave it out: two officers together could learn it, nobody else.
"""


def past_talks() -> list[Beat]:
    """Tell the conversations of the two days before the doors opened."""
    told = (
        (-45.0, Write("moderator", _RULES, "How we talk here", "rules")),
        (-44.0, React("university", "rules", "useful")),
        (-43.5, React("coastline", "rules", "useful")),
        (-31.0, Write("university", "The generator changed on Tuesday. Has anyone a build of this week? A hash is "
                      "enough, the sample would be better.", "A fresh sample of PAPERLANTERN", "sample",
                      about=("campaign:PAPERLANTERN",), mentions=("coastline", "department"), asks=40)),
        (-30.2, Write("coastline", "We have one from a customer's backup server; you get it by the usual way today.",
                      name="sample-coast", to="sample", answers=True)),
        (-30.0, React("university", "sample-coast", "useful")),
        (-22.0, Write("northern", "They came in through a supplier's remote access: a shared account, no second "
                      "factor. Three weeks in the network before the first alert. If you share that kind of supplier, "
                      "look for sign-ins at night, and for new accounts of the group “helpdesk”.",
                      "Breached through a supplier's remote access", "supplier", nameless=True)),
        (-21.0, Write("department", "Thank you, whoever you are. Did they use the account for anything but reading?",
                      to="supplier")),
        (-20.5, React("bank", "supplier", "useful")),
        (-20.2, React("police", "supplier", "useful")),
        (-18.0, Write("police", "A complainant paid into an account that was opened by video call on the 12th. Which "
                      "banks verify by video through a provider, and who is it?", "Who verifies customers by video?",
                      "video", mentions=("bank",), asks=12)),
        (-16.0, Write("northern", "Rented numbers, 4 to 6 hours each, then the next block. We can share the blocks an "
                      "hour after we see them, if you do.", "Sender numbers of parcel texts", "numbers", group=TELECOMS,
                      mentions=("coastline",))),
        (-15.0, Write("coastline", "Agreed. Ours come from two wholesale carriers; the list follows this afternoon.",
                      to="numbers")),
        (-9.0, Write("bank", "Eleven accounts this week, all opened by video in the last ten days, same three phones.",
                     "Mule accounts: the pattern of this week", "mules", group=MULES, mentions=("police",))),
        (-8.5, Write("police", "Two of the phones are known to us. Please hold the accounts until tomorrow.",
                     to="mules")),
        (-6.5, OpenRoom("university", GUEST_ROOM, "talk/-1", ("department", "northern", "bank"))),
        (-6.4, Write("university", "Officewise's security team is with us in this room as a guest: the lure abuses "
                     "their name and their sign-in page.", "Mailboxes taken over: what Officewise can do", "officewise",
                     group=GUEST_ROOM, mentions=("department",))),
        (-6.0, Write("department", "We need the list of mailboxes with a forwarding rule made since Monday. Can "
                     "Officewise search for that on their side?", name="officewise-ask", to="officewise")),
        (-4.0, Write("university", "Desks from Westmoor to the harbour meet on Thursday at ten, in room 3.12 and by "
                     "video. On the table: the parcel texts, and the night watch.", "Coastal desks meet on Thursday",
                     "meet", group=COAST)),
        (-3.2, Write("coastline", "Two of us come. We bring the resolver figures.", to="meet")),
        (-2.0, Write("bank", "14 frozen accounts, all seen from one exit address. We watch it until the proxy is "
                     "mapped.", "Session theft: what we hold, and what we do not say yet", group=FINANCE,
                     mentions=("police",))),
    )  # fmt: skip
    return [Beat(int(hour * _HOUR), act) for hour, act in told]


def talks_of(number: int, start: int) -> list[Beat]:
    """Tell the conversation around the story's ``number``-th campaign, which begins at ``start``."""
    campaign = campaign_of(number)
    one, two, *_ = names_of(campaign, number)
    root, anchor = f"talk/{number}", f"campaign:{campaign.title}"
    told = (
        (60, Write(campaign.first, f"Messages in the name of {campaign.brand}, with {campaign.lure}. Landing page: "
                   f"hxxps://{defanged(one)}/start\n\nDoes anyone else see it?",
                   f"{campaign.title}: who else sees this?", root, about=(anchor,),
                   mentions=(campaign.second, campaign.third))),
        (170, React(campaign.second, root)),
        (200, Write(campaign.second, f"Here too, since this morning. {defanged(two)} has the same certificate.",
                    name=f"{root}/second", to=root)),
        (260, React(campaign.first, f"{root}/second", "useful")),
        (350, Write(campaign.third, campaign.harm, to=root)),
        (950, Write("department", "The names of this thread are blocked. New ones go to the same place, please.",
                    to=root)),
    )
    return [Beat(start + at, act) for at, act in told]
