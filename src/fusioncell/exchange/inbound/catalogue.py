"""Well-known public feeds, as data: off until operators enable them. Addresses and terms change: see each homepage.

All are marked TLP:GREEN here where they mark nothing: that they may be read by all does not make this hub their
publisher. Operators may choose TLP:CLEAR where the source's terms allow it.
"""

from __future__ import annotations

from fusioncell.exchange.inbound.model import Kind, Wanted
from fusioncell.kernel.clock import DAY, HOUR, MINUTE

CATALOGUE: dict[str, Wanted] = {
    "circl-osint": Wanted(
        name="CIRCL OSINT", kind=Kind.MISP, url="https://www.circl.lu/doc/misp/feed-osint/", every=HOUR, grade="B",
        homepage="https://www.circl.lu/doc/misp/feed-osint/"),
    "botvrij": Wanted(
        name="Botvrij.eu", kind=Kind.MISP, url="https://www.botvrij.eu/data/feed-osint/", every=HOUR, grade="B",
        homepage="https://www.botvrij.eu/"),
    "digitalside": Wanted(
        name="DigitalSide Threat-Intel", kind=Kind.MISP, url="https://osint.digitalside.it/Threat-Intel/digitalside-misp-feed/",
        every=HOUR, grade="C", homepage="https://osint.digitalside.it/"),
    "urlhaus": Wanted(
        name="abuse.ch URLhaus", url="https://urlhaus.abuse.ch/downloads/csv_recent/", format="csv", every=5 * MINUTE,
        grade="B", homepage="https://urlhaus.abuse.ch/api/"),
    "feodo": Wanted(
        name="abuse.ch Feodo Tracker", url="https://feodotracker.abuse.ch/downloads/ipblocklist.csv", format="csv",
        every=5 * MINUTE, grade="B", homepage="https://feodotracker.abuse.ch/blocklist/"),
    "threatfox": Wanted(
        name="abuse.ch ThreatFox", url="https://threatfox.abuse.ch/export/csv/recent/", format="csv", every=HOUR,
        grade="B", homepage="https://threatfox.abuse.ch/export/"),
    "sslbl": Wanted(
        name="abuse.ch SSLBL", url="https://sslbl.abuse.ch/blacklist/sslblacklist.csv", format="csv", every=HOUR,
        grade="B", homepage="https://sslbl.abuse.ch/blacklist/"),
    "malwarebazaar": Wanted(
        name="abuse.ch MalwareBazaar", url="https://bazaar.abuse.ch/export/txt/sha256/recent/", format="list",
        every=HOUR, grade="B", homepage="https://bazaar.abuse.ch/export/"),
    "blocklist-de": Wanted(
        name="blocklist.de", url="https://lists.blocklist.de/lists/all.txt", format="list", every=HOUR, grade="C",
        homepage="https://www.blocklist.de/en/export.html"),
    "cins": Wanted(
        name="CINS Army", url="https://cinsscore.com/list/ci-badguys.txt", format="list", every=DAY, grade="C",
        homepage="https://cinsscore.com/"),
    "openphish": Wanted(
        name="OpenPhish community", url="https://openphish.com/feed.txt", format="list", every=12 * HOUR, grade="C",
        homepage="https://openphish.com/phishing_feeds.html"),
}  # fmt: skip
"""Key → what is wanted of it."""
