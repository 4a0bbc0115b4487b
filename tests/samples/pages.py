"""A context for every template, in several states: what the pages hand in, as each template's own comment says.

``PAGES`` maps a sample's name to ``(template, context)``; ``FRAGMENTS`` likewise for what is sent without the frame.
All names and addresses are reserved ones (RFC 2606, RFC 5737, RFC 3849).
"""

from __future__ import annotations

import hashlib
from typing import Any

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, parse_instant
from samples.judgement import ALIKE, JUDGEMENT, NOT_JUDGED

Context = dict[str, Any]

NOW = parse_instant("2026-11-21T18:58:00Z")
MEMBER_NAV = {"exchange", "contribute", "groups", "shield", "account", "sponsoring"}
ALL_NAV = MEMBER_NAV | {"ops", "admin", "people", "approving", "deconfliction", "auditing"}
ACTIONS = [
    {"href": "/", "label": "Picture", "keys": "g p"},
    {"href": "/exchange/new", "label": "Write a post", "keys": "n"},
    {"href": "/terms", "label": "Terms of the partnership", "keys": ""},
]
MAIN_ACTIONS = [
    {"href": "/shield", "label": "Decide on blocks", "note": "Names that wait for an approval", "count": 9},
    {"href": "/exchange/new", "label": "Write a post", "note": "Ask a question, or tell what you see", "count": None},
    {"href": "/contribute", "label": "Contribute data", "note": "Paste indicators, or send a file", "count": None},
    {"href": "/exchange/requests", "label": "Requests for information", "note": "Questions that wait for an answer",
     "count": 0},
    {"href": "/groups", "label": "Your groups", "note": "Where your sector and your region talk", "count": 12},
]


def shell(**changed: Any) -> Context:
    """The frame's context for a signed-in analyst, with what differs."""
    usual: Context = {
        "viewer": {"name": "Ada Okafor", "org": "Ministry of Works"},
        "nav": MEMBER_NAV,
        "here": "picture",
        "csrf": "c5rf-token",
        "theme": "auto",
        "language": "en",
        "demo": True,
        "query": "",
        "bell": "3",
        "now": NOW,
        "notices": [],
        "errors": [],
        "actions": ACTIONS,
        "shortcuts": True,
        "path": "/",
    }
    return {**usual, **changed}


def observable(
    value: str, kind: str = "domain-name", level: str = "malicious", words: str = "Likely malicious"
) -> Context:
    """One OBSERVABLE view model."""
    label = {
        "domain-name": "Domain name",
        "ipv4-addr": "IPv4 address",
        "ipv6-addr": "IPv6 address",
        "url": "URL",
        "sha256": "SHA-256",
        "vulnerability": "CVE",
    }[kind]
    return {
        "type": kind,
        "label": label,
        "value": value,
        "level": level,
        "words": words,
        "href": f"/observables/{kind}/{value.replace('/', '%2F')}",
    }


LONG_URL = "http://login.parcel-redelivery.example/nl/track/9f27c1e0b4/confirm.php?session=" + "a1b2c3d4" * 12
PHISH = observable("parcel-redelivery.example")
PHISH_URL = observable(LONG_URL, "url", "suspicious", "Suspicious")
LOADER = observable(hashlib.sha256(b"loader").hexdigest(), "sha256", "malicious", "Likely malicious")
ADDRESS = observable("198.51.100.23", "ipv4-addr", "suspicious", "Suspicious")
SIX = observable("2001:db8:4::17", "ipv6-addr", "unclear", "Unclear")
GOOD = observable("updates.vendor.example", "domain-name", "benign", "Likely benign")
MENTIONED = observable("CVE-2026-10001", "vulnerability", "none", "Mentioned only")

VERDICT = {
    "level": "malicious",
    "words": "Likely malicious, and active",
    "malicious": 0.973,
    "active": 0.914,
    "malicious_words": "Very likely: 3 independent origins agree.",
    "active_words": "Likely: last seen 2 hours ago.",
    "threshold": 0.8,
    "active_threshold": 0.7,
}
NO_VERDICT = {
    "level": "none",
    "words": "Mentioned only",
    "malicious": None,
    "active": None,
    "malicious_words": "Nobody calls it malicious.",
    "active_words": "Nothing to decay.",
    "threshold": 0.8,
    "active_threshold": 0.7,
}

ITEMS = [
    {
        "id": "a1",
        "kind": "contribution",
        "title": "Parcel redelivery phishing: new landing pages",
        "href": "/contributions/a1",
        "org": "Northern Broadband",
        "tlp": "green",
        "at": NOW - 2 * MINUTE,
        "count": 14,
        "sample": [PHISH, PHISH_URL, ADDRESS],
    },
    {
        "id": "a2",
        "kind": "decision",
        "title": "Block of parcel-redelivery[.]example published",
        "href": "/shield/a2",
        "org": "National Cyber Centre",
        "tlp": "clear",
        "at": NOW - 11 * MINUTE,
        "count": 0,
        "sample": [],
    },
    {
        "id": "a3",
        "kind": "contribution",
        "title": "Loader seen at a payment provider",
        "href": "/contributions/a3",
        "org": "Harbour Bank",
        "tlp": "amber+strict",
        "at": NOW - 47 * MINUTE,
        "count": 3,
        "sample": [LOADER],
    },
    {
        "id": "a4",
        "kind": "recall",
        "title": "Weekly list of scanning hosts, week 46",
        "href": "/contributions/a4",
        "org": "State University",
        "tlp": "green",
        "at": NOW - 5 * HOUR,
        "count": 0,
        "sample": [],
    },
    {
        "id": "a5",
        "kind": "contribution",
        "title": "Arrests in the invoice-fraud case: infrastructure to watch",
        "href": "/contributions/a5",
        "org": "Police Cyber Unit",
        "tlp": "red",
        "at": NOW - 26 * HOUR,
        "count": 2,
        "sample": [SIX, GOOD],
    },
]

HOME: Context = {
    "actions": MAIN_ACTIONS,
    "kpis": [
        {"label": "contributions in 24 hours", "value": 1284, "note": "12 % more than the day before"},
        {"label": "new observables", "value": 24771, "note": ""},
        {"label": "names blocked", "value": 312, "note": "9 wait for approval"},
        {"label": "contributors active", "value": 6, "note": "of 6 organisations"},
    ],
    "older": {"count": 12311, "days": 14},
    "live": {"url": "/live", "items": ITEMS},
    "rising": [
        {"one": PHISH, "origins": 4, "before": 0, "series": [0, 0, 0, 0, 1, 2, 4]},
        {"one": ADDRESS, "origins": 3, "before": 1, "series": [1, 0, 0, 1, 0, 2, 3]},
        {"one": PHISH_URL, "origins": 2, "before": 0, "series": [0, 0, 0, 0, 0, 1, 2]},
    ],
    "sectors": [
        {"label": "Postal and courier", "count": 118, "href": "/search?q=postal"},
        {"label": "Finance", "count": 61, "href": "/search?q=finance"},
        {"label": "Central government", "count": 9, "href": None},
    ],
    "types": [
        {"label": "Domain names", "count": 15412, "href": None},
        {"label": "URLs", "count": 6104, "href": None},
        {"label": "IPv4 addresses", "count": 2551, "href": None},
        {"label": "SHA-256", "count": 702, "href": None},
    ],
    "techniques": [
        {"label": "T1566 Phishing", "count": 96, "href": "/search?q=T1566"},
        {"label": "T1204.002 User execution: malicious file", "count": 31, "href": "/search?q=T1204.002"},
    ],
    "blocked": {
        "total": 312,
        "rows": [
            {"one": PHISH, "category": "Phishing", "until": NOW + 6 * DAY, "href": "/shield/d1"},
            {
                "one": observable("a-very-long-name-made-to-break-a-narrow-page.account-verification.example"),
                "category": "Command and control",
                "until": NOW + 20 * HOUR,
                "href": "/shield/d2",
            },
        ],
    },
    "hours": [
        {"at": NOW // HOUR * HOUR - (47 - hour) * HOUR, "count": (hour * 7919 % 23) + (30 if hour > 40 else 4)}
        for hour in range(48)
    ],
}
EMPTY_HOME: Context = {
    "actions": [],
    "kpis": [
        {"label": label, "value": 0, "note": ""}
        for label in ("contributions in 24 hours", "new observables", "names blocked", "contributors active")
    ],
    "older": {"count": 0, "days": 14},
    "live": {"url": "/live", "items": []},
    "rising": [],
    "sectors": [],
    "types": [],
    "techniques": [],
    "blocked": {"total": 0, "rows": []},
    "hours": [],
}

SEARCH: Context = {
    "query": "parcel-redelivery[.]example",
    "problem": None,
    "unknown": False,
    "exact": {"one": PHISH, "verdict": VERDICT, "origins": 3, "last": NOW - 2 * HOUR},
    "observables": {
        "rows": [
            {"one": PHISH_URL, "origins": 2, "last": NOW - 3 * HOUR},
            {"one": MENTIONED, "origins": 0, "last": None},
        ],
        "more": "/search?q=parcel&after=x",
    },
    "contributions": {
        "rows": [
            {
                "title": "Parcel redelivery phishing: new landing pages",
                "href": "/contributions/a1",
                "org": "Northern Broadband",
                "tlp": "green",
                "at": NOW - 2 * MINUTE,
                "count": 14,
                "excerpt": "…redirects from parcel-redelivery[.]example to a card form…",
            }
        ],
        "more": None,
    },
}
NOTHING: Context = {
    "query": "",
    "problem": None,
    "unknown": False,
    "exact": None,
    "observables": {"rows": [], "more": None},
    "contributions": {"rows": [], "more": None},
}

NO_ENTRIES: Context = {"entries": [], "entries_more": 0}
EVIDENCE = [
    {
        "origin": "Northern Broadband",
        **NO_ENTRIES,
        "contributors": ["Northern Broadband"],
        "stance": "malicious",
        "weight": 2.2,
        "age_days": 0.1,
        "half_life_days": 7.0,
        "decayed": 2.18,
        "grade": "B",
        "tlp": "green",
        "href": "/contributions/a1",
        "title": "Parcel redelivery phishing: new landing pages",
    },
    {
        "origin": "Open phishing feed",
        **NO_ENTRIES,
        "contributors": ["Harbour Bank", "State University"],
        "stance": "malicious",
        "weight": 1.8,
        "age_days": 1.4,
        "half_life_days": 7.0,
        "decayed": 1.57,
        "grade": "",
        "tlp": "clear",
        "href": "/contributions/b2",
        "title": "Daily feed, 20 November",
    },
    {
        "origin": "Postal operator's abuse desk",
        **NO_ENTRIES,
        "contributors": ["Ministry of Works"],
        "stance": "benign",
        "weight": 0.9,
        "age_days": 3.0,
        "half_life_days": 14.0,
        "decayed": -0.78,
        "grade": "",
        "tlp": "amber",
        "href": "/contributions/b3",
        "title": "False positives of last week",
    },
]
TALK: Context = {"threads": [], "write_href": "/exchange/new?about=x", "post_href": None}
OBSERVABLE: Context = {
    "talk": TALK,
    "one": {
        **PHISH,
        "stix_id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
        "first": NOW - 4 * DAY,
        "last": NOW - 2 * HOUR,
    },
    "verdict": VERDICT,
    "prior": -2.2,
    "again": [0.12, 0.31],
    "evidence": EVIDENCE,
    "judgement": JUDGEMENT,
    "would_change": [
        {"origin": "Botnet Observatory", "benign": False, "malicious": 0.62, "active": 0.41, "crosses": True},
        {"origin": "", "benign": False, "malicious": 0.97, "active": 0.93, "crosses": False},
        {"origin": "", "benign": True, "malicious": 0.55, "active": 0.36, "crosses": True},
    ],
    "folded": [
        {
            "contributor": "State University",
            "into": "Open phishing feed",
            "reason": "names the same feed as its source",
            "title": "Feed mirror, 20 November",
            "href": "/contributions/b4",
            "tlp": "clear",
        }
    ],
    "known_good": [
        {
            "list": "Free hosting",
            "match": "parent",
            "matched": "hosting.example",
            "sort": "Free hosting",
            "meaning": "Others share this parent, so only the full name may be blocked.",
        }
    ],
    "timeline": [
        {
            "at": NOW - 11 * MINUTE,
            "kind": "decision",
            "text": "Block published",
            "org": "National Cyber Centre",
            "tlp": "clear",
            "href": "/shield/d1",
        },
        {
            "at": NOW - 2 * HOUR,
            "kind": "malicious",
            "text": "Reported as phishing",
            "org": "Northern Broadband",
            "tlp": "green",
            "href": "/contributions/a1",
        },
        {
            "at": NOW - 3 * DAY,
            "kind": "benign",
            "text": "Called a false positive",
            "org": "Ministry of Works",
            "tlp": "amber",
            "href": "/contributions/b3",
        },
        {
            "at": NOW - 4 * DAY,
            "kind": "context",
            "text": "Mentioned in a report",
            "org": "State University",
            "tlp": None,
            "href": None,
        },
    ],
    "contributors": [
        {"name": "Northern Broadband", "claims": 3, "last": NOW - 2 * HOUR},
        {"name": "Harbour Bank", "claims": 1, "last": NOW - DAY},
    ],
    "related": {
        "contributions": 3, "draw": "/graph?start=observable",
        "clusters": [{"id": "c1", "href": "/clusters/c1", "title": "parcel-redelivery[.]example", "named": False,
                      "sign": None, "members": 4, "first": NOW - 9 * DAY, "last": NOW - HOUR}],
        "entities": [{"href": "/entities/e1", "name": "Spearphishing Link", "kind": "technique", "count": 2}],
        "rows": [{"one": ADDRESS, "count": 2}, {"one": PHISH_URL, "count": 1}],
    },
    "context": [
        {"label": "Parcel lure", "href": "/search?q=parcel"},
        {"label": "T1566 Phishing", "href": "/search?q=T1566"},
        {"label": "rsit: phishing", "href": None},
    ],
    "decision": {"state": "Published", "category": "Phishing", "until": NOW + 6 * DAY, "href": "/shield/d1"},
    "propose": None,
}
MENTIONED_ONLY: Context = {
    "talk": TALK,
    "one": {**MENTIONED, "stix_id": "", "first": None, "last": None},
    "verdict": NO_VERDICT,
    "prior": 0.0,
    "again": [],
    "evidence": [],
    "judgement": NOT_JUDGED,
    "would_change": [],
    "folded": [],
    "known_good": [],
    "timeline": [],
    "contributors": [],
    "related": {"contributions": 0, "draw": None, "clusters": [], "entities": [], "rows": []},
    "context": [],
    "decision": None,
    "propose": None,
}
CATEGORIES = [{"value": "phishing", "label": "Phishing"}, {"value": "c2", "label": "Command and control"}]

CONTRIBUTION: Context = {
    "talk": {**TALK, "post_href": "/exchange/posts/p1"},
    "one": {
        "id": "0b6d3a52-4a6e-4f5e-9a43-0d3f8e6f2b11",
        "title": "Parcel redelivery phishing: new landing pages",
        "org": "Ministry of Works",
        "own": True,
        "why": "These, and their clients: Postal and courier.",
        "tlp": "amber",
        "uses": ["analysis", "unattributed blocking"],
        "at": NOW - 2 * MINUTE,
        "format": "STIX 2.1 bundle",
        "items": 1204,
        "new": 1190,
        "duplicates": 14,
        "recalled": None,
    },
    "readers": {
        "summary": "The organisations of one group, and their clients:",
        "parties": ["Finance exchange", "Ministry of Works"],
    },
    "rows": [
        {"place": "objects[0]", "kind": "stix", "one": PHISH, "role": "Attacker's", "text": ""},
        {"place": "objects[1]", "kind": "stix", "one": PHISH_URL, "role": "Attacker's", "text": ""},
        {"place": "objects[2]", "kind": "stix", "one": LOADER, "role": "Context", "text": ""},
        {"place": "objects[3]", "kind": "stix", "one": None, "role": "", "text": "Campaign: Parcel lure, autumn"},
    ],
    "pager": {
        "first": 1,
        "last": 100,
        "total": 1204,
        "noun": "items",
        "previous": None,
        "next": "/contributions/a1?page=2",
    },
    "faults": [{"place": "objects[17].pattern", "reason": "the pattern ends within a string; close the quote"}],
    "recall": "/contributions/a1/recall",
    "raw": "/contributions/a1/raw",
    "named": [{"href": "/entities/T1566", "name": "Phishing", "kind": "Technique", "galaxy": "", "external": "T1566",
               "aliases": 0, "count": 1, "last": None}],
    "room": "/groups/room?about=a1",
    "alike": ALIKE,
    "reach": {"was": "a0", "was_receipts": "/contributions/a0/receipts", "receipts": "/contributions/a1/receipts",
              "readers": "/contributions/a1/readers", "consent": "/contributions/a1/consent"},
}  # fmt: skip

TLPS = [
    {"value": "clear", "meaning": "Everyone, the public included."},
    {"value": "green", "meaning": "All members of the partnership."},
    {"value": "amber", "meaning": "The group you name, and its members' clients."},
    {"value": "amber+strict", "meaning": "The group you name, without clients."},
    {"value": "red", "meaning": "Only you and the people you name."},
]
REACH = {
    "summary": "All 6 organisations of the partnership.",
    "parties": [],
    "uses": "They may analyse it, block on it without naming you, and use it in products.",
    "warning": "",
}
CONTRIBUTE: Context = {
    "form": {"title": "", "text": "", "tlp": "green", "group": "", "anonymous": "", "at_once": "", "recipients": ""},
    "promise": {"ready": True, "officers": ["Ada Okafor (Ministry of Works)", "Jon Berg (Provider)"], "coming": [],
                "minutes": 60},
    "tlps": TLPS,
    "groups": [{"value": "g1", "name": "Finance exchange"}, {"value": "g2", "name": "Internet providers"}],
    "reach": REACH,
    "limits": {"size": "50 MB", "formats": ["STIX 2.0 and 2.1", "MISP events", "CSV", "plain lists", "text"]},
}
WAITING = {
    "url": "/contribute/a1/status",
    "projected": False,
    "items": 1204,
    "new": 0,
    "duplicates": 0,
    "faults": [],
    "more_faults": 0,
    "href": "/contributions/a1",
    "quarantine": "",
}
DONE = {
    **WAITING,
    "projected": True,
    "new": 1190,
    "duplicates": 13,
    "more_faults": 4,
    "faults": [{"place": "line 12", "reason": "999.1.1.1 is no IPv4 address: each part goes from 0 to 255"}],
    "quarantine": "Mend these and contribute them again.",
}
RESULT: Context = {
    "one": {"title": "Parcel redelivery phishing", "tlp": "green", "at": NOW - 2 * MINUTE, "href": "/contributions/a1"},
    "readers": {"summary": "Members of the partnership", "parties": []},
    "status": DONE,
    "mentioned": [],
    "group": "",
}


def tabs(here: str) -> Context:
    """The shield's tabs with one open."""
    return {
        "tab": here,
        "tabs": [
            {"key": key, "label": key.capitalize(), "count": count, "href": f"/shield?state={key}"}
            for key, count in (("proposed", 2), ("published", 312), ("ended", 0))
        ],
    }


SHIELD_ROW = {
    "id": "d1",
    "name": "parcel-redelivery.example",
    "href": "/shield/d1",
    "category": "Phishing",
    "malicious": 0.973,
    "active": 0.914,
    "level": "malicious",
    "evidence": "3 origins, 4 contributions",
    "warnings": [],
    "approvals": 0,
    "needed": 1,
    "at": NOW - HOUR,
    "until": None,
    "ended": "",
    "radius": "Blocks this name and 14 known names below it, 2 of which nobody calls malicious; on no list of popular "
    "names.",
    "approve_url": "/shield/d1/approve",
    "withdraw_url": "/shield/d1/withdraw",
}
ZONE = {
    "name": "rpz.fusioncell",
    "serial": 2026112104,
    "names": 312,
    "changed": NOW - 11 * MINUTE,
    "transfers": [
        {"peer": "192.0.2.53", "kind": "IXFR", "serial": 2026112104, "at": NOW - 11 * MINUTE},
        {"peer": "2001:db8::53", "kind": "AXFR", "serial": 2026112101, "at": NOW - 3 * HOUR},
    ],
}
SHIELD: Context = {
    **tabs("proposed"),
    "zone": ZONE,
    "rows": [
        SHIELD_ROW,
        {
            **SHIELD_ROW,
            "id": "d3",
            "name": "shop.hosting.example",
            "category": "Malware distribution",
            "warnings": ["On a shared platform"],
            "needed": 2,
            "approvals": 1,
            "radius": None,
        },
    ],
    "pager": {"first": 1, "last": 2, "total": 2, "noun": "names", "previous": None, "next": None},
}
PUBLISHED: Context = {
    **SHIELD,
    **tabs("published"),
    "rows": [{**SHIELD_ROW, "until": NOW + 6 * DAY, "approve_url": None}],
}
ENDED: Context = {
    **SHIELD,
    **tabs("ended"),
    "rows": [{**SHIELD_ROW, "ended": "Recall left too little evidence", "approve_url": None, "withdraw_url": None}],
}
NO_SHIELD: Context = {
    **tabs("proposed"),
    "zone": None,
    "rows": [],
    "pager": {"first": 0, "last": 0, "total": 0, "noun": "names", "previous": None, "next": None},
}
HITS: Context = {
    "waited": "12 minutes", "carried": 2, "subscribers": 3, "overridden": 1, "drawn": True,
    "plots": [{"id": "hits-released", "title": "The partnership", "note": "Sums of hours.", "blocked": 811, "shadow": 0,
               "daily": False, "rows": [{"at": NOW - HOUR, "blocked": 811, "shadow": 0}]}],
}  # fmt: skip
NEAR = {"value": "www.shop.hosting.example", "type": "domain-name", "href": "/observables/domain/www", "level": "none",
        "words": "Nobody says", "tags": []}
RADIUS: Context = {
    "verdict": "Blocks this name and at least 200 known names below it, 2 of which nobody calls malicious; it is among "
    "the 10,000 most popular names.",
    "facts": [
        {"label": "Popular", "lines": ["Top 10K most-used sites (the first 10,000)", "Top 1M"]},
        {"label": "Stands on", "lines": ["hosting[.]example is shared by many."]},
    ],
    "below": {"count": 200, "more": True, "left": 198, "rows": [
        {**NEAR, "tags": ["Guarded", "Blocked already"]},
        {**NEAR, "value": f"{'long-label-' * 5}x.{'sub.' * 12}shop.hosting.example", "level": "malicious",
         "words": "Called malicious"}]},
    "beside": {"count": 12, "more": False, "left": 11, "rows": [{**NEAR, "value": "neighbour.example"}]},
    "hosts": [{"value": "2001:db8:1234:5678:9abc:def0:1234:5678", "type": "ipv6-addr",
               "href": "/observables/ipv6-addr/x", "words": "12 other names"}],
    "more_hosts": True,
    "shared": "Many share this host: nobody calls 12 of these names malicious.",
}  # fmt: skip
ALONE: Context = {
    "verdict": "Blocks this name alone, as far as you may see; on no list of popular names.",
    "facts": [{"label": "Popular", "lines": ["on no list of popular or well-known names"]}],
    "below": {"count": 0, "more": False, "left": 0, "rows": []},
    "beside": {"count": 0, "more": False, "left": 0, "rows": []}, "hosts": [], "more_hosts": False, "shared": None,
}  # fmt: skip
DECISION: Context = {
    "hits": None,
    "one": {
        "why": "All members of the partnership.",
        "id": "5d0f6c4e-91c7-4e4f-8a5e-0f4f2f0a7c55",
        "name": "shop.hosting.example",
        "state": "proposed",
        "words": "Proposed",
        "observable_href": "/observables/domain/shop.hosting.example",
        "category": "Malware distribution",
        "reason": "Both figures are over the policy's threshold.",
        "at": NOW - HOUR,
        "until": NOW + 6 * DAY,
        "ended": "",
        "needed": 2,
        "appeal_href": "/blocked/parcel-redelivery.example",
        "lift_href": "/shield/lift?name=parcel-redelivery.example",
        "appeal": "Anyone who is harmed by this block writes to appeals@hub.example with the decision's id; "
        "another person than the approvers answers within one working day.",
        "approve_url": "/shield/d3/approve",
        "withdraw_url": "/shield/d3/withdraw",
        "severity": "high",
        "compromised": True,
        "contact": "owner@shop.hosting.example",
        "exercise": False,
        "standing": "",
        "policy": "3cef78d8660cd3df",
    },
    "around": RADIUS,
    "verdict": VERDICT,
    "evidence": EVIDENCE,
    "cited": "2 contributors, 3 contributions",
    "approvers": [{"name": "Ada Okafor", "org": "Ministry of Works", "at": NOW - HOUR}],
    "checks": [
        {"name": "The category stands in the policy", "passed": True, "note": ""},
        {"name": "Not on a shared platform", "passed": False, "note": "hosting.example serves many others"},
    ],
    "history": [
        {"at": NOW - 30 * MINUTE, "who": "Ada Okafor, Ministry of Works", "what": "Approved", "note": "first of two"},
        {"at": NOW - HOUR, "who": "The hub, by rule", "what": "Proposed", "note": ""},
    ],
}
FIELDS_WRONG = [
    {"field": "text", "text": "Paste something, or choose a file"},
    {"field": "tlp", "text": "Choose with whom to share it"},
]

PAGES: dict[str, tuple[str, Context]] = {
    "home": ("picture/home.html", {"shell": shell(), **HOME}),
    "home-empty": ("picture/home.html", {"shell": shell(demo=False), **EMPTY_HOME}),
    "home-public": (
        "picture/home.html",
        {
            "shell": shell(viewer=None, nav=set()),
            **{**HOME, "live": {"url": None, "items": [ITEMS[1]]}, "blocked": None},
        },
    ),
    "search": ("picture/search.html", {"shell": shell(query=SEARCH["query"]), **SEARCH}),
    "search-around": ("picture/search.html", {
        "shell": shell(query=SEARCH["query"]), **SEARCH, "exact": None, "unknown": True}),
    "search-empty": ("picture/search.html", {"shell": shell(query="nothing"), **NOTHING, "query": "nothing"}),
    "search-blank": ("picture/search.html", {"shell": shell(), **NOTHING}),
    "search-invalid": (
        "picture/search.html",
        {
            "shell": shell(query="999.1.1.1"),
            **NOTHING,
            "query": "999.1.1.1",
            "problem": {
                "text": "999.1.1.1 is no IPv4 address.",
                "hint": "Each part goes from 0 to 255. To search for the words, add a word.",
            },
        },
    ),
    "observable": ("picture/observable.html", {"shell": shell(), **OBSERVABLE}),
    "observable-url": (
        "picture/observable.html",
        {
            "shell": shell(),
            **OBSERVABLE,
            "one": {**PHISH_URL, "stix_id": "", "first": None, "last": None},
            "decision": None,
            "known_good": [
                {"list": "Top names", "match": "exact", "matched": "x.example", "sort": "Much visited",
                 "meaning": "A block needs two people."}
            ],
            "propose": {
                "url": "/observables/url/x/propose",
                "categories": CATEGORIES,
                "note": "It stands on a known-good list: two people must approve.",
            },
        },
    ),
    "observable-mentioned": ("picture/observable.html", {"shell": shell(), **MENTIONED_ONLY}),
    "contribution": ("picture/contribution.html", {"shell": shell(), **CONTRIBUTION}),
    "contribution-recalled": (
        "picture/contribution.html",
        {
            "shell": shell(),
            **CONTRIBUTION,
            "one": {**CONTRIBUTION["one"], "recalled": NOW - HOUR, "items": 0, "duplicates": 0},
            "rows": [],
            "faults": [],
            "recall": None,
            "raw": None,
            "named": [],
            "room": None,
            "pager": {**NO_SHIELD["pager"], "noun": "items"},
        },
    ),
    "recall": (
        "picture/recall.html",
        {
            "shell": shell(),
            "one": {
                "title": "Weekly list of scanning hosts, week 46",
                "href": "/contributions/a4",
                "tlp": "green",
                "at": NOW - DAY,
                "items": 41,
                "url": "/contributions/a4/recall",
            },
            "blocks": 1,
            "reach": [
                {"org": "Northern Broadband", "state": "tombstone fetched"},
                {"org": "Harbour Bank", "state": "exported: cannot be recalled"},
            ],
        },
    ),
    "sign-in-link": (
        "sign_in_link.html",
        {"shell": shell(viewer=None, nav=set(), here=""), "link": {"url": "/sign-in/link/t0ken"}},
    ),
    "contribute": ("contribute.html", {"shell": shell(here="contribute"), **CONTRIBUTE}),
    "contribute-wrong": (
        "contribute.html",
        {"shell": shell(here="contribute", errors=FIELDS_WRONG), **CONTRIBUTE, "groups": []},
    ),
    "contributed": (
        "contribute_result.html",
        {"shell": shell(here="contribute", notices=[{"kind": "good", "text": "Thank you: accepted."}]), **RESULT},
    ),
    "contributed-mentions": ("contribute_result.html", {
        "shell": shell(here="contribute"), **RESULT, "mentioned": [PHISH_URL, MENTIONED]}),
    "contributed-waiting": ("contribute_result.html", {"shell": shell(here="contribute"), **RESULT, "status": WAITING}),
    "shield": ("shield/index.html", {"shell": shell(here="shield"), **SHIELD}),
    "shield-published": ("shield/index.html", {"shell": shell(here="shield"), **PUBLISHED}),
    "shield-ended": ("shield/index.html", {"shell": shell(here="shield"), **ENDED}),
    "shield-empty": ("shield/index.html", {"shell": shell(here="shield"), **NO_SHIELD}),
    "decision": ("shield/decision.html", {"shell": shell(here="shield"), **DECISION}),
    "decision-hits": ("shield/decision.html", {"shell": shell(here="shield"), **DECISION, "hits": HITS,
                                               "around": ALONE}),
    "decision-ended": (
        "shield/decision.html",
        {
            "shell": shell(here="shield"),
            **DECISION,
            "evidence": [],
            "cited": "",
            "approvers": [],
            "one": {
                **DECISION["one"],
                "state": "ended",
                "words": "Ended",
                "ended": "Recall left too little evidence",
                "approve_url": None,
                "withdraw_url": None,
                "compromised": False,
                "exercise": True,
                "standing": "5d0f6c4e-91c7-4e4f-8a5e-0f4f2f0a7c99",
            },
            "around": None,
        },
    ),
    "error": (
        "error.html",
        {
            "shell": shell(here=""),
            "error": {
                "status": 413,
                "title": "The input is over a limit",
                "detail": "The file has 212 MB; one contribution takes up to 50 MB.",
                "hint": "Split it, or use `fusioncell import` on the hub.",
                "place": "file",
            },
        },
    ),
    "error-404": (
        "error.html",
        {
            "shell": shell(here="", viewer=None, nav=set()),
            "error": {
                "status": 404,
                "title": "Not found",
                "detail": "There is nothing here that you may see.",
                "hint": "",
                "place": "",
            },
        },
    ),
    "ops": (
        "ops.html",
        {
            "shell": shell(here="ops", nav=MEMBER_NAV | {"ops"}),
            "lags": [
                {"name": "fusion", "behind": 0, "seconds": 0.0},
                {"name": "search", "behind": 1204, "seconds": 2.4},
            ],
            "sizes": [{"name": "Entries", "value": "89,681"}, {"name": "Database", "value": "212 MB"}],
            "facts": [{"name": "Version", "value": "0.1.0"}, {"name": "Database", "value": "SQLite"}],
        },
    ),
    "ops-empty": ("ops.html", {"shell": shell(here="ops"), "lags": [], "sizes": [], "facts": []}),
}

FRAGMENTS: dict[str, tuple[str, Context]] = {
    "live-item": ("picture/_live_item.html", {"item": ITEMS[0], "now": NOW}),
    "live-item-bare": ("picture/_live_item.html", {"item": ITEMS[1], "now": NOW}),
    "radius": ("shield/_radius.html", {"around": RADIUS}),
    "reach": ("_reach.html", {"reach": REACH}),
    "reach-group": ("_reach.html", {"reach": {**REACH, "parties": ["Finance exchange"]}}),
    "status": ("_contribute_status.html", {"status": DONE}),
    "status-waiting": ("_contribute_status.html", {"status": WAITING}),
}
