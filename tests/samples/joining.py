"""Samples of the pages of joining and of the administration."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import MEMBER_NAV, NOW, shell

Context = dict[str, Any]

ADMIN = {"shell": shell(here="admin", nav=MEMBER_NAV | {"admin"})}
VISITOR = {"shell": shell(viewer=None, nav=set(), here="")}
FORM = {"name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
        "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": "ada@works.example"}
APPLICATION = {
    **FORM, "id": "a1", "at": NOW - 2 * DAY, "state": "sponsored", "words": "Waiting for a decision",
    "sponsor_org": "Ministry of Works", "sponsor_person": "Ada Okafor",
    "statement": "We worked with them on two cases, and they told us at once what they saw.",
    "sponsored": NOW - DAY, "vetter": "", "reason": "", "decided": None,
}  # fmt: skip
ASKED = {**APPLICATION, "id": "a2", "state": "asked", "words": "Waiting for a sponsor", "sponsor_person": "",
         "statement": "", "sponsored": None}
REFUSED = {**APPLICATION, "id": "a3", "state": "refused", "words": "Refused", "vetter": "Jon Berg",
           "reason": "Not a company that exists.", "decided": NOW - HOUR, "sponsor_org": "", "sponsor_person": ""}
STOOD = [{"name": "Example Bank", "href": "/admin/organisations/o1", "at": NOW - DAY, "sponsor": "Ministry of Works",
          "person": "Ada Okafor"}]
ROW = {"id": "a1", "href": "/admin/applications/a1", "name": "Example Bank", "at": NOW - DAY, "state": "sponsored",
       "words": "Waiting for a decision", "sponsor": "Ministry of Works"}
PERSON = {"id": "p1", "name": "Eve Lind", "email": "eve@works.example", "roles": ["member", "editor"], "state": "",
          "me": False, "mine": True, "back": False}
TERMS: Context = {"version": "2026-11", "clauses": [{"heading": "Share", "text": "You share what you know."}],
                  "accepted": None, "may_accept": False, "waiting": False}
LINE = {"at": NOW - HOUR, "org": "Ministry of Works", "actor": "Ada Okafor", "action": "Roles were changed",
        "subject": "5d0f6c4e-91c7-4e4f-8a5e-0f4f2f0a7c55", "name": "Bo Lind", "detail": "member"}
LOG: Context = {"rows": [LINE, {**LINE, "actor": "The hub", "detail": "", "name": ""}], "own": False,
                "path": "/admin/audit", "action": "", "choices": [("key.made", "An API key was made")],
                "next": "/admin/audit?action=&before=t0ken"}
APPLIED: Context = {"name": "Example Bank", "at": NOW - DAY, "state": "asked", "words": "Waiting for a sponsor",
                    "reason": "", "lapses": NOW + 29 * DAY}
ONE: Context = {"name": "Ministry of Works", "sector": "public works", "kind": "government", "at": NOW - 90 * DAY,
                "party": "org:o2", "state": "", "mine": False, "sponsor": "National Cyber Centre",
                "sponsor_person": "Jon Berg"}

PAGES: dict[str, tuple[str, Context]] = {
    "apply": ("members/apply.html", {**VISITOR, "form": dict.fromkeys(FORM, ""), "kinds": ["government", "industry"]}),
    "apply-wrong": ("members/apply.html", {
        "shell": shell(viewer=None, nav=set(), here="", errors=[
            {"field": "kind", "text": "Choose what it is"}, {"field": "sponsor", "text": "The sponsor is empty"}]),
        "form": FORM, "kinds": ["government", "industry"]}),
    "applied": ("members/applied.html", {**VISITOR, "one": APPLIED, "reference": "fc_0011_code"}),
    "applied-refused": ("members/applied.html", {
        **VISITOR, "one": {**APPLIED, "state": "refused", "words": "Refused", "reason": "Not a company that exists."},
        "reference": "fc_0011_code"}),
    "applied-accepted": ("members/applied.html", {
        **VISITOR, "one": {**APPLIED, "state": "accepted", "words": "Accepted"}, "reference": "fc_0011_code"}),
    "sponsoring": ("members/sponsoring.html", {
        "shell": shell(here="account", errors=[{"field": "statement-a2", "text": "The statement is too short"}]),
        "may_stand": True, "waiting": [ASKED], "others": [APPLICATION, REFUSED]}),
    "sponsoring-empty": ("members/sponsoring.html", {
        "shell": shell(here="account"), "may_stand": True, "waiting": [], "others": []}),
    "terms": ("members/terms.html", {**VISITOR, **TERMS}),
    "terms-due": ("members/terms.html", {
        "shell": shell(here="account", nav={"account"}), **TERMS, "may_accept": True, "waiting": True}),
    "terms-accepted": ("members/terms.html", {
        "shell": shell(here="account"), **TERMS, "accepted": {"by": "Ada Okafor", "at": NOW - DAY}}),
    "people": ("members/people.html", {
        "shell": shell(here="account"), "org": "Ministry of Works", "giving": ["reader", "member", "lead"],
        "rows": [
            {**PERSON, "id": "p0", "name": "Ada Okafor", "roles": ["lead"], "me": True, "mine": False}, PERSON,
            {**PERSON, "id": "p2", "name": "Sam Roe", "state": "removed by their organisation", "back": True},
            {**PERSON, "id": "p3", "name": "Kim Oy", "state": "lost a laptop", "mine": False},
        ], "form": {"name": "", "email": "", "roles": ["member"]}}),
    "people-empty": ("members/people.html", {
        "shell": shell(here="account"), "org": "Ministry of Works", "giving": ["reader"], "rows": [],
        "form": {"name": "", "email": "", "roles": []}}),
    "handed": ("members/handed.html", {
        "shell": shell(here="account"), "who": {"name": "Eve Lind", "email": "eve@works.example"},
        "back": "/people",
        "link": "https://hub.example/sign-in/link/fc_0011_" + "x" * 43, "mailed": True}),
    "audit": ("members/audit.html", {**ADMIN, **LOG}),
    "audit-own": ("members/audit.html", {
        "shell": shell(here="account"), **LOG, "own": True, "path": "/account/audit", "next": None}),
    "audit-empty": ("members/audit.html", {**ADMIN, **LOG, "rows": [], "next": None, "action": "key.made"}),
    "admin": ("admin/index.html", {
        **ADMIN, "parts": {"vet", "members", "audit"}, "waiting": [ROW],
        "asked": [{**ROW, "state": "asked", "words": "Waiting for a sponsor", "sponsor": ""}],
        "decided": [{**ROW, "state": "accepted", "words": "Accepted"}],
        "members": [{"name": "Ministry of Works", "href": "/admin/organisations/o2", "sector": "public works",
                     "kind": "government", "at": NOW - 90 * DAY, "sponsor": "", "state": "suspended"}],
        "idle": 3, "suspended": 1}),
    "admin-empty": ("admin/index.html", {
        **ADMIN, "parts": {"vet", "members", "audit"}, "waiting": [], "asked": [], "decided": [], "members": [],
        "idle": 0, "suspended": 0}),
    "admin-auditor": ("admin/index.html", {
        **ADMIN, "parts": {"audit"}, "waiting": [], "asked": [], "decided": [], "members": [], "idle": 0,
        "suspended": 0}),
    "application": ("admin/application.html", {**ADMIN, "one": APPLICATION, "may_accept": True, "may_refuse": True}),
    "application-refused": ("admin/application.html", {
        **ADMIN, "one": REFUSED, "may_accept": False, "may_refuse": False}),
    "organisation": ("admin/organisation.html", {
        **ADMIN, "one": ONE, "stood_for": STOOD,
        "people": [{"name": "Ada Okafor", "email": "ada@works.example", "roles": "lead", "party": "person:p0",
                    "state": "", "me": False}]}),
    "organisation-empty": ("admin/organisation.html", {
        **ADMIN, "one": {**ONE, "state": "suspended", "sponsor": ""}, "stood_for": [], "people": []}),
    "suspended": ("admin/suspended.html", {
        **ADMIN, "form": {"party": "", "reason": ""},
        "rows": [{"party": "org:o2", "name": "Ministry of Works", "org": "Ministry of Works", "reason": "left",
                  "since": NOW - DAY, "is_org": True, "stood_for": STOOD}]}),
    "suspended-empty": ("admin/suspended.html", {**ADMIN, "form": {"party": "", "reason": ""}, "rows": []}),
    "idle": ("admin/idle.html", {
        **ADMIN, "idle_days": 180, "grace_days": 30,
        "rows": [{"name": "Sam Roe", "org": "Ministry of Works", "used": None, "added": NOW - 200 * DAY,
                  "step": "grace", "due": NOW + 10 * DAY}]}),
    "idle-empty": ("admin/idle.html", {**ADMIN, "idle_days": 180, "grace_days": 30, "rows": []}),
}  # fmt: skip
