"""The campaigns that follow the first one, and those of the two days before: one plot, told with other names.

Each has a lure, a brand that it imitates (made up), the words of its names, and who notices first.
"""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.demo.dice import Dice, made_hash
from fusioncell.demo.plot import Approve, Beat, Say
from fusioncell.demo.voices import Bundle, Event, Prose, Rows
from fusioncell.kernel.marking import Tlp

LENGTH = 1800
"""Seconds that a campaign takes."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What differs between campaigns. ``first``, ``second``, ``third``: who reports, in that order."""

    title: str
    brand: str
    lure: str
    stem: str
    words: tuple[str, ...]
    first: str
    second: str
    third: str
    harm: str


CAMPAIGNS = (
    Campaign("Energy rebate", "Volta Energy", "a rebate of 212 on this year's bill, to be claimed within 24 hours",
             "volta-rebate",
             ("claim", "winter", "account", "refund", "meter", "confirm"), "northern", "university", "bank",
             "The form asks for online banking credentials \"to pay the rebate out\"."),
    Campaign("Tax refund", "the Revenue Office", "a tax refund that lapses tonight", "revenue-refund",
             ("portal", "secure", "desk", "return", "citizen", "status"), "coastline", "bank", "department",
             "The page proxies the real sign-in and keeps the session."),
    Campaign("Road toll", "ViaRoad", "an unpaid toll of 4.60 and a fine of 90 if it is not paid today", "viaroad-toll",
             ("pay", "notice", "plate", "fine", "invoice", "overdue"), "bank", "northern", "police",
             "Cards are charged for a subscription of 59 a month within the hour."),
    Campaign("Streaming renewal", "Lumaflix", "a failed payment and an account closed tomorrow", "lumaflix-billing",
             ("update", "member", "renew", "card", "help", "restore"), "university", "coastline", "bank",
             "Card data, then a call from \"the bank's fraud team\" that asks for the code."),
    Campaign("Job offer", "Meridian Staffing", "remote work, paid by the day, \"training account\" included",
             "meridian-jobs",
             ("apply", "remote", "offer", "hr", "interview", "contract"), "police", "bank", "university",
             "Applicants become money mules: incoming transfers are to be passed on in vouchers."),
    Campaign("Mobile bank reactivation", "Harbour Bank", "an app that \"must be reactivated\" by today",
             "harbour-reactivate",
             ("app", "secure", "device", "mobile", "token", "safe"), "bank", "coastline", "northern",
             "The page enrols the criminals' phone as the customer's second device."),
    Campaign("Voicemail to mailbox", "Officewise mail", "a missed voicemail that can be heard after signing in",
             "officewise-voice",
             ("mail", "login", "listen", "portal", "message", "inbox"), "university", "department", "northern",
             "Mailbox takeovers are used for invoice fraud within two days."),
)


_AGAIN = ("", "-online", "-now", "-app")
"""What its names have behind them each time that a campaign comes back; the first time is before the doors open."""


def campaign_of(number: int) -> Campaign:
    """Return the campaign that the story tells as its ``number``-th."""
    return CAMPAIGNS[number % len(CAMPAIGNS)]


def defanged(name: str) -> str:
    """Write a name so that it is no link: in a text this says that it is the attacker's."""
    return name.replace(".", "[.]")


def names_of(campaign: Campaign, number: int) -> tuple[str, ...]:
    """Return the campaign's names, five of them, different each time that it comes back."""
    dice = Dice("names", campaign.stem, number)
    again = _AGAIN[(number // len(CAMPAIGNS) + 1) % len(_AGAIN)]
    endings = ("example", "test")
    return tuple(f"{campaign.stem}-{word}{again}.{dice.pick(endings)}" for word in dice.some(campaign.words, 5))


def beats_of(number: int, start: int) -> list[Beat]:
    """Tell a campaign from ``start`` (seconds of the story)."""
    campaign = campaign_of(number)
    one, two, three, four, five = names_of(campaign, number)
    dice = Dice("campaign", number)
    host = f"198.51.100.{dice.between(10, 250)}"
    lines, losses = dice.between(40, 420), dice.between(6, 70)
    tags = ('rsit:fraud="phishing"', 'misp-galaxy:mitre-attack-pattern="Spearphishing Link - T1566.002"')

    def quick(name: str, comment: str) -> tuple[str, str, str]:
        return ("domain", name, comment)

    told = (
        (0, Say(campaign.first, Prose(
            f"{campaign.title} lure: messages in the name of {campaign.brand}\n\n"
            f"The message promises or threatens {campaign.lure}. {campaign.harm}\n\n"
            f"Landing page: hxxps://{defanged(one)}/start. "
            f"We count {lines} affected so far, the first one this morning. Does anyone else see it?"))),
        (150, Say(campaign.second, Event(
            f"{campaign.title} phishing in the name of {campaign.brand}",
            (quick(one, "Landing page"), quick(two, "Same kit, certificate of today"),
             ("url", f"https://{one}/start/check.php", "Collector")), tags,
            (("ip", host, "Hosting; other customers on the same host"),)))),
        (330, Say(campaign.third, Rows(f"{campaign.stem}-watch.csv", (
            quick(two, "Kit fingerprint matches"), quick(three, "Kit fingerprint matches"),
            quick(four, "Registered today"),
        ), "phishing,T1566.002,T1583.001", 70))),
        (480, Approve((one,), f"Two partners, kit confirmed: {campaign.title.lower()}.")),
        (620, Say(campaign.first, Bundle(
            f"{campaign.title}: the kit's infrastructure",
            f"Names, collector and mail lure of the kit. {campaign.harm}",
            (quick(three, "Landing page"), quick(five, "Second stage"), ("ip", host, "Collector"),
             ("sha256", made_hash("kit", campaign.stem, number), "Archive of the kit, left readable on the host")),
            ("T1566.002", "T1583.001", "T1056.003"), campaign=campaign.title, kind="phishing"))),
        (900, Approve((two, three), "Same kit.")),
        (1080, Say("police", Prose(
            f"{campaign.title}: {losses} complaints\n\n"
            f"Complainants received the message in the name of {campaign.brand}. {campaign.harm} "
            f"Please keep logs for {defanged(two)} and {defanged(five)}; a request follows."))),
        (1260, Say(campaign.second, Rows(f"{campaign.stem}-late.csv", (
            quick(four, "First victims"), quick(five, "Second stage, seen in proxy logs")), "phishing,T1566.002", 75))),
        (1440, Approve((four,), "Victims confirmed by a second partner.")),
        (1600, Say("department", Prose(
            f"Advisory: {campaign.title.lower()} messages\n\n"
            f"Messages in the name of {campaign.brand} announce {campaign.lure}. {campaign.harm}\n\n"
            f"What to do: do not open the link, report the message to your provider, "
            f"and look for {defanged(one)} in resolver logs. The known names are blocked "
            "by the partnership's resolvers."),
            tlp=Tlp.CLEAR)),
    )
    return [Beat(start + at, act) for at, act in told]
