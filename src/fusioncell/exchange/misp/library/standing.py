"""Tables that no package brings: noticelists, communities, well-known feeds. Facts and our own words; nothing copied.

MISP's own noticelist texts are under GFDL and CC BY-SA, so ours are written anew, under the same name and in the same
form.
"""

from __future__ import annotations

from typing import Any


def _notice(values: list[str], message: str, *tags: str, field: tuple[str, ...] = ("category", "meta-category")
            ) -> dict[str, Any]:  # fmt: skip
    return {"scope": ["attribute"], "field": list(field), "value": values, "tags": list(tags),
            "message": {"en": message}}  # fmt: skip


NOTICELISTS: tuple[dict[str, Any], ...] = (
    {
        "name": "gdpr", "expanded_name": "General Data Protection Regulation",
        "ref": ["http://eur-lex.europa.eu/legal-content/en/TXT/?uri=CELEX:32016R0679"],
        "geographical_area": ["EU", "UK"], "version": 1,
        "notice": [
            _notice(
                ["Attribution", "Financial fraud", "Person", "Social network", "Targeting data"],
                "Values of this category often name a person outright. Share them only where that is needed for "
                "network and information security, and on a lawful basis (GDPR Articles 5 and 6).",
            ),
            _notice(
                ["Antivirus detection", "Artifacts dropped", "External analysis", "Network activity",
                 "Payload delivery", "Payload installation", "Support Tool"],
                "Values of this category may lead to a person, an IP address for one. Check that sharing them is "
                "necessary and proportionate (GDPR Recital 49).",
            ),
            _notice(
                ["Internal reference"],
                "An internal reference may stand for a person under a pseudonym: it is personal data still "
                "(GDPR Article 4(5)).",
            ),
            _notice(
                ["special-service-request"],
                "This may tell of someone's health or beliefs: special categories, for which GDPR Article 9 asks "
                "more than a lawful basis.", field=("type",),
            ),
        ],
    },
)  # fmt: skip
"""Notices shown to who adds a value of a kind that the law looks at; the form of MISP/misp-noticelist."""

_CIRCL = {
    "org_uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f", "org_name": "CIRCL", "url": "https://www.circl.lu/misp/",
    "email": "info@circl.lu", "misp_project_vetted": True, "type": "Vetted Information Sharing Community",
}  # fmt: skip
COMMUNITIES: tuple[dict[str, Any], ...] = (
    _CIRCL | {
        "name": "CIRCL Private Sector Information Sharing Community - aka MISPPRIV",
        "uuid": "3ab3a65a-0171-401a-9895-8d42bc7bed7c", "sector": "Various", "nationality": "International",
        "description": "Private organisations, firms and security companies; run by CIRCL, Luxembourg.",
    },
    _CIRCL | {
        "name": "CIRCL n/g CSIRT information sharing community - aka MISP",
        "uuid": "6201a65a-38fa-4b4a-bea7-cf1fb7bc1563", "sector": "n/g CSIRTs in EEA", "nationality": "International",
        "description": "National and governmental CSIRTs of the European Economic Area; run by CIRCL, Luxembourg.",
    },
)  # fmt: skip
"""Communities that a MISP is asked to join; who runs them and where to ask."""


def _feed(name: str, provider: str, url: str, source: str, **more: Any) -> dict[str, Any]:
    settings = {"csv": {"value": "", "delimiter": ","}, "common": {"excluderegex": ""}} if source != "misp" else {}
    return {
        "name": name, "provider": provider, "url": url, "source_format": source, "input_source": "network",
        "enabled": False, "caching_enabled": False, "distribution": "3", "default": True, "lookup_visible": True,
        "fixed_event": source != "misp", "settings": settings, "rules": "", "publish": False, "override_ids": False,
    } | more  # fmt: skip


FEEDS: tuple[dict[str, Any], ...] = (
    _feed("CIRCL OSINT Feed", "CIRCL", "https://www.circl.lu/doc/misp/feed-osint", "misp"),
    _feed("The Botvrij.eu Data", "Botvrij.eu", "https://www.botvrij.eu/data/feed-osint", "misp"),
    _feed("blockrules of rules.emergingthreats.net", "rules.emergingthreats.net",
          "https://rules.emergingthreats.net/blockrules/compromised-ips.txt", "csv"),
    _feed("Feodo IP Blocklist", "abuse.ch", "https://feodotracker.abuse.ch/downloads/ipblocklist.csv", "csv"),
    _feed("URLHaus Malware URLs", "abuse.ch", "https://urlhaus.abuse.ch/downloads/csv_recent/", "csv"),
    _feed("OpenPhish url list", "openphish.com", "https://openphish.com/feed.txt", "freetext"),
    _feed("Tor exit nodes", "torproject.org", "https://check.torproject.org/torbulkexitlist", "freetext"),
)  # fmt: skip
"""The feeds that ``feeds/loadDefaultFeeds`` lists, all switched off: MISP's name, provider, address, format."""
