"""What stands around the blocks: resolvers that take and count them, a standing approval, an appeal, a hold, a guard.

``protect`` sets up what stands before the first word; ``past_protection`` tells the two days before the doors opened;
``act_protectively`` plays it. A hub that is off counts nothing, so hours are reported as they pass (:func:`count`).
"""

from __future__ import annotations

import itertools
import json

from fusioncell.demo.campaigns import campaign_of, names_of
from fusioncell.demo.cast import Cast
from fusioncell.demo.dice import Dice
from fusioncell.demo.plot import Approve, Beat, Hold, Issue, Judge, Lodge, Propose, Protective, Review, Say
from fusioncell.demo.voices import Event, Rows
from fusioncell.kernel.clock import DAY, HOUR, Instant, format_day, format_instant
from fusioncell.kernel.errors import Conflict
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.products.model import Form, Written
from fusioncell.shield.appeals.model import Filed
from fusioncell.shield.hits.model import K, Report, Row
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.model import STEPS, Choice, Step, Subscriber
from fusioncell.shield.subscribers.service import Wanted

OWN_NAME = "harbour-bank.example"
TAKEN_OVER = f"offers.{OWN_NAME}"
MISTAKEN = "ferryline-tickets.example"
HELD = "quiet-escrow.example"
RESOLVERS = (
    ("northern", "Leaford, both resolvers", Kind.UNBOUND, Step.ENFORCE, "192.0.2.53", "CHG-2188"),
    ("northern", "Voice platform", Kind.BIND, Step.SHADOW, "192.0.2.61", "CHG-2301"),
    ("coastline", "Harbour ring", Kind.POWERDNS, Step.CANARY, "198.51.100.53", "NET-0417"),
    ("department", "Ministries' resolvers", Kind.BIND, Step.ENFORCE, "203.0.113.53", "RFC 77-26"),
    ("university", "Campus", Kind.KNOT, Step.REHEARSE, "203.0.113.129", ""),
)
"""Of whom, which, of what kind, how far it has adopted the blocks, from where it comes, the reference of its change."""
REPORTERS = ("northern", "coastline", "administrator")
"""Players whose organisations' resolvers have an agent beside them."""
RULE = {"title": "Controllers that two of us see, at 85 % or more", "categories": ["command-and-control"],
        "probability": 0.85, "origins": 2, "daily_cap": 50, "longest_days": 30, "days": 60}
_EXPLOITED = (
    ("CVE-2026-99902", "Gatepost", "Edge VPN", "Gatepost Edge VPN: sign-in without a password", 3, 4, "Known"),
    ("CVE-2026-99905", "Parcelway", "File Transfer", "Parcelway File Transfer: upload of any file", 9, 5, "Unknown"),
    ("CVE-2026-99909", "Gatepost", "Edge VPN", "Gatepost Edge VPN: commands in a host name", 5, 13, "Unknown"),
)
"""Made-up lines of a table of what is exploited: days since it was added, days until it is due."""
_POINTS = (
    ("E", "Exploitation", "N None, P Public PoC, A Active"),
    ("EXP", "System Exposure", "S Small, C Controlled, O Open"), ("A", "Automatable", "N No, Y Yes"),
    ("HI", "Human Impact", "L Low, M Medium, H High, VH Very High"),
    ("DSOI", "Priority", "D Defer, S Scheduled, O Out-of-Cycle, I Immediate"),
)
"""Decision points, from harmless to worst, the outcome last; keys as SSVC has them."""

ALERT = Written(Form.ALERT, "Mobile bank reactivation: do not enrol a second device", """
**What happens.** A text message says that the banking app must be reactivated today. The page copies a bank's own, and
enrols the criminals' phone as the customer's second device.

**Who is concerned.** Customers of every bank with an app; so far those of Harbour Bank were named.

**What to do.**

1. Do not follow the link. Forward the message to your provider.
2. If a code was entered: call the bank before you do anything else, and ask which devices are enrolled.
3. Providers: the known names are blocked by the partnership's resolvers; other resolvers still lead there.
""", tlp=Tlp.CLEAR)
SECTOR = Written(Form.SECTOR, "Telecommunications: parcel texts, second half of November", """
Rented sender numbers change every four to six hours. Both providers see the same kits within the hour.

(The figures of the resolvers are still to be added.)
""", sector="telecommunications")


def protect(cast: Cast, now: Instant) -> None:
    """Set up what stands before the story. ``now``: when the doors open, of which the tables' dates are counted."""
    hub, operator = cast.hub, _viewer(cast, "administrator")
    subscribers = hub.shielding.subscribers
    for partner, label, kind, step, address, reference in RESOLVERS:
        wanted = Wanted(label=label, choice=Choice(kind), addresses=(address,))
        made = subscribers.add(operator, cast.partners[partner], wanted)
        hub.settle()
        for then in STEPS[1 : STEPS.index(step) + 1]:
            subscribers.change(operator, made.id, Wanted(step=then, reference=reference))
            hub.settle()
    standing = hub.shielding.standing.propose(_viewer(cast, "department"), RULE)
    hub.settle()
    hub.shielding.standing.sign(operator, standing)
    asset = hub.assets.claim(_viewer(cast, "lead"), OWN_NAME)
    hub.assets.approve(operator, asset.id, "The registrar's statement was seen, and a call to the number in it.")
    for table in (_exploited(now, hub.clock.now()), _likely(hub.clock.now()), _priorities()):
        hub.vulns.import_file(operator, table)
    hub.settle()


def past_protection() -> list[Beat]:
    """Tell the two days before the doors opened: a block that was wrong and was lifted on appeal, two more appeals."""
    reactivation, voicemail = names_of(campaign_of(-2), -2), names_of(campaign_of(-1), -1)
    told: tuple[tuple[float, Say | Approve | Protective], ...] = (
        (-43.0, Say("university", Rows("sms-trap-links.csv", (
            ("domain", MISTAKEN, "Short link in two trapped messages"),), "phishing,sms-trap", 70))),
        (-42.6, Say("coastline", Event("Texts with a ticket link", (
            ("domain", MISTAKEN, "Forwarded by customers who had not ordered a ticket"),),
            ('rsit:fraud="phishing"',)))),
        (-42.0, Approve((MISTAKEN,), "Two partners, from customers' messages.")),
        (-38.0, Lodge("ferryline", MISTAKEN, "owner", "This is the ticket office of our three ferries, since 2019. Our "
                      "passengers cannot open their tickets at the pier since this morning. The texts are ours: they "
                      "bear the booking number.", "desk@ferryline-tickets.example, +44 1632 960 808")),
        (-36.5, Judge("administrator", "ferryline", True, "The site sells the tickets of a ferry line, and has since "
                      "2019. Both reports took its own messages for the lure. We apologise.")),
        (-33.0, Lodge("redesign", reactivation[1], "owner", "New landing page of the bank, please free it at once.")),
        (-31.5, Judge("administrator", "redesign", False, "The page asks for one-time codes and posts them to another "
                      "host. The bank was asked, and does not know it.")),
        (-30.0, Say("northern", Event("Forgotten host of Harbour Bank serves a copy of its sign-in", (
            ("domain", TAKEN_OVER, "Points to a hosting account that anyone could take, and somebody did"),),
            ('rsit:fraud="phishing"',)))),
        (-29.0, Say("university", Rows("dangling-names.csv", (
            ("domain", TAKEN_OVER, "Dangling name, taken over; certificate issued yesterday"),),
            "phishing,T1584.001", 85))),
        (-28.0, Propose("department", TAKEN_OVER, "security@harbour-bank.example", "Asks for passwords under the "
                        "bank's own name. The bank has no pages or mail on this host, and has been called.")),
        (-26.0, Hold("police", HELD, "Operation in the north: the buyers are still signing in, and we read along.", 10,
                     "officer")),
        (-20.0, Review("department")),
        (-10.0, Issue("department", "administrator", ALERT)),
        (-4.0, Issue("department", "", SECTOR)),
        (-1.6, Lodge("mailbox", voicemail[1], "visitor", "I listened to a voicemail there yesterday and entered my "
                     "password. Today it does not open. Is it my telephone?")),
        (-1.0, Hold("officer2", "bonus-locker.test", "A research sinkhole moves there on Tuesday.", 5)),
    )  # fmt: skip
    return [Beat(round(at * 3600), act) for at, act in told]


def act_protectively(cast: Cast, act: Protective, said: dict[str, str]) -> None:
    """Do one act; projections are settled. ``said``: ids of appeals, by name. Raises as the hub's rooms do."""
    shielding = cast.hub.shielding
    match act:
        case Lodge():
            said[act.name] = shielding.appeals.lodge(act.about, Filed(act.text, act.role, act.contact))[0].id
        case Judge():
            viewer = _viewer(cast, act.by)
            shielding.appeals.decide(viewer, said.get(act.to, ""), uphold=act.uphold, reason=act.reason)
        case Hold():
            asked = shielding.holds.ask(_viewer(cast, act.by), act.about, act.reason, act.days)
            if act.second:
                cast.hub.settle()
                shielding.holds.confirm(_viewer(cast, act.second), asked)
        case Propose():
            viewer = _viewer(cast, act.by)
            made = cast.hub.shield.propose(viewer, act.about, "phishing", act.reason, compromised=True,
                                           contact=act.contact)  # fmt: skip
            cast.hub.settle()
            cast.hub.shield.approve(viewer, made, reason=act.reason)
        case Review():
            viewer = _viewer(cast, act.by)
            for rule in shielding.standing.listed(viewer):
                for item in shielding.standing.sample(viewer, rule.id)[:2]:
                    shielding.standing.review(viewer, item.id, wrong=False, note="Answers as a controller does.")
        case Issue():
            _issue(cast, act)


def _issue(cast: Cast, act: Issue) -> None:
    products, viewer = cast.hub.products, _viewer(cast, act.by)
    made = products.save(viewer, act.written)
    cast.hub.settle()
    products.submit(viewer, made)
    cast.hub.settle()
    if act.second:
        products.approve(_viewer(cast, act.second), made, "Checked with the bank.")
        cast.hub.settle()
        products.publish(viewer, made)


def count(cast: Cast, hour: Instant) -> None:
    """Report what the resolvers answered in the closed hour that began at ``hour``, as their agents would."""
    names = sorted(rule.name for rule in cast.hub.shield.zone.image().rules())
    for player in REPORTERS:
        viewer = cast.viewer(player)
        for one in cast.hub.shielding.subscribers.listed(viewer) if viewer is not None else []:
            if viewer is None or one.org != viewer.org or not one.served:
                continue
            try:
                cast.hub.shielding.hit_counts.report(viewer, Report(one.id, hour, K, _rows(one, names, hour)))
            except Conflict:
                continue  # a visitor's agent was faster


def _rows(one: Subscriber, names: list[str], hour: Instant) -> list[Row]:
    """Return the counts of an hour: a name's own height, less at night, different each hour and at each resolver."""
    awake = (hour // HOUR) % 24 >= 6
    found = []
    for name in names:
        dice = Dice("hits", one.label, name, hour // HOUR)
        asked = dice.between(10, Dice("height", name).between(20, 260)) // (1 if awake else 4)
        if asked >= K:
            found.append(Row(name, *((0, asked) if one.step is Step.SHADOW else (asked, 0))))
    return found


def _exploited(now: Instant, released: Instant) -> bytes:
    """Write a table of what is exploited in the form of CISA's (KEV, JSON)."""
    rows = [{"cveID": cve, "vendorProject": vendor, "product": product, "vulnerabilityName": title,
             "dateAdded": format_day(now - since * DAY), "dueDate": format_day(now + due * DAY),
             "requiredAction": "Apply the maker's fix, or take the device off the internet.",
             "shortDescription": f"{title}. Made up for the demonstration.", "knownRansomwareCampaignUse": ransom,
             "notes": "", "cwes": []} for cve, vendor, product, title, since, due, ransom in _EXPLOITED]  # fmt: skip
    version = format_day(released).replace("-", ".")
    return json.dumps({"title": "Made up for the demonstration", "catalogVersion": version,
                       "dateReleased": format_instant(released), "count": len(rows), "vulnerabilities": rows}).encode()


def _likely(now: Instant) -> bytes:
    """Write a table of how likely each is exploited within 30 days, in the form of FIRST's (EPSS, CSV)."""
    lines = [f"#model_version:demonstration,score_date:{format_instant(now)}", "cve,epss,percentile"]
    known = {row[0] for row in _EXPLOITED}
    for number in range(99900, 99913):
        cve = f"CVE-2026-{number}"
        score = Dice("epss", cve).between(60, 96) if cve in known else Dice("epss", cve).between(1, 40)
        lines.append(f"{cve},{score / 100:.5f},{min(0.999, 0.5 + score / 200):.5f}")
    return ("\n".join(lines) + "\n").encode()


def _priorities() -> bytes:
    """Write a decision table in the form of SSVC's for who has to patch (JSON); its rule is made up for here."""
    keys = {f"demonstration:{key}:1": [value.partition(" ")[0] for value in values.split(", ")]
            for key, _, values in _POINTS}  # fmt: skip
    points = {f"demonstration:{key}:1": {"name": name, "values": [
        {"key": value.partition(" ")[0], "name": value.partition(" ")[2]} for value in values.split(", ")]}
        for key, name, values in _POINTS}  # fmt: skip
    *inputs, outcome = keys
    worst = sum(len(keys[name]) - 1 for name in inputs)
    rows = []
    for steps in itertools.product(*(range(len(keys[name])) for name in inputs)):
        # What is exploited now weighs most: it lifts the whole by two more.
        place = min(3, (sum(steps) + 2 * (steps[0] == 2)) * 4 // (worst + 3))
        row = {name: keys[name][step] for name, step in zip(inputs, steps, strict=True)}
        rows.append({**row, outcome: keys[outcome][place]})
    return json.dumps({"namespace": "ssvc", "key": "DT_DP", "version": "demonstration", "name": "What to patch first",
                       "decision_points": points, "outcome": outcome, "mapping": rows}).encode()


def _viewer(cast: Cast, player: str) -> Viewer:
    viewer = cast.viewer(player)
    if viewer is None:
        raise LookupError(player)
    return viewer
