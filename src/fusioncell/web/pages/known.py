"""What a value stands on that is known good or belongs to many: lists by class, exact and parent matches apart.

A value is never guilty by what it stands on, nor what it stands on by the value: this is said, and counts for nothing.
"""

from __future__ import annotations

from fusioncell.fusion import Class, Hit, Match, ground
from fusioncell.kernel.observable import Observable
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

MEANING = {
    Class.POPULAR: (N_("Much visited"), N_("Well known or much visited: a block needs two people.")),
    Class.WELL_KNOWN: (N_("Well-known owner"), N_("Well known or much visited: a block needs two people.")),
    Class.RESOLVER: (
        N_("Public resolver"),
        N_("Malware asks it as everyone does: that makes it no part of an attack."),
    ),
    Class.RESERVED: (N_("Reserved range"), N_("Set aside by a standard: it is nobody's on the internet.")),
    Class.INFRASTRUCTURE: (
        N_("Infrastructure"),
        N_("The internet or its defenders need it: a block needs two people."),
    ),
    Class.FILE: (N_("Known file"), N_("Known and harmless, or empty.")),
    Class.RESEARCH: (
        N_("Analysis and reports"),
        N_("Where malware is analysed and written about, not where it lives."),
    ),
    Class.SCANNER: (
        N_("Scanner or researcher"),
        N_("It scans to measure. Many lists name it for that; it attacks no one."),
    ),
    Class.SINKHOLE: (
        N_("Sinkhole"),
        N_("Defenders hold it: who talks to it may be infected, it is not guilty itself."),
    ),
    Class.EXERCISE: (N_("Exercise or block page"), N_("Run by defenders, to train or to warn.")),
    Class.HOSTING: (N_("Free hosting"), N_("Anyone may have a place under it: one tenant says nothing of another.")),
    Class.DYNAMIC: (N_("Dynamic DNS"), N_("Anyone may have a name under it: one tenant says nothing of another.")),
    Class.CDN: (N_("Content network"), N_("Shared by many customers: a block of it hits them all.")),
    Class.CLOUD: (N_("Cloud"), N_("Shared by many customers: a block of it hits them all.")),
    Class.MAIL: (N_("Mail service"), N_("Mail of many people comes from it: a block of it hits them all.")),
    Class.SHORTENER: (N_("Link shortener"), N_("It leads anywhere: judge where the link leads.")),
    Class.PARKING: (N_("Parking"), N_("Names for sale share it: it says nothing of any of them.")),
    Class.SUFFIX: (N_("Public suffix"), N_("Anyone may register names under it: a block of it hits them all.")),
    Class.VPN: (N_("VPN or proxy"), N_("For information: it decides nothing.")),
    Class.NUMBERS: (N_("Phone numbers"), N_("For information: it decides nothing.")),
}
"""Class of a list → its name and what being on it means."""


def known_good_view(one: Observable, hits: tuple[Hit, ...]) -> list[View]:
    """Say on which lists a value stands, exact and parent apart, each with what it means; and on whose ground."""
    rows = [
        {
            "list": hit.title,
            "match": "parent" if hit.kind is Match.PARENT else "exact",
            "matched": hit.value,
            "sort": MEANING[hit.sort][0],
            "meaning": MEANING[hit.sort][1],
        }
        for hit in hits
        if hit.kind is not Match.SUBSTRING
    ]
    stands = ground(one)
    if stands is not None:
        rows.append({"list": N_("public suffix list"), "match": "exact" if stands.own else "parent",
                     "matched": stands.value, "sort": MEANING[stands.sort][0],
                     "meaning": MEANING[stands.sort][1]})  # fmt: skip
    return rows
