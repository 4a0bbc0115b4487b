"""The first forty minutes, as a table: a parcel phishing campaign grows, is corroborated, blocked; a mistake is undone.

The legitimate names in it (``landpost.example``, ``swiftparcel-status.example``) are as made up as the others.
"""

from __future__ import annotations

from fusioncell.demo.dice import made_hash
from fusioncell.demo.plot import Approve, Beat, Recall, Say
from fusioncell.demo.voices import Bundle, Event, Prose, Rows
from fusioncell.kernel.marking import Tlp

FIRST_NAME = "landpost-redelivery.example"
SECOND_NAMES = ("landpost-customs-fee.example", "my-landpost-parcel.test")
THIRD_NAMES = ("landpost-depot-hold.example", "redeliver-landpost.test", "landpost-address-check.example")
WRONG_NAME = "swiftparcel-status.example"
CLOSED_NAME = "harbour-bank-session.example"
LOADER = made_hash("quietox", "parcel label")
PHISHING = ('rsit:fraud="phishing"', 'misp-galaxy:mitre-attack-pattern="Spearphishing Link - T1566.002"')

STORY: tuple[Beat, ...] = (
    Beat(4, Say("northern", Prose("""
Parcel text messages: customers forward the same "redelivery" lure since this morning

Our abuse desk had 61 forwarded messages between 07:40 and now, against a usual two or three a day. All claim
that a parcel could not be delivered and ask for a fee of 1.99. The link is
hxxps://landpost-redelivery[.]example/track/?p= followed by eight characters that differ per message, so the
senders can tell who clicked. The page copies the look of Landpost (the real site is landpost.example) and asks
for card number, then for the one-time code from the bank.

Name to look for: landpost-redelivery[.]example, registered two days ago, resolves to 203.0.113.58 since last
night. We see look-ups from 412 lines. Asking the others: do you have it too?
"""))),
    Beat(38, Say("bank", Event(
        "Card fraud after parcel phishing: cards entered on a Landpost look-alike",
        (("domain", FIRST_NAME, "Named by 9 customers who called the fraud line; page asks for the one-time code"),
         ("url", "https://landpost-redelivery.example/track/pay.php", "Card form; posts to the same host")),
        PHISHING,
        (("ip", "203.0.113.58", "Hosting address, shared with unrelated sites: context, not to be blocked"),)))),
    Beat(74, Say("university", Rows("ct-watch-landpost.csv", tuple(
        ("domain", name, "New certificate, page title and favicon of the Landpost kit") for name in SECOND_NAMES),
        "phishing,landpost-kit,T1583.001", 70))),
    Beat(108, Say("coastline", Bundle(
        "Landpost phishing kit: infrastructure seen on Coastline's resolvers",
        "Look-ups of three names that serve the same kit (identical style sheet, same collector path /track/pay.php). "
        "Peak at 09:20 with 180 look-ups a minute. Registration through one reseller within 40 hours.",
        tuple(("domain", name, "Landpost phishing kit, landing page") for name in (FIRST_NAME, *SECOND_NAMES)),
        ("T1566.002", "T1583.001"), campaign="Landpost redelivery", kind="phishing"))),
    Beat(146, Say("police", Prose("""
Landpost redelivery fraud: 34 complaints since yesterday, losses so far about 27,000

Complainants describe the text message that Northern Broadband reports. In 21 of 34 cases the card was loaded
into a phone wallet within ten minutes of entering the one-time code, then used at petrol stations. Please keep
request logs of landpost-redelivery[.]example and landpost-customs-fee[.]example where you hold them: a
preservation request follows to both providers. Reporters who lost money should be sent to the fraud reporting
line, not to the sender.
"""))),
    Beat(176, Approve((FIRST_NAME,), "Four partners agree, cards are taken now, nothing legitimate is hosted.")),
    Beat(205, Say("northern", Rows("abuse-desk-complaints.csv", (
        ("domain", WRONG_NAME, "Customers unsure about text messages with this link"),
        ("domain", "landpost-depot-hold.example", "Same lure, second wave; collector path /track/pay.php"),
    ), "phishing,sms,T1566.002", 65), name="complaints")),
    Beat(238, Say("university", Rows("sms-trap-nightly.csv", (
        ("domain", WRONG_NAME, "Short link in three trapped messages"),
        ("domain", "redeliver-landpost.test", "Landpost kit, favicon match"),
    ), "phishing,sms-trap", 60))),
    Beat(262, Approve(SECOND_NAMES, "Same kit and collector as the first name.")),
    Beat(296, Approve((WRONG_NAME,), "Reported by two partners from customers' messages.")),
    Beat(322, Say("bank", Bundle(
        "Harbour Bank: session theft behind the parcel lure, accounts under watch",
        "Victims of the parcel page are led on to a copy of our mobile sign-in. The proxy relays the session in real "
        "time. 14 accounts are frozen. Finance circle only: the criminals do not know that we hold the proxy's list.",
        (("domain", CLOSED_NAME, "Reverse proxy in front of our sign-in"),
         ("ip", "198.51.100.77", "Proxy's exit towards us"),
         ("sha256", made_hash("harbour inject"), "Script that the proxy injects")),
        ("T1557", "T1539"), campaign="Landpost redelivery"), "session", tlp=Tlp.AMBER, closed=True)),
    Beat(352, Say("coastline", Rows("resolver-export.csv", tuple(
        ("domain", name, "Over 50 distinct lines within one hour") for name in THIRD_NAMES), "phishing,T1566.002", 80,
        spoiled=("landpost..example,domain,2026-13-45,80,malicious,phishing,two dots in a row",
                 "http//redeliver-landpost,url,,80,malicious,phishing,colon lost in the export",
                 "203.0.113.999,ip,,80,malicious,phishing,octet over 255",
                 'landpost-office.test,domain,,80,malicious,"phishing,the quotation mark was never closed')))),
    Beat(388, Say("police", Event(
        "For the file: parcel fraud of last spring, infrastructure named in the indictment",
        (("domain", "parcel-office-fee.example", "Landing page; taken down in April"),
         ("domain", "post-pending.test", "Landing page; taken down in April"),
         ("ip", "192.0.2.201", "Server seized")),
        PHISHING, days_old=190))),
    Beat(424, Say("department", Prose("""
Enquiry from SwiftParcel about swiftparcel-status.example

SwiftParcel's security contact called: swiftparcel-status.example is their own notification page, in use since
2024, and customers of two providers cannot open it since a few minutes ago. The certificate and the address
range are theirs. Would Northern Broadband and Westmoor University look at their reports again? An appeal is
open until then.
"""))),
    Beat(462, Recall("northern", "complaints", "swiftparcel-status.example is the courier's own status page: our desk "
                     "listed it from customers' questions without opening it. The other row is sent again.")),
    Beat(476, Say("northern", Rows("abuse-desk-complaints-corrected.csv", (
        ("domain", "landpost-depot-hold.example", "Same lure, second wave; collector path /track/pay.php"),
    ), "phishing,sms,T1566.002", 75))),
    Beat(498, Say("university", Rows("sms-trap-correction.csv", (
        ("domain", WRONG_NAME, "Checked by hand: certificate, address range and imprint are the courier's own"),
    ), "correction", 90, verdict="benign"))),
    Beat(530, Approve(THIRD_NAMES, "Kit confirmed on all three.")),
    Beat(566, Say("bank", Event(
        "Landpost page: 23 more cards, same collector, new address",
        (("domain", "landpost-address-check.example", "Customer's browser history"),
         ("url", "https://landpost-address-check.example/track/pay.php", "Card form"),
         ("ip", "198.51.100.140", "Collector since 10:05, dedicated host")), PHISHING))),
    Beat(640, Say("university", Bundle(
        "QUIETOX loader behind the parcel page for Windows visitors",
        "Desktop visitors are not asked for a card: they get \"parcel-label.zip\" with a shortcut that fetches "
        "QUIETOX. The loader checks for a domain-joined machine and then asks its controller for the second stage.",
        (("sha256", LOADER, "QUIETOX loader, 64-bit"),
         ("sha256", made_hash("quietox", "shortcut"), "Shortcut in the archive"),
         ("domain", "label-service-cdn.test", "Serves the archive"),
         ("ip", "203.0.113.91", "QUIETOX controller, port 8443")),
        ("T1204.002", "T1105", "T1071.001"), malware="QUIETOX", campaign="Landpost redelivery"))),
    Beat(735, Say("northern", Event(
        "QUIETOX beacons from 6 business lines",
        (("domain", "label-service-cdn.test", "Fetched before the first beacon"),
         ("ip", "203.0.113.91", "TLS to port 8443 every 97 seconds")),
        ('rsit:malicious-code="c2-server"', 'misp-galaxy:mitre-attack-pattern="Web Protocols - T1071.001"')))),
    Beat(905, Approve(("label-service-cdn.test",), "Serves malware only; no other content in a month of crawls.")),
    Beat(1010, Say("department", Prose("""
Advisory: parcel redelivery messages steal cards and install a loader

Who is concerned: everyone who receives text messages about parcels; organisations whose staff read private mail
on work machines.

What happens: the message asks for a small redelivery fee. On a phone the page takes card and one-time code; on
a Windows machine it offers parcel-label.zip, which installs the loader QUIETOX (ATT&CK T1566.002, T1204.002,
T1105).

What to do: do not open the link; forward the message to your provider; look for connections to
203[.]0[.]113[.]91 port 8443 and for landpost-redelivery[.]example and its sisters in your resolver logs. Most
subscribers are already protected: the names are blocked by the partnership's resolvers since this morning. If a
card was entered, call the bank first.
"""), tlp=Tlp.CLEAR)),
    Beat(1180, Say("coastline", Rows("landpost-wave-4.csv", (
        ("domain", "landpost-evening-slot.example", "Registered today; same kit"),
        ("domain", "parcel-locker-landpost.test", "Registered today; same kit"),
        ("domain", "landpost-neighbour.example", "Registered today; parked, watch it"),
    ), "phishing,landpost-kit", 70))),
    Beat(1320, Say("bank", Rows("cards-evening.csv", (
        ("domain", "landpost-evening-slot.example", "4 customers"),
        ("domain", "parcel-locker-landpost.test", "2 customers"),
    ), "phishing,card-fraud", 80))),
    Beat(1500, Approve(("landpost-evening-slot.example",), "Kit confirmed by bank and provider.")),
    Beat(1680, Say("police", Prose("""
Landpost redelivery: reseller account closed, four suspects identified

The reseller closed the account that registered 19 of the names and preserved its records. Two mule accounts led
to four people; searches are planned, so please do not publish details before Thursday. New names will come from
elsewhere: keep sending what you see.
"""), tlp=Tlp.AMBER, closed=True)),
    Beat(1900, Say("university", Prose("""
Landpost campaign in figures: 19 names, 31 hours from registration to block, then 11 minutes

For the first name it took the partnership 31 hours from registration to block, most of which nobody had
reported it. From the second report to the block it was 2 minutes and 18 seconds. Of the 19 names seen, 12
resolve to two hosts. Look-ups from the resolvers that take the block list fell from 180 to 4 a minute;
elsewhere they go on.
"""), tlp=Tlp.GREEN)),
)
"""The beats of the first act, by the second."""

LENGTH = 2400
"""Seconds until the next campaign begins (``campaigns``)."""
