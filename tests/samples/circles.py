"""Samples of the pages of groups, the directory and contacts."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import MEMBER_NAV, NOW, shell

Context = dict[str, Any]

CARD: Context = {
    "name": "Finance circle",
    "href": "/groups/g1",
    "kind": "sector",
    "purpose": "Banks and payment providers on fraud, and on what is seen before it lands.",
    "openness": "request",
    "history": False,
    "count": 14,
    "closed": None,
}
ROOM = {**CARD, "name": "Event: loader at a payment provider <b>", "href": "/groups/g2", "kind": "event",
        "openness": "invitation", "purpose": "", "count": 1}  # fmt: skip
OPEN = {**CARD, "name": "Northern region", "kind": "region", "openness": "open", "history": True}
HERE = shell(here="groups", nav=MEMBER_NAV | {"groups"})
INDEX: Context = {"shell": HERE, "mine": [CARD], "invited": [ROOM], "asked": [CARD], "others": [OPEN, CARD],
                  "closed": [{**ROOM, "closed": NOW - DAY}], "may_make": True}  # fmt: skip
NOTHING: Context = {"shell": HERE, "mine": [], "invited": [], "asked": [], "others": [], "closed": [],
                    "may_make": False}  # fmt: skip

FORM = {"guest_name": "", "email": "", "organisation": "", "days": "14", "party": "", "message": "", "text": ""}
ONE: Context = {
    **CARD, "why": "You are a member of this group.", "url": "/groups/g1", "place": "member",
    "created": NOW - 90 * DAY, "inside": True, "leads": True,
    "may_leave": True, "leave_as": [{"party": "org:a", "name": "Harbour Bank"}], "may_join": False, "may_ask": False,
    "may_host": True, "person": True, "write": "/exchange/new?group=g1", "say": None,
    "about": {"title": "Loader seen at a payment provider", "href": "/contributions/a3"}, "until": None,
}  # fmt: skip
GROUP: Context = {
    "shell": HERE,
    "one": ONE,
    "members": [
        {"party": "org:a", "name": "Harbour Bank", "href": "/directory/a", "owner": True, "may_remove": True},
        {"party": "person:p", "name": "Ada Okafor", "href": "/people/p", "owner": False, "may_remove": True},
    ],
    "askings": [
        {"party": "org:b", "name": "Northern Broadband", "way": "request", "message": "We see the same senders.",
         "by": "Jon Berg", "at": NOW - HOUR, "state": "open", "may_answer": True, "may_withdraw": False},
        {"party": "org:c", "name": "State University", "way": "invitation", "message": "", "by": "",
         "at": NOW - DAY, "state": "open", "may_answer": False, "may_withdraw": True},
        {"party": "org:d", "name": "Mutual", "way": "request", "message": "", "by": "", "at": NOW - DAY,
         "state": "declined", "may_answer": False, "may_withdraw": False},
    ],
    "guests": [
        {"id": "u1", "name": "Vera Lang", "email": "vera@victim.example", "organisation": "Victim Ltd",
         "host": "Harbour Bank", "at": NOW - DAY, "until": NOW + 13 * DAY, "over": False, "may_end": True,
         "may_renew": True, "url": "/groups/g1/guests/u1"},
        {"id": "u2", "name": "Max Ray", "email": "max@supplier.example", "organisation": "Supplier",
         "host": "Mutual", "at": NOW - 20 * DAY, "until": NOW - 6 * DAY, "over": True, "may_end": False,
         "may_renew": True, "url": "/groups/g1/guests/u2"},
    ],
    "threads": [{"title": "Same senders again", "href": "/exchange/t1", "org": "Mutual", "at": NOW - HOUR, "posts": 3}],
    "kinds": ["sector", "region", "event", "project"],
    "form": FORM,
    "fresh": "",
}  # fmt: skip
OUTSIDE: Context = {
    **GROUP, "members": [], "askings": [], "guests": [], "threads": [],
    "one": {**ONE, **OPEN, "place": "outside", "inside": False, "leads": False, "may_leave": False, "leave_as": [],
            "may_join": True, "may_host": False, "write": None, "about": None},
}  # fmt: skip

BANK: Context = {"name": "Harbour Bank", "href": "/directory/a", "kind": "industry", "sector": "finance",
                 "about": "A retail bank.", "expertise": "payment fraud", "email": "cert@harbour.example",
                 "phone": "+44 20 7946 0000", "website": "harbour.example"}  # fmt: skip
BARE = {**BANK, "name": "Mutual <i>", "about": "", "expertise": "", "email": "", "phone": "", "website": ""}
ADA: Context = {"name": "Ada Okafor", "href": "/people/p", "org": "Harbour Bank", "org_href": "/directory/a",
                "about": "Analyst", "expertise": "malware analysis", "email": "", "phone": ""}  # fmt: skip
PAGER = {"first": 1, "last": 2, "total": 2, "noun": "organisations", "previous": None, "next": None}
DUTY: Context = {"id": "c1", "org": "Harbour Bank", "org_href": "/directory/a", "name": "Duty desk", "role": "CERT",
                 "phone": "+44 20 7946 0000", "email": "duty@harbour.example", "languages": "English, Welsh",
                 "readers": "", "asked": NOW - HOUR, "confirmed": NOW - DAY, "stale": False,
                 "test_url": "/contacts/c1/test", "remove_url": "/contacts/c1/remove"}  # fmt: skip
STALE = {**DUTY, "id": "c2", "name": "Night desk", "readers": "Finance circle", "asked": None, "confirmed": None,
         "stale": True, "remove_url": None}  # fmt: skip
PROFILE: Context = {"shown": True, "show-email": False, "about": "Analyst", "expertise": "", "phone": "",
                    "org-shown": False, "org-about": "", "org-expertise": "", "org-email": "", "org-phone": "",
                    "org-website": ""}  # fmt: skip
NEW: Context = {"shell": HERE, "kinds": ["sector", "region", "event", "project"], "parties": [], "room": False,
                "organisations": ["Harbour Bank", "Mutual"],
                "form": {"name": "", "kind": "sector", "purpose": "", "openness": "request", "history": "",
                         "about": ""}}  # fmt: skip
WRONG = shell(here="groups", errors=[{"field": "party", "text": "No one in the directory."}])

PAGES: dict[str, tuple[str, Context]] = {
    "groups": ("groups/index.html", INDEX),
    "groups-empty": ("groups/index.html", NOTHING),
    "group": ("groups/group.html", GROUP),
    "group-wrong": ("groups/group.html", {**GROUP, "shell": WRONG, "fresh": "https://hub.example/sign-in/link/fc_1"}),
    "group-outside": ("groups/group.html", OUTSIDE),
    "group-ask": ("groups/group.html", {**OUTSIDE, "one": {**OUTSIDE["one"], **CARD, "may_join": False,
                                                           "may_ask": True}}),
    "group-guest": ("groups/group.html", {**GROUP, "askings": [], "guests": [],
                                          "one": {**ONE, "place": "guest", "leads": False, "may_host": False,
                                                  "may_leave": False, "leave_as": [], "until": NOW + DAY,
                                                  "write": None, "say": "/groups/g1/say"}}),
    "group-closed": ("groups/group.html", {**OUTSIDE, "one": {**OUTSIDE["one"], "closed": NOW - DAY,
                                                              "may_join": False}}),
    "group-new": ("groups/new.html", NEW),
    "group-room": ("groups/new.html", {**NEW, "room": True, "parties": [{"value": "org:a", "name": "Harbour Bank"}],
                                       "form": {**NEW["form"], "name": "Loader", "about": "a3"}}),
    "directory": ("directory/index.html", {"shell": HERE, "form": {"q": "", "sector": "", "kind": ""},
                                           "sectors": ["finance"], "kinds": ["industry"],
                                           "organisations": [BANK, BARE], "people": [ADA], "pager": PAGER}),
    "directory-empty": ("directory/index.html", {"shell": HERE, "form": {"q": "x", "sector": "", "kind": ""},
                                                 "sectors": [], "kinds": [], "organisations": [], "people": [],
                                                 "pager": {**PAGER, "total": 0}}),
    "directory-organisation": ("directory/organisation.html", {"shell": HERE, "one": BANK, "people": [ADA],
                                                               "contacts": [DUTY, STALE], "edit": "/account/profile"}),
    "directory-organisation-bare": ("directory/organisation.html", {"shell": HERE, "one": BARE, "people": [],
                                                                    "contacts": [], "edit": None}),
    "directory-person": ("directory/person.html", {"shell": HERE, "one": ADA, "edit": "/account/profile"}),
    "profile": ("directory/profile.html", {"shell": HERE, "form": PROFILE, "person": True, "email": "ada@works.example",
                                           "org": "Harbour Bank"}),
    "profile-key": ("directory/profile.html", {"shell": HERE, "form": PROFILE, "person": False, "email": "",
                                               "org": "Harbour Bank"}),
    "contacts": ("directory/contacts.html", {"shell": HERE, "contacts": [DUTY, STALE], "may_add": True,
                                             "groups": [{"value": "g1", "name": "Finance circle"}],
                                             "form": {"name": "", "role": "", "phone": "", "email": "",
                                                      "languages": "", "readers": "green"}}),
    "contacts-empty": ("directory/contacts.html", {"shell": HERE, "contacts": [], "may_add": False, "groups": [],
                                                   "form": {"name": "", "role": "", "phone": "", "email": "",
                                                            "languages": "", "readers": "green"}}),
    "contact-confirm": ("directory/confirm.html", {"shell": shell(viewer=None, nav=set()), "url": "/contacts/confirm/x",
                                                   "org": "Harbour Bank", "who": "Duty desk", "done": False}),
    "contact-confirmed": ("directory/confirm.html", {"shell": shell(viewer=None, nav=set()), "url": "",
                                                     "org": "Harbour Bank", "who": "Duty desk", "done": True}),
}  # fmt: skip

FRAGMENTS: dict[str, tuple[str, Context]] = {
    "contact-rows": ("directory/_contacts.html", {"shell": HERE, "contacts": [DUTY, STALE]}),
    "contact-rows-none": ("directory/_contacts.html", {"shell": HERE, "contacts": []}),
}
