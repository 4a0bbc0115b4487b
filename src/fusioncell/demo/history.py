"""The steady stream beside the story: what the partners' sensors and desks report on any day, hour by hour.

``HOURS`` of it stand before the doors open, so that every plot has a shape from the first minute; the same tables feed
the trickle afterwards. Each line is a small contribution of one partner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fusioncell.demo.campaigns import beats_of, defanged
from fusioncell.demo.dice import Dice, made_hash
from fusioncell.demo.plot import Beat, Count, Round, Say
from fusioncell.demo.talks import talks_of
from fusioncell.demo.voices import Bundle, Event, Prose, Rows, Value
from fusioncell.kernel.marking import Tlp

HOURS = 48
_SHAPE = (2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 6, 7, 8, 8, 7, 6, 5, 4, 4, 3, 3, 2)
"""Contributions in each hour of the day (UTC): desks work by day, sensors by night too."""

_FAMILIES = ("QUIETOX", "PAPERLANTERN", "GRAVELPIT", "TIDEMARK", "HOLLOWREED", "BRASSKEY")
_HOSTS = 700
"""Hosts from which the stream's sensors see something; one in nine has an IPv6 address. Few enough to meet again."""
_SYLLABLES = ("ka", "vo", "ri", "mel", "tun", "za", "pe", "lor", "xi", "dra", "que", "nof", "bas", "yt")
_OFFICES = ("a municipal library", "a dental laboratory", "a haulage firm", "a school district", "a law firm",
            "a food wholesaler", "a regional hospital's laboratory", "a water utility's office network")
_PRODUCTS = ("an edge VPN gateway", "a file-transfer server", "a web mail front end", "a hypervisor console",
             "a printer fleet manager", "a ticketing system")
_FOUND = ("seen in this hour", "from our sensors", "found by the night shift", "confirmed by hand",
          "in our logs")
_ARRIVED = ("delivered as a shortcut in an archive, run by hand", "came with a fake browser update",
            "came by mail as a page that builds the archive", "dropped by a signed installer's helper library")
_SCANNED = ((22, "SSH"), (23, "telnet"), (3389, "remote desktop"), (5060, "SIP"), (8291, "router management"))


def _address(dice: Dice) -> str:
    """Return the address of one of the hosts, strewn over what nobody has (RFC 2544, RFC 3849)."""
    host = dice.below(_HOSTS)
    where = Dice("host", host)
    if host % 9 == 0:
        return f"2001:db8:{where.between(1, 0xFFF):x}::{where.between(1, 255):x}"
    return f"198.{where.between(18, 19)}.{where.below(256)}.{where.between(2, 253)}"


def _addresses(dice: Dice, low: int, high: int, comments: tuple[str, ...]) -> tuple[Value, ...]:
    found = {_address(dice) for _ in range(dice.between(low, high))}
    return tuple(("ip", one, dice.pick(comments)) for one in sorted(found))


def _coined(dice: Dice, count: int) -> str:
    return "".join(dice.pick(_SYLLABLES) for _ in range(count))


def _tag(name: str, technique: str) -> str:
    return f'misp-galaxy:mitre-attack-pattern="{name} - {technique}"'


def _controllers(dice: Dice, number: int) -> Say:
    family, by = dice.pick(_FAMILIES), dice.pick(("northern", "coastline", "university"))
    values = _addresses(dice, 1, 4, ("TLS to port 8443, certificate of the family", "Beacon every 97 seconds",
                                     "Taken from a memory image", "Answers as the family's controller does"))
    if dice.below(3) == 0:
        return Say(by, Rows(f"{family.lower()}-controllers.csv", values, f"c2,{family},T1071.001",
                            dice.between(60, 90)))
    title = f"{family}: {len(values)} {'controller' if len(values) == 1 else 'controllers'} {dice.pick(_FOUND)}"
    return Say(by, Event(title, values, ('rsit:malicious-code="c2-server"', _tag("Web Protocols", "T1071.001"))))


def _sample(dice: Dice, number: int) -> Say:
    family, office = dice.pick(_FAMILIES), dice.pick(_OFFICES)
    values: tuple[Value, ...] = tuple(
        ("sha256", made_hash("sample", number, part), f"{family} {name}")
        for part, name in enumerate(("loader", "second stage", "configuration")[:dice.between(1, 3)]))
    return Say(dice.pick(("university", "department", "bank")), Bundle(
        f"{family}: new build found at {office}",
        f"Found by the responder on {dice.between(2, 40)} machines; {dice.pick(_ARRIVED)}. Packed, unsigned, and not "
        "known to the usual engines at the time.", values,
        dice.pick((("T1204.002", "T1059.001"), ("T1566.001", "T1204.002"), ("T1547.001", "T1055"), ("T1105", "T1027"))),
        malware=family))


def _generated(dice: Dice, number: int) -> Say:
    family = dice.pick(_FAMILIES)
    values: tuple[Value, ...] = tuple(
        ("domain", f"{_coined(dice, 4)}.{dice.pick(('test', 'example'))}", "Generated name, registered, answers")
        for _ in range(dice.between(2, 5)))
    if dice.below(3) == 0:
        return Say("university", Rows(f"{family.lower()}-names.csv", values, f"dga,botnet,{family},T1568.002", 70))
    return Say("university", Bundle(
        f"{family}: names for the coming days that are registered already",
        "The generator was rebuilt from a sample; these of its names answer.", values, ("T1568.002",), malware=family,
        kind="botnet"))


def _scanners(dice: Dice, number: int) -> Say:
    port, what = dice.pick(_SCANNED)
    by = dice.pick(("university", "northern", "coastline"))
    values = _addresses(dice, 2, 5, (f"Over 1,000 attempts on port {port}", f"Password guessing on {what}",
                                     "Seen by three sensors"))
    if dice.below(3) == 0:
        return Say(by, Rows(f"scan-{port}.csv", values, f"scanner,{what},T1595.001", 50))
    return Say(by, Event(f"Scanning for {what} (port {port}) {dice.pick(_FOUND)}", values,
                         ('rsit:information-gathering="scanner"', _tag("Scanning IP Blocks", "T1595.001"))))


def _exploited(dice: Dice, number: int) -> Say:
    cve = f"CVE-2026-{dice.between(99900, 99912)}"
    return Say(dice.pick(("department", "university", "coastline")), Event(
        f"{cve}: exploitation attempts against {dice.pick(_PRODUCTS)}",
        _addresses(dice, 1, 3, ("Sends the exploit", "Fetches the second stage")),
        ('rsit:intrusion-attempts="exploit"', _tag("Exploit Public-Facing Application", "T1190"))))


def _warned(dice: Dice, number: int) -> Say:
    cve = f"CVE-2026-{dice.between(99900, 99912)}"
    return Say("department", Prose(
        f"{cve}: patch {dice.pick(_PRODUCTS)} now\n\n"
        f"Exploitation is seen by {dice.between(2, 5)} partners (ATT&CK T1190). The maker's fix is out; where it "
        "cannot be applied today, take the management interface off the internet. Look for new administrator accounts "
        f"of the last {dice.between(3, 12)} days, and for connections to {defanged(_address(dice))}."), tlp=Tlp.CLEAR)


def _lookalike(dice: Dice, number: int) -> Say:
    word = dice.pick(("login", "verify", "alert", "update", "card", "bonus", "review", "limit"))
    name = f"harbour-bank-{word}-{_coined(dice, 2)}.{dice.pick(('example', 'test'))}"
    return Say(dice.pick(("bank", "bank", "university")), Event(
        f"Look-alike of Harbour Bank: {defanged(name)}",
        (("domain", name, "Registered in the last day, page copied from ours"),),
        ('rsit:fraud="phishing"', _tag("Domains", "T1583.001"))))


def _mules(dice: Dice, number: int) -> Say:
    name = defanged(f"{_coined(dice, 2)}-payments.{dice.pick(('example', 'test'))}")
    return Say("police", Prose(
        f"Money mules recruited through {name}\n\n"
        "The site poses as a payment agent and asks for a copy of an identity card and for a bank account. "
        f"{dice.between(3, 30)} people answered; the banks have been told of the accounts. Contact address on the "
        f"site: office[@]{name}."))


def _inbox(dice: Dice, number: int) -> Say:
    name = f"{_coined(dice, 3)}-invoice.{dice.pick(('example', 'test'))}"
    return Say(dice.pick(("bank", "department", "coastline")), Bundle(
        f"Invoice fraud: changed bank details in a thread taken from {dice.pick(_OFFICES)}",
        "The thread comes from a hacked mailbox; the reply, with the new account, from a name one letter off.",
        (("domain", name, "Look-alike sender"), ("email", f"accounts@{name}", "Reply address")),
        ("T1566.003", "T1534"), campaign="Invoice fraud", kind="phishing"))


def _short(value: str) -> str:
    return value if len(value) <= 60 else value[:16] + "…"


def _seen_again(dice: Dice, number: int) -> Say:
    earlier = number - dice.between(1, 40)
    said = _line(Dice("line", earlier), earlier)
    if isinstance(said.piece, Prose):
        return _scanners(dice, number)
    by = dice.pick([one for one in ("northern", "coastline", "bank", "department") if one != said.by])
    values = tuple((type, value, "Seen in our logs too") for type, value, _ in said.piece.values[:3])
    phishing = "phishing" in str(said.piece).lower()
    if dice.below(2) == 0:
        return Say(by, Rows("seen-here-too.csv", values, f"sighting,{'phishing' if phishing else 'malware'}", 75))
    return Say(by, Event(f"Seen here too: {_short(defanged(values[0][1]))}", values,
                         ('rsit:fraud="phishing"' if phishing else 'rsit:malicious-code="infected-system"',)))


LINES: tuple[Callable[[Dice, int], Say], ...] = (
    _controllers, _sample, _generated, _scanners, _exploited, _lookalike, _controllers, _inbox, _sample, _mules,
    _generated, _controllers, _warned, _scanners, _exploited, _sample, _inbox)
"""What happens beside the story, as often as it stands here."""


def _line(dice: Dice, number: int) -> Say:
    return dice.pick(LINES)(dice, number)


def line_of(number: int) -> Say:
    """Return the ``number``-th contribution of the stream.

    One in six sees again what another partner reported; one in four is for everyone, not for the partnership alone.
    """
    again = Dice("again", number).below(6) == 0
    said = _seen_again(Dice("seen", number), number) if again else _line(Dice("line", number), number)
    return replace(said, tlp=Tlp.CLEAR) if Dice("clear", number).below(4) == 0 else said


def past_beats(hour_of_day: int, hours: int, line: int) -> list[Beat]:
    """Tell hours that have passed, ending at second 0: the stream, the resolvers' counts, and the approver's
    round every two hours.

    ``hour_of_day``: 0 to 23, that of the first hour (UTC); ``line``: the number of the first contribution.
    """
    beats: list[Beat] = []
    for hour in range(hours):
        begins = (hour - hours) * 3600
        count = _SHAPE[(hour_of_day + hour) % 24]
        for part in range(count):
            beats.append(Beat(begins + part * 3600 // count + 61, line_of(line)))
            line += 1
        beats.append(Beat(begins + 3599, Round() if hour % 2 else Count()))
    return beats


def old_campaigns() -> list[Beat]:
    """Tell the two campaigns that were over before the doors opened, and what was said about them."""
    return [beat for number, start in ((-2, -39 * 3600), (-1, -7 * 3600))
            for beat in (*beats_of(number, start), *talks_of(number, start))]
